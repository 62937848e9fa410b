// Worker processes that get a signal to stop, as by a deploy.
import { expect, it } from "vitest";
import { onBothEngines } from "./storage-fixture.js";

onBothEngines("SIGTERM", (open) => {
  it("lets a worker finish what it can, returns the rest uncounted, and another completes it", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const queue = "work";
    const worker = await storage.start({ name: "leaving", concurrency: 3, grace: "2s" });
    const short = await longshore.enqueue("work", { ms: 600 }, { queue });
    const long = await longshore.enqueue("listen", null, { queue, attempts: 1 });
    // Longer than the grace and the last second that a handler has.
    const deaf = await longshore.enqueue("work", { ms: 6_000 }, { queue, attempts: 1 });
    const waiting = await longshore.enqueueMany("work", [{ ms: 0 }, { ms: 0 }], { queue });
    for (const { id } of [short, long, deaf]) await worker.hears("start", id);
    worker.signal("SIGTERM");

    expect(await worker.ends()).toEqual({ code: 0, signal: null });
    expect(worker.all("completed").map(({ id }) => id)).toEqual([short.id]);
    expect(new Set(worker.all("returned").map(({ id }) => id))).toEqual(new Set([long.id, deaf.id]));
    expect(worker.all("aborted", long.id)).toMatchObject([{ why: "SHUTTING_DOWN" }]);
    for (const job of [long, deaf, ...waiting]) {
      expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0, crashes: 0 });
    }
    expect(await longshore.workers()).toEqual([]);

    await storage.start({ name: "arriving" });
    await Promise.all([deaf, ...waiting].map((job) => job.result()));
    await long.cancel();
    expect(await deaf.refresh()).toMatchObject({
      attempt: 1,
      crashes: 0,
      history: [
        { worker: "leaving", outcome: "returned" },
        { worker: "arriving", outcome: "completed" },
      ],
    });
  });

  it("once more skips the rest of the grace", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const worker = await storage.start({ grace: "1h" });
    const job = await longshore.enqueue("listen", null, { queue: "work" });
    await worker.hears("start", job.id);
    worker.signal("SIGTERM");
    await worker.hears("signalled");
    worker.signal("SIGTERM");

    expect(await worker.ends()).toEqual({ code: 0, signal: null });
    expect(worker.all("returned", job.id)).toHaveLength(1);
    expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0, crashes: 0 });
  });
});

/** How often a worker with the default lease gives a sign of life, in milliseconds. */
const HEARTBEAT = 13_500;

onBothEngines("a cancel from another process", (open) => {
  it("aborts the signal of a running handler long before its next heartbeat", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const worker = await storage.start();
    const job = await longshore.enqueue("listen", null, { queue: "work" });
    await worker.hears("start", job.id);
    const at = Date.now();
    await job.cancel();

    const aborted = await worker.hears("aborted", job.id);
    expect(aborted.why).toBe("CANCELLED");
    expect(aborted.at - at).toBeLessThan(HEARTBEAT / 2);
    await worker.hears("cancelled", job.id);
    expect(await job.refresh()).toMatchObject({ state: "cancelled", crashes: 0, history: [{ outcome: "cancelled" }] });
  });
});
