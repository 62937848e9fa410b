// Series and totals as an application reads them: what workers measured, by what it asks for; and what it may not ask for.
import { describe, expect, it } from "vitest";
import { attach, NonRetryable, task, type SeriesOptions } from "longshore";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { ManualClock } from "../../src/engine/testkit/context/manual-clock.js";
import { FakeTimeFixture } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const HOUR = 3_600_000;

onEveryEngine("what workers of any process settled", (storage) => {
  it("is counted by task and outcome, with its times", async () => {
    const longshore = await storage.connect();
    const good = task("good", () => "done");
    const bad = task("bad", { attempts: 2, backoff: { type: "constant", delay: 0 } }, () => {
      throw new Error("no");
    });
    const hopeless = task("hopeless", () => {
      throw new NonRetryable("never");
    });
    await longshore.enqueueMany(
      good,
      Array.from({ length: 20 }, () => ({})),
    );
    await longshore.enqueue(bad);
    await longshore.enqueue(hopeless);
    await longshore.worker([good, bad, hopeless], { burst: true }).finished;

    const totals = await longshore.totals();
    expect(totals.map(({ queue, task: name, outcome, count }) => [queue, name, outcome, count])).toEqual([
      ["default", "bad", "failed", 1],
      ["default", "bad", "retried", 1],
      ["default", "good", "completed", 20],
      ["default", "hopeless", "failed", 1],
    ]);
    for (const { count, wait, run } of totals) expect([wait.count, run.count]).toEqual([count, count]);
    const points = await longshore.series({ tasks: "good", by: "outcome" });
    expect(points.map(({ outcome }) => outcome)).toEqual(points.map(() => "completed"));
    expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(20);
    expect(await longshore.totals({ outcomes: ["failed"], tasks: ["bad"] })).toMatchObject([{ task: "bad", count: 1 }]);
  });
});

describe("with a clock of its own", () => {
  it("a run's wait is from when it was ready to when it had a slot, and its time from there to its end", async () => {
    const fixture = new FakeTimeFixture();
    const slow = task("slow", async () => {
      await new Promise<void>((resolve) => void fixture.clock.after(3_000, resolve));
    });
    await fixture.enqueue(slow);
    await fixture.enqueue(slow);
    const worker = fixture.longshore.worker([slow], { concurrency: 1, prefetch: 1 });
    await fixture.pass(10_000);
    const [{ count, wait, run } = { count: 0, wait: null, run: null }] = await fixture.longshore.totals();
    expect([count, wait?.sum, run?.sum, run?.mean]).toEqual([2, 3_000, 6_000, 3_000]);
    expect(run?.buckets).toEqual([{ upTo: 5_000, count: 2 }]);
    expect(run?.p50).toBe(3_500);
    expect(run?.p99).toBeCloseTo(4_970);
    const stopped = worker.stop();
    await fixture.pass(1_000);
    await stopped;
  });

  it("points have a place for each step in which anything ended or waited, and averages of the queues", async () => {
    const clock = new ManualClock();
    const engine = new MemoryEngine({ clock });
    const longshore = attach(engine, { clock });
    clock.advance(HOUR - (clock.now() % HOUR));
    const begin = clock.now();
    for (const queue of ["a", "b"]) await longshore.enqueueMany("t", [1, 2], { queue });
    engine.sweep({ queues: ["a", "b"], limit: 10 });
    clock.advance(60_000);
    await (await longshore.enqueue("t", 3, { queue: "a" })).cancel();
    clock.advance(60_000);
    engine.sweep({ queues: ["a"], limit: 10 });

    const points = await longshore.series({ from: begin });
    expect(points.map(({ at, count, depth, oldest, active }) => [at - begin, count, depth, oldest, active])).toEqual([
      [0, 0, 4, 0, 0],
      [60_000, 1, null, null, null],
      [120_000, 0, 2, 120_000, 0],
    ]);
    expect(points[1]?.run).toEqual({ count: 0, sum: 0, mean: null, p50: null, p95: null, p99: null, buckets: [] });
    const [five, ...others] = await longshore.series({ from: begin, step: "5m", by: ["queue"] });
    expect(five).toMatchObject({ at: begin, queue: "a", task: null, count: 1, depth: 2, oldest: 120_000 });
    expect(others).toMatchObject([{ queue: "b", count: 0, depth: 2, oldest: 0 }]);
    expect(await longshore.series({ from: begin, by: "task" })).toMatchObject([{ task: "t", count: 1, depth: null }]);
    await longshore.close();
  });

  it("a step is chosen that fits the time asked for", async () => {
    const clock = new ManualClock();
    const engine = new MemoryEngine({ clock });
    const longshore = attach(engine, { clock });
    const asked: number[] = [];
    const series = engine.series.bind(engine);
    engine.series = (query) => {
      asked.push(query.step);
      return series(query);
    };
    const now = clock.now();
    for (const ago of [HOUR, 6 * HOUR, 23 * HOUR, 25 * HOUR, 300 * HOUR, 720 * HOUR]) {
      await longshore.series({ from: now - ago });
    }
    expect(asked).toEqual([60_000, 300_000, 900_000, HOUR, 6 * HOUR, 6 * HOUR]);
    await longshore.close();
  });
});

describe("is refused", () => {
  const wrong: readonly (readonly [field: string, options: unknown])[] = [
    ["options", null],
    ["quue", { quue: "a" }],
    ["queues[0]", { queues: "a b" }],
    ["tasks[1]", { tasks: ["a", 5] }],
    ["outcomes[0]", { outcomes: "active" }],
    ["from", { from: "yesterday" }],
    ["from", { from: 2_000, to: 1_000 }],
    ["to", { to: new Date("?") }],
    ["step", { step: 0 }],
    ["step", { step: "90s" }],
    ["step", { step: "90m" }],
    ["step", { step: "1m", from: 0 }],
    ["by[0]", { by: "worker" }],
  ];

  it.each(wrong)("%s of %j", async (field, options) => {
    const longshore = attach(new MemoryEngine());
    await expect(longshore.series(options as SeriesOptions)).rejects.toMatchObject({ code: "INVALID_INPUT", field });
    await longshore.close();
  });

  it("a step for totals, which have none", async () => {
    const longshore = attach(new MemoryEngine());
    const options = { step: "5m" } as object;
    await expect(longshore.totals(options)).rejects.toMatchObject({ code: "INVALID_INPUT", field: "step" });
    await longshore.close();
  });
});
