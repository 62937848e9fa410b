import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { Redis } from "ioredis";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { PATIENCE } from "./patience.js";
import { type RedisServerOptions, RedisServer, startRedisServer } from "./redis-server.js";

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  return server;
}

function connectTo(url: string, commandTimeout = PATIENCE): Redis {
  const client = new Redis(url, { commandTimeout, maxRetriesPerRequest: 1 });
  client.on("error", () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

describe.skipIf(!inject("canStartRedis"))("a private Redis server", () => {
  test("has the password, memory policy and persistence that were asked for", async () => {
    const server = await start({ requirepass: "p@ss word", maxmemory: "64mb", maxmemoryPolicy: "allkeys-lru" });
    const client = connectTo(server.url);
    expect(await client.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "allkeys-lru"]);
    expect(await client.config("GET", "appendonly")).toEqual(["appendonly", "no"]);
  });

  test("keeps what was written with appendfsync always through a crash", async () => {
    const server = await start({ appendfsync: "always" });
    await connectTo(server.url).set("job", "kept");
    await server.kill();
    await server.start();
    expect(await connectTo(server.url).get("job")).toBe("kept");
  });

  test("answers nothing while it is paused", async () => {
    const server = await start();
    const client = connectTo(server.url, 1_000);
    await client.ping();
    server.pause();
    await expect(client.ping()).rejects.toThrow("timed out");
    server.resume();
    expect(await client.ping()).toBe("PONG");
  });

  test("is not taken for ready when another one answers at its port", async () => {
    const { port } = await start();
    const second = new RedisServer(port, tmpdir(), {});
    await expect(second.start()).rejects.toThrow(/ended with 1:[^]*in use/);
  });

  test("leaves no file behind", async () => {
    const server = await start();
    const [, directory = ""] = await connectTo(server.url).config("GET", "dir");
    expect(existsSync(directory)).toBe(true);
    await server.stop();
    expect(existsSync(directory)).toBe(false);
  });
});

test("the shared server deletes no key on its own", async () => {
  const client = connectTo(inject("redisUrl"));
  expect(await client.info("memory")).toContain("maxmemory_policy:noeviction");
});

test.skipIf(inject("clusterNodes").length === 0)(
  "the shared cluster refuses keys of two slots in one command",
  async () => {
    const client = connectTo(inject("clusterNodes")[0] ?? "");
    expect(await client.cluster("INFO")).toContain("cluster_slots_ok:16384");
    await expect(client.mget("{a}", "{b}")).rejects.toThrow("CROSSSLOT");
  },
);
