// `longshore pool` as a process with worker processes under it: how many jobs run at once, who is replaced and when, and
// what the end of the pool, wished for or not, does to the jobs.
import { connect, type Job, type Longshore } from "longshore";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { autoConcurrency, thisMachine } from "../../src/worker/lifetime/auto-concurrency.js";
import { emptyFolder, linesOf, removeFolder, Running, tasksFile, type LogLine } from "./command.js";

interface Entry {
  event: "start" | "end";
  id: string;
  pid: number;
}

/** Longer than the last moment that a job is given when no pool waits for it, in milliseconds. */
const LAST_MOMENT = 1_500;

let folder = "";
let url = "";
let jobs: Longshore;
let file = "";
let gate = "";
let files = 0;
let pools: Running[] = [];

beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => removeFolder(folder));
beforeEach(async () => {
  files += 1;
  url = `sqlite:${join(folder, `${files}.db`)}`;
  file = join(folder, `${files}.jsonl`);
  gate = join(folder, `${files}.gate`);
  jobs = await connect(url);
});
afterEach(async () => {
  for (const running of pools) {
    running.signal("SIGKILL");
    await running.ended;
  }
  pools = [];
  await jobs.close();
});

function pool(...args: string[]): Running {
  const running = new Running(["pool", ...args, "--tasks", tasksFile, "--url", url], { group: true });
  pools.push(running);
  return running;
}

/** Starts a pool; answers when all of its workers take work. */
async function openPool(workers: number, ...args: string[]): Promise<Running> {
  const running = pool("--workers", String(workers), ...args);
  await expect.poll(() => jobs.workers()).toHaveLength(workers);
  return running;
}

/** Enqueues jobs of so many milliseconds, and what else their input has. */
async function record(count: number, ms: number, more: { begun?: number; until?: string } = {}): Promise<Job[]> {
  return jobs.enqueueMany(
    "record",
    Array.from({ length: count }, () => ({ file, ms, ...more })),
    { queue: "records" },
  );
}

/** Jobs that run until the gate is opened. */
const held = (count: number): Promise<Job[]> => record(count, 0, { until: gate });

const openGate = (): void => writeFileSync(gate, "");

function entries(): Entry[] {
  if (!existsSync(file)) return [];
  return linesOf(readFileSync(file, "utf8")) as unknown as Entry[];
}

/** The most jobs that ran at the same time. */
function mostAtOnce(): number {
  let running = 0;
  let most = 0;
  for (const { event } of entries()) {
    running += event === "start" ? 1 : -1;
    most = Math.max(most, running);
  }
  return most;
}

const processesOfWorkers = async (): Promise<Map<string, number>> =>
  new Map((await jobs.workers()).map(({ name, pid }) => [name, pid]));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const said = ({ stdout }: { stdout: string }, message: RegExp): LogLine[] =>
  linesOf(stdout).filter((line) => message.test(line.message));

const starts = async (count: number): Promise<void> => {
  await expect.poll(() => entries().length).toBeGreaterThanOrEqual(count);
};

test("five workers of one job each run five jobs at once, and never more, until all thirty are done", async () => {
  await record(30, 100, { begun: 5 });
  const { code, stdout } = await pool("--workers", "5", "--concurrency", "1", "--burst").ended;
  expect(code).toBe(0);
  expect(entries().filter(({ event }) => event === "end")).toHaveLength(30);
  expect(new Set(entries().map(({ pid }) => pid)).size).toBe(5);
  expect(mostAtOnce()).toBe(5);
  expect(said({ stdout }, /Pool started/)).toMatchObject([{ workers: 5, concurrency: 1 }]);
  expect(said({ stdout }, /Pool stopped/)).toMatchObject([{ deaths: 0 }]);
});

test("workers have the name of the pool, the host and their place, and every line of their log has it too", async () => {
  const running = await openPool(2, "--name", "web", "records", "--concurrency", "3");
  const host = hostname()
    .replace(/[^A-Za-z0-9_.:-]/g, "-")
    .slice(0, 60);
  const workers = await jobs.workers();
  expect(workers.map(({ name }) => name).toSorted()).toEqual([`web-${host}-1`, `web-${host}-2`]);
  for (const worker of workers) expect(worker).toMatchObject({ queues: ["records"], concurrency: 3 });
  const [job] = await record(1, 0);
  await job?.result();
  running.signal("SIGTERM");
  const { stdout } = await running.ended;
  for (const line of linesOf(stdout).filter(({ message }) => !message.startsWith("Pool"))) {
    expect(line["worker"]).toMatch(new RegExp(`^web-${host}-[12]$`));
  }
});

test("without a name two pools differ, and auto shares the jobs of the machine out among the workers", async () => {
  const running = [0, 1].map(() => pool("--workers", "2", "--concurrency", "auto"));
  await expect.poll(() => jobs.workers()).toHaveLength(4);
  const workers = await jobs.workers();
  expect(new Set(workers.map(({ name }) => name)).size).toBe(4);
  const concurrency = Math.max(1, Math.floor(autoConcurrency(thisMachine()) / 2));
  for (const worker of workers) expect(worker).toMatchObject({ concurrency });
  for (const each of running) {
    await each.prints(/Pool started/);
    expect(said(each, /Pool started/)).toMatchObject([
      { concurrency, concurrencyReason: expect.stringMatching(/^auto: \d+ cores?, .*, 2 workers$/) },
    ]);
  }
});

