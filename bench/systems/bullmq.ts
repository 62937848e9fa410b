/**
 * BullMQ as its documentation says is fastest: `addBulk`, one worker with a concurrency factor, no QueueEvents. Completed
 * jobs are kept with their results, which is its default.
 */
import { createRequire } from "node:module";
import { Queue, Worker, type Job } from "bullmq";
import { KILOBYTE_RESULT, RESULT, type Payload } from "../payload.js";
import type { Behaviour, Line, System } from "../system.js";

const { version } = createRequire(import.meta.url)("bullmq/package.json") as { version: string };

export const bullmq: System = {
  name: "bullmq",
  store: "redis",
  settings:
    "addBulk of 1,000, one Worker with the concurrency, no QueueEvents, attempts 2 without backoff; " +
    "results and completed jobs kept",
  cannot: {},
  probe: () => Promise.resolve({ version }),
  async open({ url }, name) {
    const { hostname, port } = new URL(url);
    const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
    const queue = new Queue<Payload>(name, { connection, defaultJobOptions: { attempts: 2 } });
    await queue.waitUntilReady();
    return lineOf(queue, connection);
  },
};

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly maxRetriesPerRequest: null;
}

function lineOf(queue: Queue<Payload>, connection: Connection): Line {
  return {
    add: async (payload) => idOf(await queue.add("work", payload)),
    async addBulk(payloads) {
      const jobs = await queue.addBulk(payloads.map((data) => ({ name: "work", data })));
      return jobs.map(idOf);
    },
    async work({ concurrency, behaviour, leaseMs, started, done }) {
      const run = runOf[behaviour];
      const process = (job: Job<Payload>): Promise<unknown> => {
        started?.(idOf(job));
        return run(job);
      };
      const lease = leaseMs === undefined ? {} : { lockDuration: leaseMs, stalledInterval: leaseMs };
      const worker = new Worker<Payload>(queue.name, process, { connection, concurrency, ...lease });
      // Without a listener an error event would end the process.
      worker.on("error", (error) => void error);
      if (done !== undefined) worker.on("completed", (job) => done(idOf(job)));
      await worker.waitUntilReady();
      return { stop: () => worker.close(behaviour === "hold") };
    },
    completed: () => queue.getCompletedCount(),
    waiting: () => queue.getJobCountByTypes("waiting", "delayed", "prioritized"),
    close: () => queue.close(),
  };
}

function idOf({ id }: { id?: string }): string {
  if (id === undefined) throw new Error("BullMQ answered a job without an id.");
  return id;
}

const runOf: Readonly<Record<Behaviour, (job: Job<Payload>) => Promise<unknown>>> = {
  noop: () => Promise.resolve(RESULT),
  kilobyte: () => Promise.resolve(KILOBYTE_RESULT),
  "fail-once": ({ attemptsMade }) =>
    attemptsMade === 0 ? Promise.reject(new Error("The first attempt fails.")) : Promise.resolve(RESULT),
  hold: () => new Promise(() => undefined),
};
