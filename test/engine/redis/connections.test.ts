// The ways to reach Redis other than a plain URL: a password, Sentinel, a map of addresses. Each runs a job.
import { afterEach, describe, expect, inject, it } from "vitest";
import { connect, EngineUnavailable, task, type RedisTarget } from "longshore";
import { startRedisServer } from "../../support/redis-server.js";
import { startSentinel } from "../../support/redis-sentinel.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const greet = task("greet", ({ input }: { input: string }) => `Hello, ${input}!`);
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

describe.skipIf(!inject("canStartRedis"))("a connection to Redis", () => {
  it("finds the master through Sentinel", async () => {
    const redis = await started();
    const sentinel = await sentinelOf(redis.port);
    const target: RedisTarget = {
      engine: "redis",
      sentinels: [{ host: "127.0.0.1", port: sentinel }],
      sentinelName: "queue",
    };
    expect(await runOne(target)).toBe("Hello, Redis!");
  });

  it("finds the master through sentinels that want a password of their own", async () => {
    const redis = await started();
    const sentinel = await sentinelOf(redis.port, { requirepass: "guarded" });
    const where = {
      engine: "redis",
      sentinels: [{ host: "127.0.0.1", port: sentinel }],
      sentinelName: "queue",
    } as const;
    expect(await runOne({ ...where, sentinelPassword: "guarded" })).toBe("Hello, Redis!");
    const wrong = connect({ ...where, sentinelPassword: "open", connectTimeout: "1s" });
    await expect(wrong).rejects.toThrow(/sentinels/);
  });

  it("finds the master where a map of addresses says it is", async () => {
    const redis = await started();
    const proxy = await startTcpProxy(redis.port);
    undo.push(() => proxy.stop());
    const sentinel = await sentinelOf(redis.port);
    const target: RedisTarget = {
      engine: "redis",
      sentinels: [{ host: "127.0.0.1", port: sentinel }],
      sentinelName: "queue",
      natMap: { [`127.0.0.1:${redis.port}`]: { host: "127.0.0.1", port: proxy.port } },
    };
    const longshore = await connect(target);
    undo.push(() => longshore.close());
    proxy.mode = "refuse";
    const job = longshore.enqueue(greet, "Redis");
    proxy.mode = "pass";
    expect((await job).id).not.toBe("");
    expect(proxy.connections).toBeGreaterThan(1);
  });
});

describe.skipIf(!inject("canStartRedis"))("connecting", () => {
  it("waits for a server that starts a little later", async () => {
    const redis = await startRedisServer();
    undo.push(() => redis.stop());
    await redis.kill();
    const connected = connect({ engine: "redis", port: redis.port, connectTimeout: "60s" });
    // The first attempts have been refused by the time the server is there.
    await redis.start();
    const longshore = await connected;
    undo.push(() => longshore.close());
    expect(await longshore.queues()).toEqual([]);
  });

  it.each([
    ["a server", (port: number): Partial<RedisTarget> => ({ port })],
    [
      "sentinels",
      (port: number): Partial<RedisTarget> => ({ sentinels: [{ host: "127.0.0.1", port }], sentinelName: "queue" }),
    ],
    ["a cluster", (port: number): Partial<RedisTarget> => ({ cluster: [{ host: "127.0.0.1", port }] })],
  ])("ends in its time when %s does not answer, or nothing listens", async (_what, where) => {
    const proxy = await startTcpProxy(1);
    undo.push(() => proxy.stop());
    proxy.mode = "swallow";
    for (const port of [proxy.port, 1]) {
      const target: RedisTarget = { engine: "redis", ...where(port), connectTimeout: "300ms", commandTimeout: "200ms" };
      await expect(connect(target)).rejects.toThrow(EngineUnavailable);
    }
  });

  it("says at once that a password is wrong", async () => {
    const redis = await startRedisServer({ requirepass: "secret" });
    undo.push(() => redis.stop());
    const wrong: RedisTarget = { engine: "redis", port: redis.port, password: "public", connectTimeout: "10m" };
    await expect(connect(wrong)).rejects.toThrow(/credentials/);
  });
});

async function started(): Promise<{ port: number }> {
  const redis = await startRedisServer();
  undo.push(() => redis.stop());
  return redis;
}

async function runOne(target: RedisTarget): Promise<unknown> {
  const longshore = await connect(target);
  try {
    longshore.worker([greet]);
    return await (await longshore.enqueue(greet, "Redis")).result();
  } finally {
    await longshore.close();
  }
}

async function sentinelOf(master: number, settings?: Record<string, string>): Promise<number> {
  const sentinel = await startSentinel(master, settings);
  undo.push(() => sentinel.stop());
  return sentinel.port;
}
