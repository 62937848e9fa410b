/**
 * Longshore with its defaults on each of its engines. On SQLite and in memory the producer and the worker are parts of one
 * process, as they are where these engines are used.
 */
import { createRequire } from "node:module";
import { connect, task, type JobContext, type Longshore, type Target, type Task, type WorkerOptions } from "longshore";
import { KILOBYTE_RESULT, RESULT, type Payload } from "../payload.js";
import type { Behaviour, Line, Store, StoreKind, System, WorkOptions } from "../system.js";

type Work = Task<Payload>;
type Handler = (context: JobContext<Payload>) => unknown;

const { version } = createRequire(import.meta.url)("longshore/package.json") as { version: string };

export const longshoreRedis = system("longshore-redis", "redis", "defaults");
export const longshoreSqlite = system("longshore-sqlite", "sqlite", "defaults");
export const longshoreSqliteFull = system("longshore-sqlite-full", "sqlite", 'durability "full", else defaults');
export const longshoreMemory = system("longshore-memory", "memory", "defaults", {
  "run-procs": "other processes do not see it",
  backlog: "other processes do not see it",
  memory: "it has no file or server to ask",
  idle: "other processes do not see it",
  recover: "its jobs end with their process",
});

function system(name: string, store: StoreKind, setup: string, cannot: System["cannot"] = {}): System {
  return {
    name,
    store,
    settings: `${setup}; enqueueMany of 1,000, retry without delay; results and completed jobs kept`,
    cannot,
    probe: () => Promise.resolve({ version }),
    async open(store, queue) {
      const work: Work = task<Payload>("work", { queue, backoff: 0 });
      return lineOf(await connect(targetOf(store)), work);
    },
  };
}

function targetOf({ kind, url, durability }: Store): string | Target {
  if (kind !== "sqlite") return url;
  const path = url.slice("sqlite:".length);
  return { engine: "sqlite", path, durability: durability === "full" ? "full" : "normal" };
}

function lineOf(longshore: Longshore, work: Work): Line {
  const queue = longshore.queue(work.queue);
  return {
    add: async (payload) => (await longshore.enqueue(work, payload)).id,
    addBulk: async (payloads) => (await longshore.enqueueMany(work, payloads)).map(({ id }) => id),
    async work(options) {
      const worker = longshore.worker([work], workerOptions(options)).handle(work, handlerOf(options));
      const { done } = options;
      if (done !== undefined) worker.on("completed", ({ id }) => done(id));
      await worker.ready();
      return { stop: () => worker.stop() };
    },
    completed: () => queue.getCompletedCount(),
    async waiting() {
      const { queued, delayed } = await queue.counts();
      return queued + delayed;
    },
    close: () => longshore.close(),
  };
}

function workerOptions({ concurrency, behaviour, leaseMs }: WorkOptions): WorkerOptions {
  return {
    concurrency,
    ...(behaviour === "hold" && { grace: 0 }),
    ...(leaseMs !== undefined && { lease: leaseMs }),
  };
}

function handlerOf({ behaviour, started }: WorkOptions): Handler {
  const run = runOf[behaviour];
  if (started === undefined) return run;
  return (context) => {
    started(context.job.id);
    return run(context);
  };
}

const runOf: Readonly<Record<Behaviour, Handler>> = {
  noop: () => RESULT,
  kilobyte: () => KILOBYTE_RESULT,
  "fail-once"({ job }) {
    if (job.attempt === 1) throw new Error("The first attempt fails.");
    return RESULT;
  },
  hold: ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("The worker stops.")), { once: true });
    }),
};
