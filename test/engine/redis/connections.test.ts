// The ways to reach Redis other than a plain URL: TLS, a password, Sentinel. Each runs a job.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { afterEach, describe, expect, inject, it } from "vitest";
import { connect, EngineUnavailable, task, type RedisTarget } from "longshore";
import { startRedisServer } from "../../support/redis-server.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const greet = task("greet", ({ input }: { input: string }) => `Hello, ${input}!`);
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

describe.skipIf(!inject("canStartRedis"))("a connection to Redis", () => {
  it("is encrypted with rediss:// and a certificate authority", async () => {
    const redis = await started();
    const { port, certificate } = await tlsInFrontOf(redis.port);
    const target: RedisTarget = { engine: "redis", url: `rediss://localhost:${port}`, tls: { ca: certificate } };
    expect(await runOne(target)).toBe("Hello, Redis!");
  });

  it("is refused when the server's certificate is not trusted", async () => {
    const redis = await started();
    const { port } = await tlsInFrontOf(redis.port);
    const target: RedisTarget = { engine: "redis", url: `rediss://localhost:${port}`, commandTimeout: "1s" };
    await expect(connect(target)).rejects.toThrow(/certificate/);
  });

  it("finds the master through Sentinel", async () => {
    const redis = await started();
    const sentinel = await startSentinel(redis.port);
    const target: RedisTarget = {
      engine: "redis",
      sentinels: [{ host: "127.0.0.1", port: sentinel }],
      sentinelName: "queue",
    };
    expect(await runOne(target)).toBe("Hello, Redis!");
  });

  it("finds the master through sentinels that want a password of their own", async () => {
    const redis = await started();
    const sentinel = await startSentinel(redis.port, "requirepass guarded\n");
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
    const sentinel = await startSentinel(redis.port);
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

/** A TLS server that hands everything on to a plain one. */
async function tlsInFrontOf(port: number): Promise<{ port: number; certificate: string }> {
  const folder = new URL("../../support/tls/", import.meta.url);
  const certificate = await readFile(new URL("cert.pem", folder), "utf8");
  const key = await readFile(new URL("key.pem", folder), "utf8");
  const open = new Set<Socket>();
  const server: Server = createServer({ cert: certificate, key }, (client) => {
    const upstream = dial(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  undo.push(async () => {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, certificate };
}

/** A Sentinel that watches one master called "queue"; answers its port. */
async function startSentinel(master: number, settings = ""): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-sentinel-`));
  const port = 22_100 + Math.floor(Math.random() * 5_000);
  const config = join(folder, "sentinel.conf");
  await writeFile(
    config,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor queue 127.0.0.1 ${master} 1\n${settings}`,
  );
  const executable = process.env["LONGSHORE_REDIS_SERVER"] ?? "redis-server";
  const child: ChildProcess = spawn(executable, [config, "--sentinel"], { stdio: "ignore" });
  undo.push(async () => {
    const exited = once(child, "exit");
    child.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  });
  await expect.poll(() => answers(port)).toBe(true);
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = dial(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
