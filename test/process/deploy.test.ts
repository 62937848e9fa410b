// A rolling deploy: processes with the old code and with the new one serve one queue.
import { expect, it } from "vitest";
import type { Job, JobSnapshot, Longshore } from "longshore";
import { onBothEngines } from "./storage-fixture.js";

const JOBS = 1_000;
const NEW = ["new-1", "new-2", "new-3"] as const;
const AT_ONCE = 20;
const OPTIONS = { queue: "work", attempts: 1 };

/** Enqueues jobs of all new tasks in turn, and answers how they ended. */
async function deploy(longshore: Longshore, whileTheyWait: () => Promise<unknown>): Promise<JobSnapshot[]> {
  const jobs: Job[] = [];
  while (jobs.length < JOBS) {
    const inputs = Array.from({ length: AT_ONCE }, () => null);
    jobs.push(...(await longshore.enqueueMany(NEW[(jobs.length / AT_ONCE) % NEW.length] ?? NEW[0], inputs, OPTIONS)));
  }
  await whileTheyWait();
  await Promise.all(jobs.map((job) => job.result()));
  return Promise.all(jobs.map((job) => job.refresh()));
}

onBothEngines("jobs of new tasks", (open) => {
  it("all complete in their first attempt while old workers serve their queue beside a new one", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const executionLog = storage.executionLog();
    const more = { executionLog: executionLog.path };
    const [fresh] = await Promise.all([
      storage.start({ concurrency: 5 }, { ...more, tasks: NEW }),
      storage.start({ concurrency: 5 }, more),
      storage.start({ concurrency: 5 }, more),
    ]);

    const ended = await deploy(longshore, () => Promise.resolve());

    expect(ended.filter(({ state, attempt }) => state !== "completed" || attempt !== 1)).toEqual([]);
    expect(new Set(ended.map(({ result }) => (result as { by: number }).by))).toEqual(new Set([fresh.pid]));
    executionLog.read();
    expect(executionLog.effects).toBe(JOBS);
  });

  it("wait for the first new worker, which is killed on the way, while old ones come and go", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const executionLog = storage.executionLog();
    const more = { executionLog: executionLog.path };
    const old = await storage.start({ concurrency: 5, lease: "1s" }, more);

    const ended = await deploy(longshore, async () => {
      await old.hears("unknown");
      await expect.poll(async () => (await longshore.aside()).length).toBe(NEW.length);
      await old.kill();
      await storage.start({ concurrency: 5, lease: "1s" }, more);
      const first = await storage.start({ concurrency: 2, lease: "1s" }, { ...more, tasks: NEW });
      await expect.poll(() => (executionLog.read(), executionLog.effects)).toBeGreaterThan(20);
      await first.kill();
      await storage.start({ concurrency: 5, lease: "1s" }, { ...more, tasks: NEW });
    });

    expect(ended.filter(({ state, attempt }) => state !== "completed" || attempt !== 1)).toEqual([]);
    expect(await longshore.aside()).toEqual([]);
    expect(await longshore.queue("work").counts()).toMatchObject({
      completed: JOBS,
      failed: 0,
      queued: 0,
      active: 0,
    });
  });
});
