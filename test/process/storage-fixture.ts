// Runs the same tests on the engines that processes can share: a SQLite file in a temporary folder, and a Redis server,
// shared under a key prefix of its own or private. Every connection and process of a test is ended after it.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, inject, onTestFinished } from "vitest";
import { connect, type Longshore, type Target, type WorkerOptions } from "longshore";
import type { RedisTarget } from "../../src/engine/target.js";
import { nodesOf } from "../engine/redis/redis-storage.js";
import type { WorkerSetup } from "../programs/worker.js";
import { type RedisServerOptions, type RedisServer, startRedisServer } from "../support/redis-server.js";
import { ExecutionLog } from "./execution-log.js";
import { WorkerProcess } from "./worker-process.js";

/** One test's storage, with the connections and worker processes that use it. */
export class ProcessStorage {
  readonly target: Target;
  /** The test's own server; `null` when it has none. */
  readonly server: RedisServer | null;
  /** A folder of the test's own. */
  readonly folder: string;
  /** Added to the environment of worker processes. */
  env: Readonly<Record<string, string>> = {};

  constructor(target: Target, folder: string, server: RedisServer | null = null) {
    this.target = target;
    this.folder = folder;
    this.server = server;
  }

  /** A connection, closed after the test. */
  async connect(target = this.target): Promise<Longshore> {
    const longshore = await connect(target);
    onTestFinished(() => longshore.close());
    return longshore;
  }

  /** An execution log for worker processes. */
  executionLog(): ExecutionLog {
    const executionLog = new ExecutionLog(this.folder);
    onTestFinished(() => executionLog.close());
    return executionLog;
  }

  /** Starts a worker process; it ends with the test. */
  spawn(options: WorkerOptions = {}, more: Partial<WorkerSetup> = {}): WorkerProcess {
    const worker = new WorkerProcess({ target: this.target, options, ...more }, "worker", this.env);
    onTestFinished(async () => void (await worker.kill()));
    return worker;
  }

  /** Starts a worker process and answers when it takes work. */
  async start(options: WorkerOptions = {}, more: Partial<WorkerSetup> = {}): Promise<WorkerProcess> {
    const worker = this.spawn(options, more);
    await worker.hears("started");
    return worker;
  }
}

/** Storage on a SQLite file. */
export async function onSqlite(): Promise<ProcessStorage> {
  const folder = await temporaryFolder();
  return new ProcessStorage({ engine: "sqlite", path: join(folder, "jobs.db") }, folder);
}

/** Storage on the shared Redis server; what it stored is removed after the test. */
export function onSharedRedis(): Promise<ProcessStorage> {
  return onShared({ url: inject("redisUrl") });
}

/** Storage on the shared Redis cluster; what it stored is removed after the test. */
export function onSharedCluster(): Promise<ProcessStorage> {
  return onShared({ cluster: nodesOf(inject("clusterNodes")) });
}

async function onShared(where: Pick<RedisTarget, "url" | "cluster">): Promise<ProcessStorage> {
  const prefix = `t${randomBytes(6).toString("hex")}`;
  const storage = new ProcessStorage({ engine: "redis", ...where, prefix }, await temporaryFolder());
  onTestFinished(async () => {
    const longshore = await connect(storage.target);
    for (const { name } of await longshore.queues({ system: true }))
      await longshore.queue(name).obliterate({ force: true });
    await longshore.close();
  });
  return storage;
}

/** Storage on a Redis server that the test may kill, freeze and fill. */
export async function onOwnRedis(
  options: RedisServerOptions = {},
  target: Partial<Target> = {},
): Promise<ProcessStorage> {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  const whole: Target = { ...target, engine: "redis", url: server.url };
  return new ProcessStorage(whole, await temporaryFolder(), server);
}

/** Defines tests once for a SQLite file and once for the shared Redis server. */
export function onBothEngines(subject: string, define: (open: () => Promise<ProcessStorage>) => void): void {
  describe.each([
    ["sqlite", onSqlite],
    ["redis", onSharedRedis],
  ] as const)(`${subject} (%s)`, (_engine, open) => {
    define(open);
  });
}

/** Defines tests that need Redis servers of their own. */
export function onOwnServers(subject: string, define: () => void): void {
  describe.skipIf(!inject("canStartRedis"))(`${subject} (redis of its own)`, () => {
    define();
  });
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-`));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
