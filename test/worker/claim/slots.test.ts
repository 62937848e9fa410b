// A worker's concurrency as the engine sees it: never more active jobs than the worker has slots.
import { expect, it } from "vitest";
import { task, type JobContext } from "longshore";
import { onEveryEngine } from "../fixtures/on-engines.js";

onEveryEngine("a worker with three slots that leases nothing ahead", (storage) => {
  it("never has more than three active jobs, also when they end with something to report", async () => {
    const longshore = await storage.connect();
    const queue = longshore.queue("default");
    const seen: number[] = [];
    const work = task("work", async ({ progress, log }: JobContext<number>) => {
      progress(50, "half");
      seen.push(await queue.getActiveCount());
      log("nearly done");
    });
    const jobs = await longshore.enqueueMany(
      work,
      Array.from({ length: 60 }, (_, index) => index),
    );
    longshore.worker([work], { concurrency: 3, prefetch: 0 });
    await Promise.all(jobs.map((job) => job.result()));

    expect(seen).toHaveLength(60);
    expect(Math.max(...seen)).toBe(3);
  });
});
