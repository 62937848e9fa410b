// Ten thousand jobs under workers that are killed again and again, and on Redis under a server that is killed too. What
// the handlers really did is kept in an execution log outside of the engine and compared with what the engine says, in the
// classes of Jepsen's queue tests.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import type { JobSnapshot, Longshore, WorkerOptions } from "longshore";
import { type ProcessStorage, onOwnRedis, onSqlite } from "./storage-fixture.js";
import type { ExecutionLog } from "./execution-log.js";
import { WorkerPool } from "./worker-pool.js";

const JOBS = 10_000;
const CHUNK = 100;
const WORKERS = 4;
const CONCURRENCY = 10;
const WORKER_KILLS = 20;
/** Hands jobs over until 10,000 are accepted, a little ahead of the workers. */
class Producer {
  readonly attempted: string[] = [];
  readonly acknowledged = new Set<string>();
  readonly #longshore: Longshore;
  readonly #executionLog: ExecutionLog;

  constructor(longshore: Longshore, executionLog: ExecutionLog) {
    this.#longshore = longshore;
    this.#executionLog = executionLog;
  }

  async run(): Promise<void> {
    while (this.acknowledged.size < JOBS) {
      if (this.acknowledged.size - this.#executionLog.done.size > 2_000) {
        await sleep(20);
        continue;
      }
      const ids = Array.from({ length: CHUNK }, (_value, n) => `job-${this.attempted.length + n}`);
      this.attempted.push(...ids);
      const inputs = ids.map((_id, n) => ({ ms: 5 + (n % 20) }));
      const each = (_input: unknown, n: number) => ({ id: ids[n] ?? "" });
      try {
        for (const { id } of await this.#longshore.enqueueMany("work", inputs, { queue: "work", each })) {
          this.acknowledged.add(id);
        }
      } catch {
        // Not accepted, as far as the producer knows: whether they are there will be seen.
        await sleep(100);
      }
    }
  }
}

/**
 * Strikes while the workers stand still, and only when no job is held that two deaths have hit already: a third one would
 * fail it, and it is innocent.
 */
async function strike(pool: WorkerPool, longshore: Longshore, fault: () => Promise<unknown>): Promise<void> {
  for (let struck = false; !struck; await sleep(10)) {
    for (const worker of pool.workers) worker.signal("SIGSTOP");
    const { jobs } = await longshore.jobs({ queue: "work", states: "active" }).page({ limit: 500 });
    struck = jobs.length > 0 && jobs.every(({ crashes }) => crashes < 2);
    if (struck) await fault();
    for (const worker of pool.workers) worker.signal("SIGCONT");
  }
}

async function everyJob(longshore: Longshore): Promise<Map<string, JobSnapshot>> {
  const jobs = new Map<string, JobSnapshot>();
  for (let cursor: string | null = null; ;) {
    const page = await longshore.jobs({ queue: "work" }, { fields: "all" }).page({ cursor, limit: 500 });
    for (const job of page.jobs) jobs.set(job.id, job);
    ({ cursor } = page);
    if (cursor === null) return jobs;
  }
}

/** What became of the jobs, counted. */
interface Account {
  readonly attempted: number;
  readonly acknowledged: number;
  /** Acknowledged, and not done, or not there. */
  readonly lost: number;
  /** There, and not completed. */
  readonly stuck: number;
  /** There or done, and never attempted. */
  readonly unexpected: number;
  /** Done although the producer got no answer that they were accepted. */
  readonly recovered: number;
  /** Done more than once. */
  readonly duplicated: number;
  /** Done more often than workers lost them or, after an outage longer than a lease, handed them back, plus once. */
  readonly unexplained: number;
  /** Taken over from a dead worker at least once. */
  readonly crashed: number;
  /** That count another number of attempts than one. */
  readonly miscounted: number;
  readonly deaths: number;
}

async function soak(storage: ProcessStorage, serverKills: number): Promise<Account> {
  const longshore = await storage.connect();
  const executionLog = storage.executionLog();
  const options: WorkerOptions = { lease: "1s", concurrency: CONCURRENCY };
  const pool = new WorkerPool({ target: storage.target, options, executionLog: executionLog.path }, WORKERS);
  const producer = new Producer(longshore, executionLog);
  const producing = producer.run();
  const faults = WORKER_KILLS + serverKills;
  for (let fault = 1; fault <= faults; fault += 1) {
    while (executionLog.read().done.size < (fault * JOBS) / (faults + 2)) await sleep(10);
    if (serverKills > 0 && fault % Math.ceil(faults / (serverKills + 1)) === 0) {
      await strike(pool, longshore, async () => storage.server?.kill());
      await sleep(200);
      await storage.server?.start();
    } else {
      await strike(pool, longshore, async () => pool.workers[Math.floor(Math.random() * WORKERS)]?.kill());
    }
  }
  await producing;
  const quiet = { blocked: 0, delayed: 0, queued: 0, active: 0 };
  await expect.poll(() => longshore.queue("work").counts()).toMatchObject(quiet);
  await pool.close();
  executionLog.read();

  const account = settle(producer, executionLog, await everyJob(longshore), pool.deaths);
  console.log(`${longshore.info.kind}: ${JSON.stringify(account)}`);
  return account;
}

/** The runs of a job that its workers did not bring to an end: they died, or handed it back. */
function unfinishedRuns(job: JobSnapshot | undefined): number {
  if (job === undefined) return 0;
  return job.crashes + job.history.filter(({ outcome }) => outcome === "returned").length;
}

function settle(
  producer: Producer,
  executionLog: ExecutionLog,
  jobs: Map<string, JobSnapshot>,
  deaths: number,
): Account {
  const { acknowledged } = producer;
  const attempted = new Set(producer.attempted);
  const records = [...jobs.values()];
  const done = [...executionLog.done];
  return {
    attempted: attempted.size,
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((id) => !executionLog.done.has(id) || !jobs.has(id)).length,
    stuck: records.filter(({ state }) => state !== "completed").length,
    unexpected: [...jobs.keys(), ...executionLog.done.keys()].filter((id) => !attempted.has(id)).length,
    recovered: done.filter(([id]) => !acknowledged.has(id)).length,
    duplicated: done.filter(([, times]) => times.length > 1).length,
    unexplained: done.filter(([id, times]) => times.length > 1 + unfinishedRuns(jobs.get(id))).length,
    crashed: records.filter(({ crashes }) => crashes > 0).length,
    miscounted: records.filter(({ attempt }) => attempt !== 1).length,
    deaths,
  };
}

const NOTHING_WRONG = { lost: 0, stuck: 0, unexpected: 0, unexplained: 0, miscounted: 0, deaths: WORKER_KILLS };

describe("ten thousand jobs and twenty killed workers", () => {
  it("on SQLite: nothing is lost, nothing is stuck", async () => {
    expect(await soak(await onSqlite(), 0)).toMatchObject({ ...NOTHING_WRONG, attempted: JOBS, acknowledged: JOBS });
  });

  it.skipIf(!inject("canStartRedis"))("on Redis, killed twice itself: nothing is lost, nothing is stuck", async () => {
    expect(await soak(await onOwnRedis({ appendfsync: "always" }), 2)).toMatchObject(NOTHING_WRONG);
  });
});
