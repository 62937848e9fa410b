// `job.why()`: each thing that can stand in a job's way is named, the decisive one first.
import { expect, it } from "vitest";
import { JobNotFound, task, type JobContext, type Longshore, type Reason } from "longshore";
import { makeGate } from "../worker/fixtures/gate.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const echo = task("echo", { queue: "main" }, ({ input }: JobContext<unknown>) => input ?? null);
const other = task("other", { queue: "main" }, () => null);
const broken = task("broken", { queue: "main", attempts: 3, backoff: "1h" }, () => {
  throw new Error("not yet");
});

const kinds = (reasons: readonly Reason[]): string[] => reasons.map(({ kind }) => kind);

onEveryEngine("why a job does not run", (storage) => {
  it("says that no worker serves its queue", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(echo, 1);

    expect(await job.why()).toEqual([
      { kind: "no-worker", queue: "main", lastSeenAt: null, text: "No living worker serves queue main." },
    ]);
  });

  it("says first that the queue is paused, and since when, then what else would hold it up", async () => {
    const longshore = await storage.connect();
    await longshore.enqueueMany(echo, [1, 2]);
    const job = await longshore.enqueue(echo, 3);
    await longshore.queue("main").pause();
    const [queue] = await longshore.queues();

    const reasons = await job.why();
    expect(kinds(reasons)).toEqual(["paused", "no-worker", "position"]);
    expect(reasons[0]).toMatchObject({ queue: "main", since: queue?.pausedAt });
    expect(reasons[2]).toMatchObject({ place: 3, of: 3, next: null });
  });

  it("says that the workers of its queue do not have its task", async () => {
    const longshore = await storage.connect();
    const worker = longshore.worker([other]);
    await worker.ready();
    await longshore.queue("main").pause();
    const job = await longshore.enqueue(echo, 1);

    const reasons = await job.why();
    expect(kinds(reasons)).toEqual(["paused", "no-task"]);
    expect(reasons[1]).toMatchObject({ task: "echo", workers: 1, tasks: ["other"] });
  });

  it("says that all slots are taken, and its place behind jobs of higher priority", async () => {
    const longshore = await storage.connect();
    const { waiting, end } = await busyWorker(longshore);
    await longshore.enqueue(echo, "urgent", { priority: -5 });

    const reasons = await waiting.why();
    expect(kinds(reasons)).toEqual(["busy", "position"]);
    expect(reasons[0]).toMatchObject({ workers: 1, slots: 1 });
    expect(reasons[1]).toMatchObject({ place: 2, of: 2, priority: 0, next: -5 });
    end();
  });

  it("says that the worker that could run it takes no work, and why", async () => {
    const longshore = await storage.connect();
    const worker = longshore.worker([echo], { name: "calm" });
    await worker.ready();
    await longshore.worker("calm").quiet();
    await expect.poll(async () => (await longshore.workers())[0]?.status?.suspended).toEqual(["quiet"]);
    const job = await longshore.enqueue(echo, 1);

    expect(await job.why()).toMatchObject([{ kind: "suspended", workers: 1, by: [{ name: "calm", why: ["quiet"] }] }]);
  });

  it("names the worker of a job that runs", async () => {
    const longshore = await storage.connect();
    const { running, end } = await busyWorker(longshore);

    expect(await running.why()).toMatchObject([{ kind: "active", worker: { name: "slow", liveness: "alive" } }]);
    end();
  });

  it("says when a job is due, and whether it is tried again then", async () => {
    const longshore = await storage.connect();
    const later = await longshore.enqueue(echo, 1, { delay: "1h" });
    const retried = await longshore.enqueue(broken);
    await longshore.worker([broken], { burst: true }).finished;

    expect((await later.why())[0]).toMatchObject({ kind: "delayed", cause: "scheduled", attempt: 1, attempts: 3 });
    expect((await retried.why())[0]).toMatchObject({ kind: "delayed", cause: "retry", attempt: 2, attempts: 3 });
  });

  it("names the jobs that a blocked one waits for, and tells a held one apart", async () => {
    const longshore = await storage.connect();
    const first = await longshore.enqueue(echo, 1);
    const second = await longshore.enqueue(echo, 2, { after: [first] });
    const held = await longshore.enqueue(echo, 3, { hold: true });

    expect((await second.why())[0]).toMatchObject({
      kind: "blocked",
      open: 1,
      all: 1,
      by: [{ queue: "main", id: first.id, task: "echo", state: "queued" }],
    });
    expect((await held.why())[0]).toMatchObject({ kind: "held" });
  });

  it("says how a job ended", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(echo, 1);
    await job.cancel();

    expect(await job.why()).toMatchObject([{ kind: "ended", state: "cancelled", error: null }]);
  });

  it("refuses a job that is gone", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(echo, 1);
    await job.remove();

    await expect(job.why()).rejects.toThrow(JobNotFound);
  });
});

/** A worker whose only slot is taken, and a job that waits behind. */
async function busyWorker(longshore: Longshore) {
  const begun = makeGate();
  const gate = makeGate();
  const slow = task("slow", { queue: "main" }, async () => {
    begun.open();
    await gate.opened;
  });
  const running = await longshore.enqueue(slow);
  longshore.worker([slow, echo], { name: "slow", concurrency: 1, prefetch: 0 });
  await begun.opened;
  return { running, waiting: await longshore.enqueue(echo, "later"), end: () => gate.open() };
}
