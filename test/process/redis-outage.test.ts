// Redis that dies, freezes or cannot be reached, under workers and producers that live on.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { EngineUnavailable, task, type JobContext, type Longshore } from "longshore";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { makeGate } from "../worker/fixtures/gate.js";
import { ProcessStorage, onOwnRedis, onOwnServers } from "./storage-fixture.js";
import type { WorkerProcess } from "./worker-process.js";

const COMMAND_TIMEOUT = 3_000;
/** What a command may take beyond its timeout on a busy machine. Milliseconds. */
const MARGIN = 10_000;
/**
 * How long after the end of an outage a worker may take to be at work again, on a busy machine: two or three seconds on one
 * at rest, minutes or for ever if it waited for a connection that is dead. Milliseconds.
 */
const RESUMED = 20_000;

/** Enqueues a job and waits for the worker to begin it; answers how long that took, in milliseconds. */
async function roundTrip(longshore: Longshore, worker: WorkerProcess): Promise<number> {
  const from = performance.now();
  const job = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
  await worker.hears("completed", job.id);
  return performance.now() - from;
}

/** Expects an enqueue to be refused in time, in words that help. */
async function expectRefusal(longshore: Longshore, port: number): Promise<void> {
  const from = performance.now();
  const refused: unknown = await longshore
    .enqueue("work", { ms: 0 }, { queue: "work" })
    .catch((error: unknown) => error);
  expect(performance.now() - from).toBeLessThan(COMMAND_TIMEOUT + MARGIN);
  expect(refused).toBeInstanceOf(EngineUnavailable);
  expect(String(refused)).toContain(`redis://127.0.0.1:${port}`);
  expect(String(refused)).toContain("LONGSHORE_URL");
  expect(String(refused)).not.toContain("secret");
}

onOwnServers("a Redis server that dies and comes back", () => {
  it("refuses producers in time meanwhile, and workers go on by themselves", async () => {
    const storage = await onOwnRedis(
      { appendfsync: "always", requirepass: "secret" },
      { commandTimeout: COMMAND_TIMEOUT },
    );
    const { server } = storage;
    const longshore = await storage.connect();
    const worker = await storage.start({ lease: "10s", concurrency: 2 });
    await roundTrip(longshore, worker);
    const running = await longshore.enqueue("work", { ms: 2_000 }, { queue: "work" });
    const waiting = await longshore.enqueueMany("work", [{ ms: 0 }, { ms: 0 }], { queue: "work", delay: "3s" });
    await worker.hears("start", running.id);

    await server?.kill();
    await expectRefusal(longshore, server?.port ?? 0);
    await server?.start();
    const back = performance.now();
    await roundTrip(longshore, worker);
    expect(performance.now() - back).toBeLessThan(RESUMED);
    await Promise.all([running, ...waiting].map((job) => job.result()));
    for (const job of [running, ...waiting]) expect(await job.refresh()).toMatchObject({ attempt: 1, crashes: 0 });
  });
});

onOwnServers("a Redis server that freezes", () => {
  it("refuses producers in time meanwhile, and workers go on by themselves", async () => {
    const storage = await onOwnRedis({ requirepass: "secret" }, { commandTimeout: COMMAND_TIMEOUT });
    const { server } = storage;
    const longshore = await storage.connect();
    const worker = await storage.start({ lease: "20s" });
    await roundTrip(longshore, worker);

    server?.pause();
    await expectRefusal(longshore, server?.port ?? 0);
    server?.resume();
    const back = performance.now();
    await roundTrip(longshore, worker);
    expect(performance.now() - back).toBeLessThan(RESUMED);
    // The command that was refused was on its way: its job may be there, once, and is then run like any other.
    await expect.poll(() => longshore.queue("work").getWaitingCount()).toBe(0);
  });
});

onOwnServers("a worker whose connections", () => {
  it.each([
    ["are cut", async (mode) => mode("cut")],
    [
      "are refused for two seconds",
      async (mode) => {
        mode("refuse");
        await sleep(2_000);
      },
    ],
    [
      "are swallowed for two seconds, the old ones for ever",
      async (mode) => {
        mode("swallow");
        await sleep(2_000);
      },
    ],
  ] satisfies [string, (mode: (mode: "cut" | "refuse" | "swallow") => void) => Promise<void>][])(
    "%s is back at work soon, again and again",
    async (_what, misbehave) => {
      const storage = await onOwnRedis();
      const proxy = await startTcpProxy(storage.server?.port ?? 0);
      onTestFinished(() => proxy.stop());
      const longshore = await storage.connect();
      const beyond = new ProcessStorage(
        { engine: "redis", host: "127.0.0.1", port: proxy.port, commandTimeout: "1s" },
        storage.folder,
      );
      const worker = await beyond.start();
      for (let cycle = 1; cycle <= 4; cycle += 1) {
        await roundTrip(longshore, worker);
        // Cycles find it at rest and at work in turn.
        if (cycle % 2 === 0) await longshore.enqueue("work", { ms: 1_000 }, { queue: "work" });
        await misbehave((mode) => {
          if (mode === "cut") proxy.cut();
          else proxy.mode = mode;
        });
        proxy.mode = "pass";
        expect(await roundTrip(longshore, worker)).toBeLessThan(RESUMED);
      }
      await expect.poll(() => longshore.queue("work").getActiveCount()).toBe(0);
      expect(await longshore.queue("work").counts()).toMatchObject({ queued: 0, failed: 0 });
    },
  );
});

onOwnServers("a Redis server that answers nobody for longer than the lease", () => {
  it("costs the jobs of living workers neither their run nor an attempt nor a crash", async () => {
    const storage = await onOwnRedis({}, { commandTimeout: 1_000 });
    const longshore = await storage.connect();
    const runs: AbortSignal[] = [];
    const over = makeGate();
    const work = task("patient", { queue: "patient" }, async ({ signal }: JobContext<undefined>) => {
      runs.push(signal);
      await over.opened;
      return "done";
    });
    const worker = longshore.worker([work], { lease: "1s" });
    worker.on("error", () => undefined);
    const job = await longshore.enqueue(work, undefined);
    await expect.poll(() => runs.length).toBe(1);

    storage.server?.pause();
    await sleep(3_000);
    storage.server?.resume();
    await longshore.enqueue(work, undefined);
    await expect.poll(() => runs.length).toBe(2);
    over.open();

    expect(await job.result()).toBe("done");
    expect(await job.refresh()).toMatchObject({ attempt: 1, crashes: 0 });
    expect(runs.map(({ aborted }) => aborted)).toEqual([false, false]);
    await worker.stop();
  });
});
