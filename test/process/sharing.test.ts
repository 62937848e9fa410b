// Two processes that work on the same jobs.
import { expect, it } from "vitest";
import { onBothEngines } from "./storage-fixture.js";

const JOBS = 600;
/** Idle processes that are notified of a job begin most of them within this, on a busy machine too. Milliseconds. */
const PICK_UP = 500;

onBothEngines("two worker processes", (open) => {
  it("share the work, and no job runs twice", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const executionLog = storage.executionLog();
    const more = { executionLog: executionLog.path };
    const workers = await Promise.all([
      storage.start({ concurrency: 5 }, more),
      storage.start({ concurrency: 5 }, more),
    ]);
    const inputs = Array.from({ length: JOBS }, () => ({ ms: 5 }));
    const jobs = await longshore.enqueueMany("work", inputs, { queue: "work" });

    const results = (await Promise.all(jobs.map((job) => job.result()))) as { by: number }[];
    const { done } = executionLog.read();
    expect(done.size).toBe(JOBS);
    expect(executionLog.effects).toBe(JOBS);
    for (const { pid } of workers) expect(results.filter(({ by }) => by === pid).length).toBeGreaterThan(0);
    expect(await longshore.queue("work").counts()).toMatchObject({ completed: JOBS, queued: 0, active: 0, failed: 0 });
  });

  it("begin a job that a third enqueues at once", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    await Promise.all([storage.start(), storage.start()]);
    const delays: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const job = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
      await job.result();
      const { createdAt, startedAt } = await job.refresh();
      delays.push((startedAt ?? Number.POSITIVE_INFINITY) - createdAt);
    }
    // If they were notified of none, but looked now and then, it would be most of them that wait: each is enqueued after a look.
    expect(delays.toSorted((a, b) => a - b)[delays.length / 2]).toBeLessThan(PICK_UP);
  });
});
