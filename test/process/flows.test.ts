// Processes that enqueue flows and work on them, killed at random: in the middle of creating a flow, between what happened to a
// job and the word of it to others, under their jobs. What they leave is looked after by one who comes later: every flow that
// had begun ends, every job runs in its turn and no more often than its workers died, and nothing else ever ran.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import type { Engine, Lease } from "../../src/engine/contract/engine.js";
import { RedisEngine } from "../../src/engine/redis/engine.js";
import { unknownWorker } from "../../src/engine/shared/workers/worker-info.js";
import { SqliteEngine } from "../../src/engine/sqlite/engine.js";
import { parseTarget } from "../../src/engine/target.js";
import { ManualClock, settlement, TestSession } from "../../src/engine/testkit/index.js";
import { FLOW_CREATION } from "../../src/model/job/membership.js";
import { CRASH_LIMIT, type JobRecord, type JobRef } from "../../src/model/job/job.js";
import { isTerminal } from "../../src/model/job/state.js";
import { listAll } from "../property/compare.js";
import { PATIENCE } from "../support/patience.js";
import { type ProcessStorage, onSharedCluster, onSharedRedis, onSqlite } from "./storage-fixture.js";
import { WorkerPool } from "./worker-pool.js";

const PROCESSES = 4;
const KILLS = Number(process.env["LONGSHORE_KILLS"] ?? 12);
const QUEUES = ["home", "a", "b", "c"];
const LEASE = 1_000;

const nameOf = ({ queue, id }: JobRef): string => `${queue}/${id}`;

/** An engine that lives in its own time. */
async function engineAt({ target }: ProcessStorage, clock: ManualClock): Promise<Engine> {
  const parsed = parseTarget(target);
  if (parsed.engine === "memory") throw new TypeError("processes cannot share memory");
  const engine = parsed.engine === "sqlite" ? new SqliteEngine(parsed, { clock }) : new RedisEngine(parsed, { clock });
  await engine.open();
  onTestFinished(() => engine.close());
  return engine;
}

/** Kills processes that have begun a flow, sooner or later after that. Answers the flows that have begun. */
async function killAll(pool: WorkerPool): Promise<string[]> {
  const begun = new Set<string>();
  while (pool.deaths < KILLS) {
    await sleep(Math.random() * 60);
    for (const process of pool.workers) for (const { id } of process.all("begun")) if (id !== undefined) begun.add(id);
    const ready = pool.workers.filter((process) => process.alive && process.all("begun").length > 0);
    await ready[Math.floor(Math.random() * ready.length)]?.kill();
    for (const process of pool.workers) for (const { id } of process.all("begun")) if (id !== undefined) begun.add(id);
  }
  const last = [...pool.workers];
  await pool.close();
  for (const process of last) for (const { id } of process.all("begun")) if (id !== undefined) begun.add(id);
  return [...begun];
}

/** One who comes later sweeps, and does what is left to do; answers how often each job was started. */
async function clearUp(engine: Engine, clock: ManualClock): Promise<Map<string, number>> {
  const starts = new Map<string, number>();
  const worker = { ...unknownWorker("last"), queues: QUEUES, concurrency: 1 };
  const session = new TestSession(engine, "last/1", worker, 100 * FLOW_CREATION);
  await session.open();
  const done = { kind: "complete", result: '{"n":1}' } as const;
  for (const wait of [LEASE * 2, 1, 1, FLOW_CREATION, 1, 1]) {
    clock.advance(wait);
    for (let more = true; more;) ({ more } = await engine.sweep({ queues: QUEUES, limit: 1_000 }));
    for (let leases: readonly Lease[] = []; (leases = await session.claim(100)).length > 0;) {
      for (const lease of leases) starts.set(nameOf(lease), (starts.get(nameOf(lease)) ?? 0) + 1);
      await session.exchange(leases.map((lease) => settlement(lease, done)));
    }
  }
  await session.close();
  return starts;
}

describe.each<[string, boolean, () => Promise<ProcessStorage>]>([
  ["sqlite", true, onSqlite],
  ["redis", true, onSharedRedis],
  ["a redis cluster", inject("clusterNodes").length > 0, onSharedCluster],
])("flows whose processes die (%s)", (_engine, isThere, open) => {
  it.skipIf(!isThere)(
    "end, and their jobs run in their turn",
    async () => {
      const storage = await open();
      const executionLog = storage.executionLog();
      const setup = {
        target: storage.target,
        options: { lease: LEASE, concurrency: 5 },
        executionLog: executionLog.path,
      };
      const begun = await killAll(new WorkerPool(setup, PROCESSES, "flows"));
      const clock = new ManualClock(Date.now());
      const engine = await engineAt(storage, clock);
      const starts = await clearUp(engine, clock);

      const jobs = new Map((await listAll(engine)).map((job) => [nameOf(job), job]));
      expect([...jobs.values()].filter(({ state }) => !isTerminal(state)).map(nameOf)).toEqual([]);
      for (const id of begun) expect(["completed", "failed"]).toContain(jobs.get(`home/${id}`)?.state);
      const ran = new Map([...executionLog.read().done.keys()].map((id, place) => [id, place]));
      const timesOf = ({ id }: JobRecord): number => executionLog.done.get(id)?.length ?? 0;
      expect([...jobs.values()].flatMap((job) => faultsOf(job, jobs, ran, starts, timesOf(job)))).toEqual([]);
      const known = new Set([...jobs.values()].map(({ id }) => id));
      expect([...ran.keys()].filter((id) => !known.has(id))).toEqual([]);
      expect(begun.length).toBeGreaterThan(KILLS / 2);
    },
    2 * PATIENCE + KILLS * 5_000,
  );
});

/** What does not hold of a job, given where in the execution log the first run of each stands. */
function faultsOf(
  job: JobRecord,
  jobs: ReadonlyMap<string, JobRecord>,
  ran: ReadonlyMap<string, number>,
  starts: ReadonlyMap<string, number>,
  times: number,
): string[] {
  const name = nameOf(job);
  if (job.role === "flow") {
    const members = [...jobs.values()].filter(({ flow }) => flow?.id === job.id);
    const lost = members.some(({ crashes }) => crashes === CRASH_LIMIT);
    return job.state === "failed" && !lost ? [`${name} failed, and no worker died too often`] : [];
  }
  const faults: string[] = [];
  if (times + (starts.get(name) ?? 0) > 1 + job.crashes) faults.push(`${name} ran ${times} times`);
  if (times === 0) return faults;
  if (!jobs.has(`home/${job.flow?.id ?? ""}`)) faults.push(`${name} ran, and its flow had not begun`);
  const place = ran.get(job.id) ?? 0;
  const early = job.after.filter(({ id }) => (ran.get(id) ?? Number.POSITIVE_INFINITY) >= place);
  return [...faults, ...early.map((dependency) => `${name} ran before ${nameOf(dependency)}`)];
}
