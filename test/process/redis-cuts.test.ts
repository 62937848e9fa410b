// Connections to Redis that are cut at the worst moment, and rights that are taken away: the process must live, and be at work
// again when it may. What ends it is a rejected promise without a handler, so it is a real process.
import { Redis } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import type { Longshore } from "longshore";
import type { RedisTarget } from "../../src/engine/target.js";
import { nodesOf } from "../engine/redis/redis-storage.js";
import { startRedisCluster } from "../support/redis-cluster.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { ProcessStorage, onOwnRedis, onOwnServers } from "./storage-fixture.js";
import type { WorkerProcess } from "./worker-process.js";

/** The replies before a connection is ready: HELLO, SELECT, twice CLIENT, INFO. */
const HANDSHAKE = 5;

/** A job is run, and the worker hears at once what is published. */
async function expectAtWork(longshore: Longshore, worker: WorkerProcess, redis: Redis): Promise<void> {
  const job = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
  await worker.hears("completed", job.id);
  await expect.poll(() => redis.pubsub("CHANNELS", "{longshore/work}*")).toHaveLength(1);
  expect(worker.alive).toBe(true);
}

function client(url: string): Redis {
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  return redis;
}

onOwnServers("a worker whose connections are cut after any reply of their handshake, or right behind it", () => {
  it.each([0, 3])("lives and works on, in database %i", async (db) => {
    const storage = await onOwnRedis();
    const { url = "", port = 0 } = storage.server ?? {};
    const proxy = await startTcpProxy(port);
    onTestFinished(() => proxy.stop());
    const redis = client(url);
    const longshore = await storage.connect({ engine: "redis", url, db });
    const target: RedisTarget = { engine: "redis", host: "127.0.0.1", port: proxy.port, db, commandTimeout: "3s" };
    const worker = await new ProcessStorage(target, storage.folder).start();
    await expectAtWork(longshore, worker, redis);

    const cuts: number[] = [];
    for (let replies = 0; replies <= HANDSHAKE + 2; replies += 1) {
      const before = proxy.cuts;
      // Of each kind: for commands, for waiting, for listening.
      proxy.cutNext(3, replies);
      proxy.cut();
      await expectAtWork(longshore, worker, redis);
      cuts.push(proxy.cuts - before);
    }
    expect(cuts.slice(0, HANDSHAKE)).toEqual([3, 3, 3, 3, 3]);
    await redis.select(db === 0 ? 3 : 0);
    expect(await redis.dbsize()).toBe(0);
  });
});

onOwnServers("a worker whose connections to a cluster are cut", () => {
  it("lives and works on", async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    const nodes = cluster.urls.map(client);
    const storage = await onOwnRedis();
    const target: RedisTarget = { engine: "redis", cluster: nodesOf(cluster.urls), commandTimeout: "3s" };
    const beyond = new ProcessStorage(target, storage.folder);
    const longshore = await beyond.connect();
    const worker = await beyond.start();
    for (let cycle = 1; cycle <= 5; cycle += 1) {
      for (const node of nodes)
        for (const type of ["normal", "pubsub"]) await node.call("CLIENT", "KILL", "TYPE", type);
      const job = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
      await worker.hears("completed", job.id);
      expect(worker.alive).toBe(true);
    }
  });
});

onOwnServers("a worker from whom a right is withdrawn", () => {
  it.each([
    ["channels", "resetchannels", "allchannels"],
    ["SUBSCRIBE", "-subscribe", "+subscribe"],
    ["BLPOP", "-blpop", "+blpop"],
    ["scripts", "-eval -evalsha", "+eval +evalsha"],
    ["keys", "resetkeys", "allkeys"],
    ["SELECT", "-select", "+select"],
    ["INFO", "-info", "+info"],
    ["its password", "resetpass >other", "resetpass >secret"],
  ])("(%s) lives, does nothing elsewhere, and works on when it is given back", async (_what, away, back) => {
    const storage = await onOwnRedis();
    const { url = "" } = storage.server ?? {};
    const redis = client(url);
    const setUser = (rules: string): Promise<unknown> => redis.acl("SETUSER", "app", ...rules.split(" "));
    await setUser("on >secret allkeys allchannels +@all");
    const longshore = await storage.connect({ engine: "redis", url, db: 3 });
    const target: RedisTarget = {
      engine: "redis",
      url,
      username: "app",
      password: "secret",
      db: 3,
      commandTimeout: "1s",
    };
    const worker = await new ProcessStorage(target, storage.folder).start();
    await expectAtWork(longshore, worker, redis);

    await setUser(away);
    await redis.acl("LOG", "RESET");
    await redis.client("KILL", "USER", "app");
    await expect.poll(async () => (await redis.acl("LOG", 1)) as unknown[]).toHaveLength(1);
    await setUser(back);

    await expectAtWork(longshore, worker, redis);
    expect(await redis.dbsize()).toBe(0);
  });
});
