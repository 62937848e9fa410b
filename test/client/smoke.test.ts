// A job that goes through: by a worker of the call, by one that serves a queue, ahead of what waits; and when none takes it.
import { expect, it } from "vitest";
import { task } from "longshore";
import { makeGate } from "../worker/fixtures/gate.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

onEveryEngine("smoke", (storage) => {
  it("leaves no queue, job, worker or label behind", async () => {
    const longshore = await storage.connect();
    expect(await longshore.smoke()).toMatchObject({ ok: true, pid: process.pid, problem: null });
    expect(await longshore.queues({ system: true })).toEqual([]);
    expect(await longshore.workers()).toEqual([]);
    expect(await longshore.tasks()).toEqual([]);
  });

  it("goes ahead of the jobs that wait, with the next slot of a worker of the queue", async () => {
    const longshore = await storage.connect();
    const gate = makeGate();
    const ran: string[] = [];
    const held = task("held", { queue: "scans" }, async ({ input }: { input: string }) => {
      ran.push(input);
      if (input === "first") await gate.opened;
      // What has ended by now was run before.
      else
        ran.push(
          (await longshore.jobs({ task: "longshore.smoke" }).page()).jobs.map(({ state }) => state).join() || "gone",
        );
    });
    await longshore.enqueueMany(held, ["first", "second"]);
    await longshore.worker([held], { name: "deployed", concurrency: 1, prefetch: 0 }).ready();
    await expect.poll(() => ran).toEqual(["first"]);
    const smoke = longshore.smoke({ queue: "scans" });
    await expect.poll(async () => (await longshore.queue("scans").counts()).queued).toBe(2);
    gate.open();
    expect(await smoke).toMatchObject({ ok: true, worker: "deployed", queue: "scans" });
    await expect.poll(() => ran.length).toBe(3);
    expect(["completed", "gone"]).toContain(ran[2]);
  });

  it("says why none took it, and takes it back", async () => {
    const longshore = await storage.connect();
    const scan = task("scan", { queue: "scans" }, () => null);
    await longshore.worker([scan]).ready();
    await longshore.queue("scans").pause();
    const { ok, problem, jobId } = await longshore.smoke({ queue: "scans", timeout: "100ms" });
    expect([ok, problem]).toEqual([
      false,
      expect.stringMatching(/^it has not ended within 100ms\. Queue scans is paused/),
    ]);
    expect(problem).not.toContain("longshore.smoke");
    expect(await longshore.job(jobId ?? "none")).toBeNull();
  });

  it("is not taken for a job whose task no worker has", async () => {
    const longshore = await storage.connect();
    await longshore.worker([task("scan", { queue: "scans" }, () => null)]).ready();
    await longshore.queue("scans").pause();
    await longshore.enqueue("other", null, { queue: "scans" });
    const smoke = longshore.smoke({ queue: "scans", timeout: "30s" });
    await expect.poll(async () => (await longshore.queue("scans").counts()).queued).toBe(2);
    const unknown = (await longshore.jobs({ noWorker: true }).page()).jobs.map((job) => job.task);
    expect(unknown).toEqual(["other"]);
    await longshore.queue("scans").resume();
    expect(await smoke).toMatchObject({ ok: true });
  });

  it("enqueues nothing that no worker would take, and says so when the time is over", async () => {
    const longshore = await storage.connect();
    await longshore.queue("scans").pause();
    expect(await longshore.smoke({ queue: "scans", timeout: "100ms" })).toMatchObject({
      ...{ ok: false, jobId: null, wait: null },
      problem: expect.stringMatching(/^Queue scans is paused, .* No living worker serves queue scans\.$/),
    });
    expect((await longshore.jobs().page()).jobs).toEqual([]);
  });

  it("waits for a worker that starts meanwhile", async () => {
    const longshore = await storage.connect();
    await longshore.enqueue("scan", null, { queue: "scans", delay: "1h" });
    const smoke = longshore.smoke({ queue: "scans", timeout: "30s" });
    await longshore.worker([task("scan", { queue: "scans" }, () => null)], { name: "late" }).ready();
    expect(await smoke).toMatchObject({ ok: true, worker: "late" });
  });

  it("refuses a queue that does not exist, and does not make it", async () => {
    const longshore = await storage.connect();
    await expect(longshore.smoke({ queue: "scasn" })).rejects.toMatchObject({ code: "QUEUE_NOT_FOUND" });
    expect(await longshore.queues({ system: true })).toEqual([]);
  });

  it.each([
    ["queue", { queue: "longshore:bulk" }],
    ["timeout", { timeout: 0 }],
  ])("refuses a wrong %s", async (field, options) => {
    const longshore = await storage.connect();
    await expect(longshore.smoke(options)).rejects.toMatchObject({ code: "INVALID_INPUT", field });
  });
});
