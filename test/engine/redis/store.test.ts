// What a Redis says of itself, and how it is found out at once that it refuses what is written: replicas, full memory, a disk that
// fails, too few replicas, rights that are missing, a node of a cluster that is away.
import { rm } from "node:fs/promises";
import { Redis } from "ioredis";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import type { StoreNode } from "../../../src/engine/contract/store.js";
import { parseTarget, type ParsedRedisTarget, type RedisTarget } from "../../../src/engine/target.js";
import { startRedisServer, type RedisServer, type RedisServerOptions } from "../../support/redis-server.js";
import { ClusterFixture } from "./cluster-fixture.js";

interface Own {
  readonly server: RedisServer;
  readonly admin: Redis;
  readonly engine: RedisEngine;
}

async function own(options: RedisServerOptions = {}, target: Partial<RedisTarget> = {}): Promise<Own> {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  return { server, admin, engine: await open({ url: server.url, ...target }) };
}

async function open(target: Partial<RedisTarget>): Promise<RedisEngine> {
  const engine = new RedisEngine(parseTarget({ engine: "redis", ...target }) as ParsedRedisTarget);
  await engine.open();
  onTestFinished(() => engine.close());
  return engine;
}

async function only(engine: RedisEngine): Promise<StoreNode> {
  const [node, ...others] = await engine.store();
  expect(others).toEqual([]);
  return node as StoreNode;
}

describe.skipIf(!inject("canStartRedis"))("what a Redis says of itself", () => {
  it("is what it is set to", async () => {
    const { server, engine } = await own({
      appendfsync: "everysec",
      maxmemory: "64mb",
      maxmemoryPolicy: "noeviction",
      requirepass: "secret",
    });
    expect(await only(engine)).toMatchObject({
      name: `127.0.0.1:${server.port}`,
      software: expect.stringMatching(/^(redis|valkey)$/) as string,
      version: expect.stringMatching(/^\d+\.\d+/) as string,
      writable: true,
      persistence: { text: "aof everysec", kind: "log", synced: false, lastSaveOk: true },
      evictionPolicy: "noeviction",
      evicted: 0,
      memoryLimit: 64 * 1024 * 1024,
      memoryUsed: expect.any(Number) as number,
      fileSize: null,
      auth: true,
      tls: false,
      user: "default",
      missingRights: [],
    });
  });

  it("is nothing, of what it does not have", async () => {
    const { engine } = await own();
    expect(await only(engine)).toMatchObject({
      persistence: { text: "none", kind: "none", synced: false, lastSaveOk: null, lastSaveAt: null },
      memoryLimit: 0,
      auth: false,
    });
  });

  it("tells how far its clock is from ours, and how sure that is", async () => {
    const { engine } = await own();
    const { clockAhead, clockAccuracy } = await only(engine);
    // It is the same clock, so what is measured is how wrong the measurement may be.
    expect(Math.abs(clockAhead ?? Number.NaN)).toBeLessThanOrEqual((clockAccuracy ?? 0) + 2);
  });

  it("is asked by as many commands, whatever is stored", async () => {
    const { admin, engine } = await own();
    const commands = async (): Promise<number> => {
      const before = Number(/total_commands_processed:(\d+)/.exec(await admin.info("stats"))?.[1]);
      await engine.store();
      return Number(/total_commands_processed:(\d+)/.exec(await admin.info("stats"))?.[1]) - before;
    };
    const few = await commands();
    await admin.eval("for n = 1, 20000 do redis.call('hset', 'h' .. n % 500, n, n) end", 0);
    expect(await commands()).toBe(few);
    expect(few).toBeLessThan(20);
  });
});

describe.skipIf(!inject("canStartRedis"))("rights that are missing", () => {
  const all = "~{longshore/* ~{longshore}* &{longshore/* +@all -acl -acl|getuser".split(" ");

  it("are named, without asking for what would be refused", async () => {
    const { server, admin } = await own();
    const rights = ["resetchannels", ...all, "-hset", "-config|get"];
    await admin.call("ACL", "SETUSER", "app", "on", ">secret", ...rights);
    const engine = await open({ port: server.port, username: "app", password: "secret" });
    await admin.call("ACL", "LOG", "RESET");
    const node = await only(engine);
    expect(node).toMatchObject({ user: "app", missingRights: ["config|get", "hset"], auth: null });
    expect(node.persistence).toMatchObject({ kind: null, text: "unknown (CONFIG is not allowed)" });
    const log = (await admin.call("ACL", "LOG")) as string[][];
    // What is persisted can be asked in no other way.
    expect(new Set(log.map((entry) => entry[entry.indexOf("object") + 1]))).toEqual(new Set(["config|get"]));
  });

  it("are all of a namespace that the user has no keys in", async () => {
    const { server, admin } = await own();
    await admin.call("ACL", "SETUSER", "app", "on", ">secret", "~other*", "&*", "+@all");
    const engine = await open({ port: server.port, username: "app", password: "secret" });
    const { missingRights, auth } = await only(engine);
    expect(missingRights).toContain("hset");
    expect(missingRights).not.toContain("ping");
    // Everybody who knows no password is still let in, as the default user.
    expect(auth).toBe(false);
  });
});

describe.skipIf(!inject("canStartRedis"))("a Redis that refuses writes says so at once", () => {
  const cases: readonly (readonly [string, (own: Own) => Promise<void>, RegExp])[] = [
    ["as a replica", async ({ admin }) => void (await admin.replicaof("127.0.0.1", 1)), /replica now/],
    [
      "as its memory is full",
      async ({ admin }) => {
        await admin.config("SET", "maxmemory", "1");
      },
      /out of memory/,
    ],
    [
      "as it cannot save",
      async ({ admin }) => {
        const [, folder = ""] = await admin.config("GET", "dir");
        await admin.config("SET", "save", "3600 1");
        await rm(folder, { recursive: true });
        await admin.bgsave();
        await expect.poll(() => admin.info("persistence")).toContain("rdb_last_bgsave_status:err");
      },
      /cannot persist/,
    ],
    [
      "as it has too few replicas",
      async ({ admin }) => {
        await admin.config("SET", "min-replicas-to-write", "1");
      },
      /fewer replicas/,
    ],
  ];

  it.each(cases)("%s", async (_what, spoil, why) => {
    const mine = await own();
    await mine.engine.probe();
    await spoil(mine);
    await expect(mine.engine.probe()).rejects.toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      message: expect.stringMatching(why) as string,
    });
    expect(await only(mine.engine)).toMatchObject({ writable: false, refusal: expect.stringMatching(why) as string });
    // A server that may not save what it has does not end when it is asked to.
    await mine.admin.config("SET", "save", "");
  });
});

describe.skipIf(!inject("canStartRedis"))("of a cluster", () => {
  it("each node says its own, and one that is away why", async () => {
    const fixture = await ClusterFixture.start();
    const engine = await open({
      cluster: fixture.cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port })),
      prefix: fixture.prefix,
      commandTimeout: "500ms",
    });
    expect((await engine.store()).map(({ writable, persistence }) => [writable, persistence.text])).toEqual(
      Array.from({ length: 3 }, () => [true, "aof always"]),
    );
    const [first] = fixture.cluster.nodes;
    first?.pause();
    await expect(engine.probe()).rejects.toMatchObject({ code: "ENGINE_UNAVAILABLE" });
    const nodes = await engine.store();
    const away = nodes.filter(({ writable }) => !writable);
    expect(away.map(({ name }) => name)).toEqual([`127.0.0.1:${first?.port}`]);
    first?.resume();
  });
});
