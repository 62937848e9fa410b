/**
 * Graphile Worker on PostgreSQL, as its performance page sets it: jobs fetched 500 at a time into the local queue,
 * completions and failures written in batches with no added delay, `addJobs` in bulk, prepared statements, no log of successes.
 */
import { createRequire } from "node:module";
import type { Job, Logger as WorkerLogger, Task, WorkerUtils } from "graphile-worker";
import { Pool } from "pg";
import { findPostgres } from "../servers/postgres.js";
import type { Payload } from "../payload.js";
import type { Line, RunningWorker, Store, System, WorkOptions } from "../system.js";

// Read once, when the library is loaded; its own benchmark sets it.
process.env["NO_LOG_SUCCESS"] = "1";
const library = await import("graphile-worker");
const manifest = createRequire(import.meta.url)("graphile-worker/package.json") as { version: string };

const POOL_SIZE = 25;

export const graphileWorker: System = {
  name: "graphile-worker",
  store: "postgres",
  settings:
    "addJobs in bulk, localQueue 500, completeJobBatchDelay 0, failJobBatchDelay 0, pool of 25, 3 attempts; " +
    "keeps neither results nor completed jobs",
  cannot: {
    retry: "its back-off is fixed: the first retry waits 2.7 s",
    recover: "jobs of a killed worker stay locked for 4 hours",
    memory: "measured on Redis and SQLite only",
  },
  probe: () =>
    Promise.resolve(
      findPostgres() === undefined
        ? { missing: "PostgreSQL is not installed (Debian: apt-get install postgresql)" }
        : { version: manifest.version },
    ),
  async open(store, queue) {
    const pool = openPool(store);
    const utils = await library.makeWorkerUtils({ pgPool: pool, logger });
    await utils.migrate();
    return new GraphileLine(store, queue, pool, utils);
  },
};

const logger: WorkerLogger = new library.Logger(() => () => undefined);

function openPool(store: Store): Pool {
  const pool = new Pool({ connectionString: store.url, max: POOL_SIZE });
  // An idle connection that is cut as its server stops is no failure of a measurement.
  return pool.on("error", () => undefined).on("connect", (client) => client.on("error", () => undefined));
}

class GraphileLine implements Line {
  readonly #store: Store;
  /** A queue of the bench is a task here: a queue of Graphile Worker runs its jobs one after another. */
  readonly #task: string;
  readonly #pool: Pool;
  readonly #utils: WorkerUtils;

  constructor(store: Store, task: string, pool: Pool, utils: WorkerUtils) {
    this.#store = store;
    this.#task = task;
    this.#pool = pool;
    this.#utils = utils;
  }

  async add(payload: Payload): Promise<string> {
    const job = await this.#utils.addJob(this.#task, payload, { maxAttempts: 3 });
    return job.id;
  }

  async addBulk(payloads: readonly Payload[]): Promise<string[]> {
    const jobs = await this.#utils.addJobs(
      payloads.map((payload) => ({ identifier: this.#task, payload, maxAttempts: 3 })),
    );
    return jobs.map(({ id }) => id);
  }

  async work(options: WorkOptions): Promise<RunningWorker> {
    const stopping = new AbortController();
    const pool = openPool(this.#store);
    const runner = await library.run({
      pgPool: pool,
      preset: {
        worker: {
          concurrentJobs: options.concurrency,
          localQueue: { size: Math.max(500, options.concurrency) },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          logger,
        },
      },
      noHandleSignals: true,
      parsedCronItems: [],
      taskList: { [this.#task]: handler(options, stopping.signal) },
    });
    const { done } = options;
    // The completion has joined its batch here. It is stored when the worker has stopped and no row is left.
    if (done !== undefined) runner.events.on("job:success", ({ job }: { job: Job }) => done(job.id));
    return {
      stop: async () => {
        stopping.abort();
        await runner.stop();
        await pool.end();
      },
    };
  }

  completed(): Promise<null> {
    return Promise.resolve(null);
  }

  /** Every row that is left, locked ones too: a completed job is a deleted row. */
  async waiting(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: string }>(
      "SELECT count(*) AS count FROM graphile_worker.jobs WHERE task_identifier = $1",
      [this.#task],
    );
    return Number(rows[0]?.count);
  }

  async close(): Promise<void> {
    await this.#utils.release();
    await this.#pool.end();
  }
}

/** It answers nothing: Graphile Worker has no place for a result. */
function handler({ behaviour, started }: WorkOptions, stopping: AbortSignal): Task {
  return async (_payload, { job }) => {
    started?.(job.id);
    if (behaviour === "fail-once" && job.attempts === 1) throw new Error("the first attempt fails");
    if (behaviour === "hold") await untilAborted(stopping);
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = (): void => reject(new Error("the worker stops"));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
}
