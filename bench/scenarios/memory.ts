/**
 * The storage of a job while it waits and after it is completed with its result: Redis's `used_memory`, or the
 * size of the SQLite file, against a store in which the system has run a few jobs before. Every connection of the
 * system is closed before a reading: no buffers are counted, and SQLite has brought its log into the file.
 */
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { addAll } from "../add-all.js";
import { drain } from "../drain.js";
import { payloads } from "../payload.js";
import type { RoundContext, Scenario } from "../scenario.js";
import type { Store } from "../system.js";
import { Tally } from "../tally.js";

const FIRST = 10;
const CONCURRENCY = 100;
/** For the server to let go of closed connections. */
const SETTLE_MS = 300;

export const memory: Scenario = {
  id: "memory",
  what: "bytes a waiting and a completed job: used_memory of Redis, size of the SQLite file",
  measures: [
    { name: "memory waiting", unit: "bytes/job", better: "less" },
    { name: "memory completed", unit: "bytes/job", better: "less" },
  ],
  async round(context) {
    const { store, queue, jobs } = context;
    await drain({ ...context, queue: `${queue}-first`, jobs: FIRST }, { concurrency: 1, behaviour: "noop" });
    const empty = await bytes(store);
    const ids = await add(context);
    const waiting = ((await bytes(store)) - empty) / jobs;
    const kept = await run(context, ids);
    const completed = ((await bytes(store)) - empty) / jobs;
    return { "memory waiting": waiting, ...(kept ? { "memory completed": completed } : {}) };
  },
};

async function add({ system, store, queue, jobs }: RoundContext): Promise<string[]> {
  const line = await system.open(store, queue);
  try {
    return await addAll(line, payloads(jobs));
  } finally {
    await line.close();
  }
}

/** Runs all of them; answers whether the system keeps completed jobs. */
async function run({ system, store, queue }: RoundContext, ids: readonly string[]): Promise<boolean> {
  const line = await system.open(store, queue);
  try {
    const tally = new Tally(ids);
    const { started, done, failed } = tally;
    const worker = await line.work({ concurrency: CONCURRENCY, behaviour: "noop", started, done, failed });
    try {
      await tally.complete();
    } finally {
      await worker.stop();
    }
    await tally.confirm(line);
    return (await line.completed()) !== null;
  } finally {
    await line.close();
  }
}

async function bytes({ kind, url }: Store): Promise<number> {
  if (kind === "redis") return usedMemory(url);
  const path = url.slice("sqlite:".length);
  const sizes = await Promise.all([path, `${path}-wal`].map(sizeOf));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function usedMemory(url: string): Promise<number> {
  await sleep(SETTLE_MS);
  const redis = new Redis(url);
  try {
    return Number(/^used_memory:(\d+)/m.exec(await redis.info("memory"))?.[1]);
  } finally {
    redis.disconnect();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}
