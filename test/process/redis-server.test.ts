// What Longshore says of a Redis server when it connects, and how it lives with one that is full or forgets scripts.
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import { connect, EngineRefused, EngineUnavailable, task, type Target } from "longshore";
import { onOwnRedis, onOwnServers } from "./storage-fixture.js";

async function failureOf(target: Target): Promise<unknown> {
  return connect(target).then(
    (longshore) => longshore.close(),
    (error: unknown) => error,
  );
}

onOwnServers("connecting to a Redis server", () => {
  it("is refused when it may evict jobs, unless that is allowed", async () => {
    const storage = await onOwnRedis({ maxmemory: "64mb", maxmemoryPolicy: "allkeys-lru" });
    const refused = await failureOf(storage.target);
    expect(refused).toBeInstanceOf(EngineRefused);
    expect(String(refused)).toContain("allkeys-lru");
    expect(String(refused)).toContain("noeviction");
    const longshore = await storage.connect({ ...storage.target, allowEviction: true } as Target);
    await longshore.enqueue("work", {}, { queue: "work" });
  });

  it.each([
    [{ appendfsync: "always" }, "aof always"],
    [{ appendfsync: "everysec" }, "aof everysec"],
    [{}, "none"],
  ] as const)("tells what it persists: %j", async (options, persistence) => {
    const storage = await onOwnRedis(options);
    expect((await storage.connect()).info.persistence).toBe(persistence);
  });

  it("tells that it takes snapshots", async () => {
    const storage = await onOwnRedis();
    const client = new Redis(storage.server?.url ?? "");
    await client.config("SET", "save", "3600 1");
    client.disconnect();
    expect((await storage.connect()).info.persistence).toBe("rdb snapshots");
  });

  it("needs its password, and never repeats one", async () => {
    const storage = await onOwnRedis({ requirepass: "secret" });
    const { target, server } = storage;
    const longshore = await storage.connect();
    await longshore.enqueue("work", {}, { queue: "work" });
    expect(longshore.info.url).not.toContain("secret");
    for (const url of [`redis://:mistaken@127.0.0.1:${server?.port}`, `redis://127.0.0.1:${server?.port}`]) {
      const refused = await failureOf({ ...target, url } as Target);
      expect(refused).toBeInstanceOf(EngineRefused);
      expect(String(refused)).toContain("credentials");
      expect(String(refused)).not.toMatch(/mistaken|secret/);
    }
  });

  it("fails in time when there is none", async () => {
    const { server } = await onOwnRedis();
    await server?.kill();
    const from = performance.now();
    const failed = await failureOf({ engine: "redis", url: server?.url ?? "", connectTimeout: "1s" });
    expect(failed).toBeInstanceOf(EngineUnavailable);
    expect(String(failed)).toContain(`redis://127.0.0.1:${server?.port}`);
    // Before the time that connecting has by default is over.
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

onOwnServers("a Redis server whose memory is full", () => {
  it("takes no more jobs, and those it has are run to the last", async () => {
    const storage = await onOwnRedis({ maxmemory: "6mb" });
    const longshore = await storage.connect();
    const fill = task("fill", { queue: "work" }, async ({ input, progress, log }) => {
      progress(50, "half");
      log(`got ${String(input).length}`);
      await sleep(1);
      return { size: String(input).length };
    });
    let accepted = 0;
    const refused: unknown = await (async () => {
      for (; accepted < 10_000; accepted += 1) await longshore.enqueue(fill, "x".repeat(10_000));
    })().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EngineUnavailable);
    expect(String(refused)).toContain("out of memory");
    expect(accepted).toBeGreaterThan(50);

    const worker = longshore.worker([fill], { concurrency: 10 });
    worker.on("error", () => undefined);
    const completed = new Set<string>();
    worker.on("completed", ({ id }) => completed.add(id));
    await expect.poll(() => longshore.queue("work").counts()).toMatchObject({ queued: 0, active: 0, failed: 0 });
    // Sweeps have removed the oldest, so that there was room for the results of the others.
    expect(completed.size).toBe(accepted);
    await longshore.removeAll({ states: "completed" });
    expect(await (await longshore.enqueue(fill, "more")).result()).toEqual({ size: 4 });
    await worker.stop();
  });
});

/** Makes a server forget its scripts every few milliseconds until the signal aborts; answers how often. */
async function flushScripts(client: Redis, signal: AbortSignal): Promise<number> {
  for (let flushes = 0; ; flushes += 1) {
    if (signal.aborted) return flushes;
    await client.script("FLUSH");
    await sleep(5);
  }
}

onOwnServers("a Redis server that forgets its scripts under load", () => {
  it("loses nothing and runs nothing twice", async () => {
    const storage = await onOwnRedis();
    const executionLog = storage.executionLog();
    const longshore = await storage.connect();
    const client = new Redis(storage.server?.url ?? "");
    onTestFinished(() => client.disconnect());
    await Promise.all([1, 2].map(() => storage.start({ concurrency: 20 }, { executionLog: executionLog.path })));
    const loaded = new AbortController();
    const flushing = flushScripts(client, loaded.signal);
    const inputs = Array.from({ length: 5_000 }, () => ({ ms: 1 }));
    const single = inputs.slice(0, 2_000).map((input) => longshore.enqueue("work", input, { queue: "work" }));
    const jobs = await Promise.all(single);
    for (let from = 2_000; from < 5_000; from += 100) {
      jobs.push(...(await longshore.enqueueMany("work", inputs.slice(from, from + 100), { queue: "work" })));
    }
    await Promise.all(jobs.map((job) => job.result()));
    loaded.abort();
    expect(await flushing).toBeGreaterThan(10);
    executionLog.read();
    expect(executionLog.done.size).toBe(5_000);
    expect(executionLog.effects).toBe(5_000);
    expect(await longshore.queue("work").counts()).toMatchObject({ completed: 5_000, queued: 0, active: 0 });
  });
});
