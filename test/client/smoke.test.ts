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
    await longshore.queue("scans").pause();
    const { ok, problem, jobId } = await longshore.smoke({ queue: "scans", timeout: "100ms" });
    expect([ok, problem]).toEqual([
      false,
      expect.stringMatching(/^it has not ended within 100ms\. Queue scans is paused/),
    ]);
    expect(await longshore.job(jobId)).toBeNull();
  });

  it.each([
    ["queue", { queue: "longshore:bulk" }],
    ["timeout", { timeout: 0 }],
  ])("refuses a wrong %s", async (field, options) => {
    const longshore = await storage.connect();
    await expect(longshore.smoke(options)).rejects.toMatchObject({ code: "INVALID_INPUT", field });
  });
});
