// Totals and series equal a recount from the events of the queues, whatever is sent again, comes late, is stale or is lost with its
// worker. Checked on the memory engine; the others are compared with it, series and totals included.
import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import type { MemoryEngine } from "../../src/engine/memory/engine.js";
import { isTerminal } from "../../src/model/job/state.js";
import { countOf } from "../../src/model/series/durations.js";
import { check, isReplay, TIME_LIMIT } from "./check.js";
import { Simulation } from "./simulation.js";
import { QUEUES, type Step } from "./steps.js";

const met = new Map<string, number>();

/** Ends by `queue outcome`. */
type Counts = Map<string, number>;

function add(counts: Counts, key: string, count = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

/** The events of each queue since the last call; the queue is watched from then on. */
class EventLog {
  readonly #cursors = new Map<string, number>();

  take(engine: MemoryEngine, count: (queue: string, state: string) => void): void {
    for (const queue of QUEUES) {
      const { events, cursor } = engine.watch({ queue, cursor: this.#cursors.get(queue) ?? null, max: 10_000 });
      this.#cursors.set(queue, cursor);
      for (const event of events) if (event.kind === "state") count(queue, event.state);
    }
  }

  forget(queue: string): void {
    this.#cursors.delete(queue);
  }
}

async function recount(steps: readonly Step[]): Promise<void> {
  const simulation = new Simulation();
  const engine = simulation.reference;
  const log = new EventLog();
  const ends: Counts = new Map();
  for (const step of steps) {
    const call = simulation.call(step);
    if (call === null) continue;
    // The queues are watched anew before each command: time may have passed in which no event would have been recorded.
    log.take(engine, () => assert.fail("nothing happens between commands"));
    const answer: unknown = await call.run(engine);
    call.learn?.(answer);
    if (step.kind === "obliterate" && answer === true) {
      const queue = QUEUES[step.queue] ?? "";
      log.forget(queue);
      for (const key of [...ends.keys()]) if (key.startsWith(`${queue} `)) ends.delete(key);
    }
    log.take(engine, (queue, state) => {
      if (isState(state)) add(ends, `${queue} ${state}`);
    });
  }
  const counted: Counts = new Map();
  for (const { queue, outcome, figures } of engine.totals({})) {
    met.set(outcome, (met.get(outcome) ?? 0) + figures.count);
    assert.ok(
      countOf(figures.wait) <= figures.count && countOf(figures.wait) === countOf(figures.run),
      "times of runs",
    );
    if (isState(outcome)) add(counted, `${queue} ${outcome}`, figures.count);
  }
  assert.deepEqual(counted, ends, "totals and events");
  assert.deepEqual(overTime(engine, simulation.clock.now()), altogether(engine), "the series add up to the totals");
}

const isState = (outcome: string): boolean => isTerminal(outcome as Parameters<typeof isTerminal>[0]);

function altogether(engine: MemoryEngine): Counts {
  const counts: Counts = new Map();
  for (const { queue, task, outcome, figures } of engine.totals({}))
    add(counts, `${queue} ${task} ${outcome}`, figures.count);
  return counts;
}

function overTime(engine: MemoryEngine, now: number): Counts {
  const counts: Counts = new Map();
  const query = { from: 0, to: now, step: 3_600_000, by: ["queue", "task", "outcome"] } as const;
  const { rows } = engine.series(query);
  for (const { queue, task, outcome, figures } of rows) add(counts, `${queue} ${task} ${outcome}`, figures.count);
  return new Map([...altogether(engine).keys()].map((key) => [key, counts.get(key) ?? 0]));
}

describe("series and totals", () => {
  test(
    "equal a recount from the events, with every command sent again, late or twice",
    async () => {
      await expect(check(recount)).resolves.toBeUndefined();
      if (isReplay) return;
      for (const outcome of ["completed", "failed", "cancelled", "superseded", "expired", "retried", "lost"]) {
        expect([outcome, (met.get(outcome) ?? 0) > 0]).toEqual([outcome, true]);
      }
    },
    TIME_LIMIT,
  );
});
