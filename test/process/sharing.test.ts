// Two processes that work on the same jobs.
import { expect, it } from "vitest";
import { onBothEngines } from "./harbour.js";

const JOBS = 600;
/** How long (milliseconds) an idle process may take to begin a job that another enqueues, on a busy machine. */
const PICK_UP = 500;

onBothEngines("two worker processes", (open) => {
  it("share the work, and no job runs twice", async () => {
    const harbour = await open();
    const longshore = await harbour.connect();
    const ledger = harbour.ledger();
    const more = { ledger: ledger.path };
    const workers = await Promise.all([
      harbour.start({ concurrency: 5 }, more),
      harbour.start({ concurrency: 5 }, more),
    ]);
    const inputs = Array.from({ length: JOBS }, () => ({ ms: 5 }));
    const jobs = await longshore.enqueueMany("work", inputs, { queue: "work" });

    const results = (await Promise.all(jobs.map((job) => job.result()))) as { by: number }[];
    const { done } = ledger.read();
    expect(done.size).toBe(JOBS);
    expect(ledger.effects).toBe(JOBS);
    for (const { pid } of workers) expect(results.filter(({ by }) => by === pid).length).toBeGreaterThan(0);
    expect(await longshore.queue("work").counts()).toMatchObject({ completed: JOBS, queued: 0, active: 0, failed: 0 });
  });

  it("begin a job that a third enqueues at once", async () => {
    const harbour = await open();
    const longshore = await harbour.connect();
    await Promise.all([harbour.start(), harbour.start()]);
    const delays: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const job = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
      await job.result();
      const { createdAt, startedAt } = await job.refresh();
      delays.push((startedAt ?? Number.POSITIVE_INFINITY) - createdAt);
    }
    expect(Math.max(...delays)).toBeLessThan(PICK_UP);
  });
});