test("a worker that is killed is replaced, the log says so, and its job runs again", async () => {
  const running = await openPool(2, "--concurrency", "1", "--lease", "1s");
  const [job] = await held(1);
  await starts(1);
  const pid = entries()[0]?.pid ?? Number.NaN;
  process.kill(pid, "SIGKILL");
  await running.prints(/Worker died/);
  expect(said(running, /Worker died/)).toMatchObject([
    { level: "error", pid, why: "SIGKILL", deaths: 1, restartInMs: 1_000 },
  ]);
  openGate();
  await job?.result();
  expect(await job?.refresh()).toMatchObject({ state: "completed", crashes: 1 });
  await expect.poll(async () => [...(await processesOfWorkers()).values()]).not.toContain(pid);
  await expect.poll(() => jobs.workers()).toHaveLength(2);
  running.signal("SIGTERM");
  expect((await running.ended).code).toBe(0);
});

test("a worker that has run --max-jobs is replaced at once", async () => {
  const all = await record(3, 200);
  const running = pool("--workers", "1", "--max-jobs", "1");
  for (const job of all) await job.result();
  expect(new Set(entries().map(({ pid }) => pid)).size).toBe(3);
  running.signal("SIGTERM");
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(said({ stdout }, /Worker died/)).toEqual([]);
  expect(said({ stdout }, /Worker replaced/).slice(0, 2)).toMatchObject([{ reason: "maxJobs" }, { reason: "maxJobs" }]);
});

test("SIGHUP replaces all workers one by one; no job is lost or run twice, and no more run at once", async () => {
  const running = await openPool(3, "--concurrency", "1");
  const before = await processesOfWorkers();
  const all = await record(40, 150, { begun: 3 });
  await starts(3);
  running.signal("SIGHUP");
  await running.prints(/Pool restarted/);
  const after = await processesOfWorkers();
  for (const job of all) await job.result();

  expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
  for (const pid of before.values()) expect([...after.values()]).not.toContain(pid);
  expect(entries().filter(({ event }) => event === "start")).toHaveLength(40);
  for (const job of all) expect(await job.refresh()).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
  expect(mostAtOnce()).toBe(3);
  const order = said(running, /Worker (started|stopped)/).slice(3);
  expect(order.map(({ message, name }) => `${message} ${String(name).slice(-2)}`)).toEqual(
    ["-1", "-2", "-3"].flatMap((place) => [`Worker stopped ${place}`, `Worker started ${place}`]),
  );
  running.signal("SIGTERM");
  expect((await running.ended).code).toBe(0);
});

test("SIGTERM: the running jobs end first, then the workers, then the pool, with 0", async () => {
  const running = await openPool(2, "--concurrency", "1");
  const all = await held(3);
  await starts(2);
  const pids = [...(await processesOfWorkers()).values()];
  running.signal("SIGTERM");
  await running.prints(/Worker stopping[^]*Worker stopping/);
  // As from a process manager whose signal to the workers comes after the pool's order.
  for (const pid of pids) process.kill(pid, "SIGTERM");
  await sleep(LAST_MOMENT);
  openGate();
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  const states = await Promise.all(all.map(async (job) => (await job.refresh()).state));
  expect(states.toSorted()).toEqual(["completed", "completed", "queued"]);
  expect(await jobs.workers()).toEqual([]);
  expect(linesOf(stdout).at(-1)).toMatchObject({ message: "Pool stopped" });
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s to all of its processes, as from a terminal or systemd, counts once; the second one skips the wait",
  async (signal) => {
    const running = await openPool(1, "--concurrency", "2", "--grace", "1h");
    const [short] = await held(1);
    const [long] = await record(1, 600_000);
    await starts(2);
    running.signalGroup(signal);
    await running.prints(/Worker stopping/);
    await sleep(LAST_MOMENT);
    openGate();
    await running.prints(/Job completed/);
    expect((await short?.refresh())?.state).toBe("completed");
    expect(running.child.exitCode).toBeNull();
    running.signalGroup(signal);
    expect((await running.ended).code).toBe(0);
    expect(await long?.refresh()).toMatchObject({ state: "queued", attempt: 0 });
  },
);

test("workers whose pool was killed finish their jobs and exit without a signal", async () => {
  const running = await openPool(2, "--concurrency", "1");
  const all = await held(3);
  await starts(2);
  const pids = [...(await processesOfWorkers()).values()];
  expect(pids.every(isAlive)).toBe(true);
  running.child.kill("SIGKILL");
  await once(running.child, "exit");
  await running.prints(/end of the pool[^]*end of the pool/);
  openGate();

  await expect.poll(() => pids.some(isAlive)).toBe(false);
  const states = await Promise.all(all.map(async (job) => (await job.refresh()).state));
  expect(states.toSorted()).toEqual(["completed", "completed", "queued"]);
  expect(await jobs.workers()).toEqual([]);
});
