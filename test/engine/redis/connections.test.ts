// The ways to reach Redis other than a plain URL: TLS, a password, Sentinel. Each runs a job.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { afterEach, describe, expect, inject, it } from "vitest";
import { connect, task, type RedisTarget } from "longshore";
import { startRedisServer } from "../../support/redis-server.js";

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
async function startSentinel(master: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-sentinel-`));
  const port = 22_100 + Math.floor(Math.random() * 5_000);
  const config = join(folder, "sentinel.conf");
  await writeFile(
    config,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor queue 127.0.0.1 ${master} 1\n`,
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
