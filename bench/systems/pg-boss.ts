/**
 * pg-boss on PostgreSQL: `insert` in bulk, `work` with large batches, and its loop woken by `notifyWorker` after each batch
 * so that it does not wait for its poll while there is work. Completed jobs stay, with their results as output.
 */
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import PgBoss from "pg-boss";
import { findPostgres } from "../servers/postgres.js";
import { KILOBYTE_RESULT, RESULT, type Payload } from "../payload.js";
import type { Line, RunningWorker, System, WorkOptions } from "../system.js";

const manifest = createRequire(import.meta.url)("pg-boss/package.json") as { version: string };

/** A fetch sorts everything that waits, so that few large ones are fastest. */
const BATCH_SIZE = 5_000;
const POOL_SIZE = 10;

export const pgBoss: System = {
  name: "pg-boss",
  store: "postgres",
  settings:
    "insert in bulk, work with batchSize 5,000 of which `concurrency` run at once, one complete() a batch with the result " +
    "as output, notifyWorker after a batch, polling every 0.5 s (its least) when idle, retryLimit 2, completed jobs kept",
  cannot: {
    pickup: "an idle worker polls every 0.5 s, its least: half of that is its pick-up",
    recover: "jobs of a killed worker wait until they expire, 15 minutes by default",
    memory: "measured on Redis and SQLite only",
  },
  probe: () =>
    Promise.resolve(
      findPostgres() === undefined
        ? { missing: "PostgreSQL is not installed (Debian: apt-get install postgresql)" }
        : { version: manifest.version },
    ),
  async open(store, queue) {
    const boss = new PgBoss({ connectionString: store.url, max: POOL_SIZE, schedule: false, supervise: false });
    // A handler that throws is an ordinary event here, and so is a connection that is cut when the store is emptied.
    boss.on("error", () => undefined);
    await boss.start();
    await boss.createQueue(queue, { name: queue, policy: "standard", retryLimit: 2, retryDelay: 0 });
    return new PgBossLine(boss, queue);
  },
};

/** `complete` takes one output for many jobs, which its types leave out. */
interface CompletesMany {
  complete(queue: string, ids: readonly string[], output: object): Promise<unknown>;
}

interface Taken {
  readonly id: string;
  readonly retryCount: number;
}

class PgBossLine implements Line {
  readonly #boss: PgBoss;
  readonly #queue: string;

  constructor(boss: PgBoss, queue: string) {
    this.#boss = boss;
    this.#queue = queue;
  }

  async add(payload: Payload): Promise<string> {
    const id = await this.#boss.send(this.#queue, payload);
    if (id === null) throw new Error("pg-boss took no job");
    return id;
  }

  async addBulk(payloads: readonly Payload[]): Promise<string[]> {
    const jobs = payloads.map((data) => ({ id: randomUUID(), name: this.#queue, data }));
    await this.#boss.insert(jobs);
    return jobs.map(({ id }) => id);
  }

  async work(options: WorkOptions): Promise<RunningWorker> {
    const stopping = new AbortController();
    let current: Promise<void> = Promise.resolve();
    const worker = await this.#boss.work<Payload>(
      this.#queue,
      {
        batchSize: options.behaviour === "hold" ? options.concurrency : BATCH_SIZE,
        pollingIntervalSeconds: 0.5,
        includeMetadata: true,
      },
      (jobs: readonly Taken[]) => {
        this.#boss.notifyWorker(worker);
        current = this.#runBatch(jobs, options, stopping.signal);
        return current;
      },
    );
    return {
      stop: async () => {
        stopping.abort();
        await this.#boss.offWork({ id: worker });
        await current.catch(() => undefined);
        // pg-boss settles a batch after its handler ended, and does not wait for it; a later query does.
        await setImmediate();
        await this.waiting();
      },
    };
  }

  /** Stores what succeeded with its result; throws when a job failed, upon which pg-boss fails what was not completed. */
  async #runBatch(jobs: readonly Taken[], options: WorkOptions, stopping: AbortSignal): Promise<void> {
    const { behaviour, concurrency, started, done } = options;
    const succeeded: string[] = [];
    let next = 0;
    const run = async (): Promise<void> => {
      for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
        started?.(job.id);
        if (behaviour === "hold") await aborted(stopping);
        else if (behaviour !== "fail-once" || job.retryCount > 0) succeeded.push(await Promise.resolve(job.id));
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, jobs.length) }, run));
    if (succeeded.length > 0) {
      const boss: CompletesMany = this.#boss;
      await boss.complete(this.#queue, succeeded, behaviour === "kilobyte" ? KILOBYTE_RESULT : RESULT);
      for (const id of succeeded) done?.(id);
    }
    if (succeeded.length < jobs.length) throw new Error("the first attempt fails");
  }

  async completed(): Promise<number> {
    const { rows } = await this.#boss
      .getDb()
      .executeSql("SELECT count(*)::int AS count FROM pgboss.job WHERE name = $1 AND state = 'completed'", [
        this.#queue,
      ]);
    return (rows as { count: number }[])[0]?.count ?? 0;
  }

  waiting(): Promise<number> {
    return this.#boss.getQueueSize(this.#queue);
  }

  async close(): Promise<void> {
    await this.#boss.stop({ timeout: 5_000 });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
