// Totals and series when workers are killed: they equal a recount of the jobs, as an end is counted where it is stored.
import { expect, it } from "vitest";
import { onBothEngines } from "./storage-fixture.js";

const JOBS = 200;
const KILLS = 3;

onBothEngines("what workers that are killed have counted", (open) => {
  it("is how their jobs ended, no more and no less", { timeout: 240_000 }, async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const queue = longshore.queue("work");
    const many = { name: "doomed", lease: 2_000, concurrency: 20 };
    // Each of the workers that die holds it, and after the last of them it has failed.
    const endless = await longshore.enqueue("work", { ms: 600_000 }, { queue: "work" });
    await longshore.enqueueMany(
      "work",
      Array.from({ length: JOBS }, (_, index) => ({ ms: 50 + index })),
      { queue: "work" },
    );
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const doomed = await storage.start(many);
      const held = { state: "active", crashes: kill - 1 };
      await expect.poll(() => endless.refresh(), { timeout: 60_000 }).toMatchObject(held);
      await doomed.kill();
    }
    await storage.start({ ...many, name: "last" });
    const unfinished = async (): Promise<number> => {
      const { queued, active, delayed } = await queue.counts();
      return queued + active + delayed;
    };
    await expect.poll(unfinished, { timeout: 120_000 }).toBe(0);

    let crashes = 0;
    const states: Record<string, number> = {};
    for await (const job of longshore.jobs({ queue: "work" })) {
      states[job.state] = (states[job.state] ?? 0) + 1;
      crashes += job.crashes;
    }
    const totals = Object.fromEntries((await longshore.totals()).map(({ outcome, count }) => [outcome, count]));
    const { lost = 0, ...ends } = totals;
    expect(ends).toEqual(states);
    expect(Object.values(ends).reduce((sum, count) => sum + count, 0)).toBe(JOBS + 1);
    // What a job that failed for its crashes lost last is its end.
    expect(states["failed"]).toBeGreaterThan(0);
    expect(lost).toBe(crashes - (states["failed"] ?? 0));
    const points = await longshore.series({ queues: "work", step: "1m", by: ["outcome"] });
    const inPoints: Record<string, number> = {};
    for (const { outcome, count } of points) if (outcome !== null) inPoints[outcome] = (inPoints[outcome] ?? 0) + count;
    expect(Object.fromEntries(Object.entries(inPoints).filter(([, count]) => count > 0))).toEqual(totals);
  });
});
