/**
 * bee-queue as its documentation says is fastest: `saveAll` pipelines a batch, and everything that costs commands or
 * memory and is not needed is switched off. It stores the job again when it ends, but not what the handler answered.
 */
import { createRequire } from "node:module";
import BeeQueue from "bee-queue";
import { KILOBYTE_RESULT, RESULT, type Payload } from "../payload.js";
import type { Behaviour, Line, Store, System } from "../system.js";

const { version } = createRequire(import.meta.url)("bee-queue/package.json") as { version: string };

export const beeQueue: System = {
  name: "bee-queue",
  store: "redis",
  settings:
    "saveAll of 1,000, getEvents, sendEvents, storeJobs and activateDelayedJobs off, one retry at once; " +
    "completed jobs kept (removeOnSuccess off); it has no way to keep results",
  cannot: {},
  probe: () => Promise.resolve({ version }),
  async open(store, queue) {
    const producer = await connect(store, queue, { isWorker: false });
    return lineOf(producer, (leaseMs) =>
      connect(store, queue, { isWorker: true, ...(leaseMs !== undefined && { stallInterval: leaseMs }) }),
    );
  },
};

async function connect({ url }: Store, name: string, role: BeeQueue.QueueSettings): Promise<BeeQueue<Payload>> {
  const { hostname, port } = new URL(url);
  const queue = new BeeQueue<Payload>(name, {
    ...role,
    redis: { host: hostname, port: Number(port) },
    getEvents: false,
    sendEvents: false,
    storeJobs: false,
    activateDelayedJobs: false,
    removeOnSuccess: false,
  });
  // Without a listener an error event would end the process.
  queue.on("error", (error) => void error);
  await queue.ready();
  return queue;
}

function lineOf(producer: BeeQueue<Payload>, connectWorker: (leaseMs?: number) => Promise<BeeQueue<Payload>>): Line {
  return {
    add: async (payload) => (await producer.createJob(payload).retries(1).save()).id,
    async addBulk(payloads) {
      const jobs = payloads.map((payload) => producer.createJob(payload).retries(1));
      const errors = await producer.saveAll(jobs);
      if (errors.size > 0) throw new Error(`bee-queue did not save ${errors.size} jobs.`);
      return jobs.map(({ id }) => id);
    },
    async work({ concurrency, behaviour, leaseMs, started, done }) {
      const worker = await connectWorker(leaseMs);
      // Without asking for it, the jobs of a dead worker are looked for only when a worker starts.
      if (leaseMs !== undefined) await worker.checkStalledJobs(leaseMs / 2);
      const attempts = new Set<string>();
      const run = runOf[behaviour];
      if (done !== undefined) worker.on("succeeded", ({ id }) => done(id));
      worker.process(concurrency, ({ id }) => {
        started?.(id);
        return run(id, attempts);
      });
      // Closing waits for handlers; those that hold never end.
      return { stop: () => worker.close(behaviour === "hold" ? 1 : undefined).catch(ignoreTimeout) };
    },
    completed: async () => (await producer.checkHealth()).succeeded,
    async waiting() {
      const { waiting, delayed } = await producer.checkHealth();
      return waiting + delayed;
    },
    close: () => producer.close(),
  };
}

function ignoreTimeout(error: unknown): void {
  if (!(error instanceof Error) || error.name !== "TimeoutError") throw error;
}

/** What handlers answer. bee-queue does not tell a handler which attempt it is, so failing once needs a memory. */
const runOf: Readonly<Record<Behaviour, (id: string, failed: Set<string>) => Promise<unknown>>> = {
  noop: () => Promise.resolve(RESULT),
  kilobyte: () => Promise.resolve(KILOBYTE_RESULT),
  "fail-once"(id, failed) {
    if (failed.has(id)) return Promise.resolve(RESULT);
    failed.add(id);
    return Promise.reject(new Error("The first attempt fails."));
  },
  hold: () => new Promise(() => undefined),
};
