// The events of a queue, replayed, are the history of its jobs: each move begins where the one before it ended, is in the table of
// transitions, and leads to the state in which the job is found; no number is left out. Checked on the memory engine; the others are
// compared with it, events included.
import assert from "node:assert/strict";
import { expect, test } from "vitest";
import type { QueueEvent, StateEvent } from "../../src/model/job/event.js";
import { canMove, isTerminal, type JobState } from "../../src/model/job/state.js";
import { check, isReplay, TIME_LIMIT } from "./check.js";
import { Simulation } from "./simulation.js";
import { QUEUES, TASKS, type Step } from "./steps.js";

/** How many moves there were of each cause. */
const met = new Map<string, number>();

/** What the events of one queue say of its jobs. */
class Replay {
  readonly states = new Map<string, JobState>();
  #last: number;

  constructor(cursor: number) {
    this.#last = cursor;
  }

  see(event: QueueEvent): void {
    this.#last += 1;
    assert.equal(event.seq, this.#last, "no number is left out");
    if (event.kind === "removed") {
      assert.ok(this.states.delete(event.id), "what is removed was there");
    } else if (event.kind === "state") {
      this.#move(event);
    }
  }

  #move({ id, state, cause, task, attempt, duration, fingerprint }: StateEvent): void {
    const from = this.states.get(id) ?? null;
    assert.ok(canMove(from, state, cause), `${id}: ${from ?? "new"} → ${state} by ${cause}`);
    assert.equal(duration !== null, from === "active", `a run ends by ${cause}`);
    assert.equal(fingerprint !== null, state === "failed" || cause === "backoff", `an error of ${cause}`);
    assert.ok(attempt >= (from === "active" || state === "active" ? 1 : 0), `attempt ${attempt} by ${cause}`);
    assert.ok(TASKS.includes(task as (typeof TASKS)[number]), `the task ${task}`);
    this.states.set(id, state);
    met.set(cause, (met.get(cause) ?? 0) + 1);
  }
}

async function replayed(steps: readonly Step[]): Promise<void> {
  const simulation = new Simulation();
  const engine = simulation.reference;
  const replays = new Map<string, Replay>();
  const cursors = new Map<string, number>();
  // The queues are watched anew around each command: time may pass in which no event would be recorded.
  const look = (): void => {
    for (const queue of QUEUES) {
      const { events, cursor } = engine.watch({ queue, cursor: cursors.get(queue) ?? null, max: 10_000 });
      cursors.set(queue, cursor);
      const replay = replays.get(queue) ?? new Replay(cursor);
      replays.set(queue, replay);
      for (const event of events) replay.see(event);
    }
  };
  for (const step of steps) {
    const call = simulation.call(step);
    if (call === null) continue;
    look();
    const answer: unknown = await call.run(engine);
    call.learn?.(answer);
    if (step.kind === "obliterate" && answer === true) {
      const queue = QUEUES[step.queue] ?? "";
      for (const left of [replays, cursors]) left.delete(queue);
    }
    look();
  }
  for (const [queue, { states }] of replays) {
    const refs = [...states.keys()].map((id) => ({ queue, id }));
    const found = engine.getJobs({ refs });
    assert.deepEqual(
      found.map((job) => job?.state),
      [...states.values()],
      "the states that the last events say",
    );
    for (const job of found) assert.equal(job?.finishedAt !== null, isTerminal(job?.state ?? "queued"));
  }
}

test(
  "the events of a queue are the moves of its jobs, one after the other",
  async () => {
    await expect(check(replayed)).resolves.toBeUndefined();
    if (isReplay) return;
    for (const cause of ["lease", "complete", "fail", "backoff", "snooze", "return", "recover", "wait", "retry"]) {
      expect([cause, (met.get(cause) ?? 0) > 0]).toEqual([cause, true]);
    }
  },
  TIME_LIMIT,
);
