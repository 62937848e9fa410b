// Servers that are compatible with Redis, but not in everything they say; and a user with no more rights than the docs name.
import { readFileSync } from "node:fs";
import { connect as dial, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { Redis } from "ioredis";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { connect, task, type RedisTarget } from "longshore";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import { parseTarget, type ParsedRedisTarget } from "../../../src/engine/target.js";
import { scriptFiles } from "../../../src/engine/redis/connection/script-files.js";
import { RIGHTS } from "../../../src/engine/redis/server/rights.js";
import { startRedisServer } from "../../support/redis-server.js";

const greet = task("greet", ({ input }: { input: string }) => `Hello, ${input}!`);

/** What the engine sends by itself: the rest is in scripts. */
const FROM_CLIENT = [
  ...["auth", "hello", "client", "select", "info", "config|get", "ping", "time", "eval", "evalsha"],
  ...["blpop", "rpush", "exists", "sismember", "smismember", "smembers", "sadd", "srem", "subscribe", "unsubscribe"],
];
/** The write buffer of scripts calls these by their names. */
const BUFFERED = ["hdel", "zrem", "hset", "zadd", "lpush", "rpush"];

async function server(): Promise<{ port: number; url: string }> {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  return redis;
}

async function runOne(target: RedisTarget): Promise<unknown> {
  const longshore = await connect(target);
  onTestFinished(() => longshore.close());
  longshore.worker([greet], { lease: "2s" });
  return (await longshore.enqueue(greet, "Redis", { tags: ["a"], delay: 10 })).result();
}

function replace(data: Buffer, [from, to]: readonly [string, string]): Buffer {
  return Buffer.from(data.toString("latin1").replaceAll(from, to), "latin1");
}

/** A server that replaces a text, in what it is asked or what it answers, by another of its length. */
async function behind(
  port: number,
  asked: readonly [string, string],
  answered: readonly [string, string],
): Promise<number> {
  const open = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = dial(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
    }
    client.on("data", (data) => upstream.write(replace(data, asked))).on("close", () => upstream.destroy());
    upstream.on("data", (data) => client.write(replace(data, answered))).on("close", () => client.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    proxy.close();
    await once(proxy, "close");
  });
  return (proxy.address() as AddressInfo).port;
}

describe.skipIf(!inject("canStartRedis"))("a compatible server", () => {
  it("may give no version", async () => {
    const { port } = await server();
    const other = await behind(port, ["", ""], ["redis_version:", "other_version:"]);
    expect(await runOne({ engine: "redis", port: other })).toBe("Hello, Redis!");
  });

  it("may know the protocol of before only (RESP2)", async () => {
    const { port, url } = await server();
    const admin = new Redis(url);
    onTestFinished(() => admin.disconnect());
    const other = await behind(port, ["hello", "hxllo"], ["", ""]);
    expect(await runOne({ engine: "redis", port: other, protocol: 2 })).toBe("Hello, Redis!");
    const clients = (await admin.client("LIST")) as string;
    expect(clients).toContain("resp=2");
    // Only the test's own connection is of the new one.
    expect(clients.match(/resp=3/g)).toHaveLength(1);
  });

  it("may call itself Redis 7 and not know the flags of scripts", async () => {
    const { port } = await server();
    const other = await behind(port, ["flags=allow-oom", "flags=allow-zzz"], ["", ""]);
    expect(await runOne({ engine: "redis", port: other })).toBe("Hello, Redis!");
  });

  it("is written to, where it does not know them, to find out whether it can be", async () => {
    const { port, url } = await server();
    const admin = new Redis(url);
    onTestFinished(() => admin.disconnect());
    const other = await behind(port, ["flags=allow-oom", "flags=allow-zzz"], ["", ""]);
    const engine = new RedisEngine(parseTarget({ engine: "redis", port: other }) as ParsedRedisTarget);
    await engine.open();
    onTestFinished(() => engine.close());
    await engine.probe();
    expect(await admin.info("commandstats")).toMatch(/cmdstat_rpush:calls=1,/);
    await expect.poll(() => admin.dbsize()).toBe(0);
    await admin.config("SET", "maxmemory", "1");
    await expect(engine.probe()).rejects.toThrow(/out of memory/);
  });
});

describe("the rights of a user", () => {
  const docs = readFileSync(new URL("../../../docs/engines.md", import.meta.url), "utf8");
  const rights = (/ACL SETUSER longshore on >secret (.*)/.exec(docs)?.[1] ?? "").split(" ");

  it("are those in the docs, no more and no fewer", () => {
    const { names, read } = scriptFiles(new URL("../../../src/engine/redis/scripts", import.meta.url).pathname);
    const called = names.flatMap((name) =>
      [...read(name).matchAll(/redis\.call\('(\w+)'/g)].map(([, word = ""]) => word),
    );
    const needed = new Set([...FROM_CLIENT, ...BUFFERED, ...called.map((word) => word.toLowerCase())]);
    const expected = [...needed].toSorted().map((command) => `+${command}`);
    expect(rights.filter((right) => right.startsWith("+"))).toEqual(expected);
    expect(RIGHTS.map((right) => `+${right}`)).toEqual(expected);
  });

  it.skipIf(!inject("canStartRedis"))("are enough for a worker", async () => {
    const { port, url } = await server();
    const admin = new Redis(url);
    onTestFinished(() => admin.disconnect());
    await admin.call("ACL", "SETUSER", "longshore", "on", ">secret", ...rights);
    const target = { engine: "redis", port, username: "longshore", password: "secret" } as const;
    expect(await runOne(target)).toBe("Hello, Redis!");
    const log = (await admin.call("ACL", "LOG")) as unknown[];
    expect(log).toEqual([]);
  });
});
