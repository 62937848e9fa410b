// Everything stands still for longer than a lease, or the date is set, and no process dies: no job is taken from its worker,
// none is run twice, and no crash is counted. Time is real here: what is tested is processes and servers being stopped.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import type { Job } from "longshore";
import { CAN_STEP, SteppedClock } from "../support/stepped-clock.js";
import { onBothEngines, onOwnRedis, onOwnServers, onSqlite, type ProcessStorage } from "./storage-fixture.js";
import type { WorkerProcess } from "./worker-process.js";

const LEASE = 1_500;
/** How long everything stands still, in milliseconds: longer than a lease, and than a lease and all patience with it. */
const STANDSTILL = 3_500;
const HOUR = 3_600_000;

/** Three workers with two jobs each, which take a while. */
async function atWork(storage: ProcessStorage, ms: number): Promise<{ workers: WorkerProcess[]; jobs: Job[] }> {
  const longshore = await storage.connect();
  const options = { lease: LEASE, concurrency: 2, prefetch: 0 };
  const workers = await Promise.all(["a", "b", "c"].map((name) => storage.start({ ...options, name })));
  const inputs = Array.from({ length: 6 }, () => ({ ms }));
  const jobs = await longshore.enqueueMany("work", inputs, { queue: "work", timeout: "5m" });
  await expect.poll(() => starts(workers)).toBe(6);
  return { workers, jobs };
}

function starts(workers: readonly WorkerProcess[]): number {
  return workers.reduce((sum, worker) => sum + worker.all("start").length, 0);
}

/** How the jobs ended, with the runs it took, and how many leases were lost. */
async function fateOf(workers: readonly WorkerProcess[], jobs: readonly Job[]): Promise<unknown> {
  await Promise.all(jobs.map((job) => job.result({ timeout: "60s" })));
  const ends = await Promise.all(jobs.map((job) => job.refresh()));
  return {
    ends: ends.map(({ state, attempt, crashes }) => `${state} ${attempt} ${crashes}`),
    starts: starts(workers),
    lost: workers.flatMap((worker) => worker.all("lost")).length,
  };
}

const UNDISTURBED = { ends: Array.from({ length: 6 }, () => "completed 1 0"), starts: 6, lost: 0 };

onBothEngines("workers that all stand still for longer than their lease, three times", (open) => {
  it("go on with their jobs", async () => {
    const { workers, jobs } = await atWork(await open(), 3 * STANDSTILL + 4_000);
    for (let round = 0; round < 3; round += 1) {
      for (const worker of workers) worker.signal("SIGSTOP");
      await sleep(STANDSTILL);
      for (const worker of workers) worker.signal("SIGCONT");
      await sleep(1_000);
    }
    expect(await fateOf(workers, jobs)).toEqual(UNDISTURBED);
  });
});

onOwnServers("a Redis server that stands still for longer than the lease of its workers, twice", () => {
  it.each([
    ["longer than a command may take", { commandTimeout: "1s" }],
    ["shorter than a command may take", { commandTimeout: "10s" }],
  ] as const)("costs no job its run, when that is %s", async (_title, target) => {
    const storage = await onOwnRedis({}, target);
    const { workers, jobs } = await atWork(storage, 2 * STANDSTILL + 3_000);
    for (let round = 0; round < 2; round += 1) {
      storage.server?.pause();
      await sleep(STANDSTILL);
      storage.server?.resume();
      await sleep(1_500);
    }
    expect(await fateOf(workers, jobs)).toEqual(UNDISTURBED);
  });
});

describe.skipIf(!CAN_STEP)("a date that is set by an hour", () => {
  const places = [
    ["sqlite", onSteppedSqlite],
    ["redis", onSteppedRedis],
  ] as const;
  const possible = places.filter(([name]) => name !== "redis" || inject("canStartRedis"));
  it.each(possible.flatMap(([name, open]) => [HOUR, -HOUR].map((step) => [name, step, open] as const)))(
    "costs no job its run (%s, %d ms)",
    async (_name, step, open) => {
      const { storage, clock } = await open();
      const { workers, jobs } = await atWork(storage, 8_000);
      clock.set(step);
      expect(await fateOf(workers, jobs)).toEqual(UNDISTURBED);
      expect(shiftOf(workers), "the date was set").toBeGreaterThan(HOUR / 2);
    },
  );
});

async function onSteppedSqlite(): Promise<{ storage: ProcessStorage; clock: SteppedClock }> {
  const storage = await onSqlite();
  const clock = new SteppedClock(storage.folder);
  storage.env = clock.env;
  return { storage, clock };
}

async function onSteppedRedis(): Promise<{ storage: ProcessStorage; clock: SteppedClock }> {
  const { folder } = await onSqlite();
  const clock = new SteppedClock(folder);
  const storage = await onOwnRedis({ env: clock.env });
  storage.env = clock.env;
  return { storage, clock };
}

/** How far the workers' date is from ours, in milliseconds. */
function shiftOf(workers: readonly WorkerProcess[]): number {
  const last = Math.max(...workers.flatMap((worker) => worker.all("completed").map(({ at }) => at)));
  return Math.abs(last - Date.now());
}
