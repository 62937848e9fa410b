// `longshore insights`, `longshore capacity` and `longshore smoke`, on a file; smoke also with a worker that is deployed.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { attach, connect, task, type Longshore, type SmokeResult } from "longshore";
import type { Lease, Settlement, WorkerInfo } from "../../src/engine/contract/engine.js";
import { SqliteEngine } from "../../src/engine/sqlite/engine.js";
import { ManualClock } from "../../src/engine/testkit/context/manual-clock.js";
import { emptyFolder, inProcess, removeFolder, Running, tasksFile } from "./command.js";

const WORKER: Omit<WorkerInfo, "startedAt"> = {
  name: "one",
  host: "h",
  pid: 1,
  queues: ["scans"],
  tasks: [],
  appVersion: null,
  environment: null,
  longshore: "1",
  node: "20",
  concurrency: 1,
};

let folder = "";
let flags: string[] = [];
let longshore: Longshore;

beforeEach(async () => {
  folder = await emptyFolder();
  const url = `sqlite:${join(folder, "jobs.db")}`;
  flags = ["--url", url];
  longshore = await connect(url);
});

afterEach(async () => {
  await longshore.close();
  await removeFolder(folder);
});

async function smoke(...args: string[]): Promise<{ code: number | null; result: SmokeResult }> {
  const { code, stdout } = await inProcess(["smoke", "--json", ...args, ...flags]);
  return { code, result: JSON.parse(stdout) as SmokeResult };
}

describe("insights", () => {
  it("are lines with what to do, the worst first", async () => {
    expect((await inProcess(["insights", ...flags])).stdout).toBe("Nothing needs attention.\n");
    await longshore.enqueue("scan", null, { queue: "scans" });
    const { code, stdout } = await inProcess(["insights", ...flags]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^error +no-worker +queue scans has 1 job waiting and no worker +since .*\n +start one: longshore worker scans/,
    );
  });

  it("are a list in JSON", async () => {
    await longshore.enqueue("scan", null, { queue: "scans" });
    const { stdout } = await inProcess(["insights", "--json", ...flags]);
    expect(JSON.parse(stdout)).toMatchObject([
      { code: "no-worker", severity: "error", subjects: { queues: ["scans"] } },
    ]);
  });
});

describe("capacity", () => {
  it("says that too little was measured, in words and in JSON", async () => {
    expect((await inProcess(["capacity", ...flags])).stderr).toBe("No queues yet.\n");
    await longshore.enqueue("scan", null, { queue: "scans" });
    expect((await inProcess(["capacity", ...flags])).stdout).toMatch(/^queue scans: too little was measured/);
    const { stdout } = await inProcess([
      "capacity",
      "scans",
      "--target-wait",
      "5s",
      "--window",
      "2h",
      "--json",
      ...flags,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ targetWait: 5_000, window: 7_200_000, queues: [{ queue: "scans" }] });
  });

  it("is a table, and a sentence for each queue", async () => {
    // Half an hour until now, in which two runs of ten seconds end a minute, by a worker with one slot.
    const clock = new ManualClock(Date.now() - 30 * 60_000);
    const target = {
      engine: "sqlite",
      path: join(folder, "jobs.db"),
      durability: "normal",
      allowNetwork: false,
    } as const;
    const engine = new SqliteEngine(target, { clock, alone: true });
    await engine.open();
    const past = attach(engine, { clock });
    const session = "one/1";
    await engine.openSession({ session, worker: { ...WORKER, startedAt: clock.now() }, ttl: 24 * 3_600_000 });
    let call = 0;
    const exchange = async (settle: Settlement[], max: number): Promise<readonly Lease[]> => {
      const claim = max === 0 ? null : { queues: ["scans"], max, suspect: true };
      return (await engine.exchange({ session, lane: 0, call: (call += 1), settle, claim })).leases;
    };
    for (let minute = 0; minute < 30; minute += 1) {
      await past.enqueueMany("scan", [1, 2], { queue: "scans" });
      const leases = await exchange([], 2);
      clock.advance(10_000);
      const outcome = { kind: "complete", result: null } as const;
      const measured = { task: "scan", wait: 0, run: 10_000 };
      await exchange(
        leases.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome, measured })),
        0,
      );
      clock.advance(50_000);
    }
    await engine.closeSession({ session, queues: ["scans"] });
    await past.close();
    const scan = task("scan", { queue: "scans" }, () => null);
    await longshore.worker([scan], { concurrency: 1 }).ready();
    const { stdout } = await inProcess(["capacity", "--target-wait", "1s", ...flags]);
    const [head, row, , sentence] = stdout.split("\n");
    expect(head).toMatch(/^QUEUE +RUNS\/MIN +PEAK +RUN +BUSY +SLOTS +NEEDED +WORKERS +NEEDED +WAIT P95 +AT PEAK$/);
    expect(row).toMatch(/^scans +(?:1\.9|2\.\d) +2\.\d +10\.0s +3\d % +1 +\d +1 +\d +[\d.]+s +[\d.]+s$/);
    expect(sentence).toMatch(
      /^queue scans: .* runs a minute .* of 10s each, its 1 slot is 3\d % busy; \d slots \(\d workers like those\) are needed/,
    );
  });

  it("exits with 3 for a queue that does not exist", async () => {
    const { code, stdout, stderr } = await inProcess(["capacity", "scasn", ...flags]);
    expect([code, stdout, stderr]).toEqual([3, "", 'error: queue "scasn" does not exist\n']);
  });

  it.each([
    ["--target-wait", "soon"],
    ["--window", "3w"],
  ])("refuses %s %s", async (flag, value) => {
    const { code, stderr } = await inProcess(["capacity", flag, value, ...flags]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(flag.slice(2))]);
  });
});

describe("smoke", () => {
  it("runs a job with a worker of its own, and leaves nothing behind", async () => {
    const { code, result } = await smoke();
    expect(code).toBe(0);
    expect(result).toMatchObject({ ok: true, pid: process.pid, problem: null });
    for (const time of ["enqueue", "wait", "run", "total"] as const) expect(result[time]).toBeGreaterThanOrEqual(0);
    expect(await longshore.queues({ system: true })).toEqual([]);
    expect(await longshore.workers()).toEqual([]);
    expect((await inProcess(["smoke", ...flags])).stdout).toMatch(
      /^OK +a worker of this command ran a job .*\n +enqueued +[\d.]+ ms\n +leased +\d+ ms\n +completed +\d+ ms\n$/,
    );
  });

  it("creates a file that is not there, as a worker would", async () => {
    const fresh = join(folder, "fresh.db");
    expect((await inProcess(["smoke", "--url", `sqlite:${fresh}`])).code).toBe(0);
  });

  it("sees a worker that is deployed take a job, ahead of those that wait", async () => {
    await longshore.queue("jobs").pause();
    const worker = new Running([
      "worker",
      "jobs",
      "--tasks",
      tasksFile,
      "--name",
      "deployed",
      "--concurrency",
      "1",
      ...flags,
    ]);
    onTestFinished(async () => {
      worker.signal("SIGTERM");
      await worker.ended;
    });
    await expect.poll(async () => (await longshore.workers()).map(({ name }) => name)).toEqual(["deployed"]);
    await longshore.queue("jobs").resume();
    const { code, result } = await smoke("--queue", "jobs");
    expect(code).toBe(0);
    expect(result).toMatchObject({ ok: true, queue: "jobs", worker: "deployed", pid: worker.child.pid });
    expect(await longshore.job(result.jobId ?? "none")).toBeNull();
  });

  it("fails, says why, and takes its job back when no worker does", async () => {
    await longshore.worker([task("scan", { queue: "scans" }, () => null)]).ready();
    await longshore.queue("scans").pause();
    const { code, result } = await smoke("--queue", "scans", "--timeout", "300ms");
    expect(code).toBe(1);
    expect(result).toMatchObject({ ok: false, worker: null, wait: null });
    expect(result.problem).toMatch(/^it has not ended within 300ms\. Queue scans is paused/);
    expect((await longshore.queue("scans").counts()).queued).toBe(0);
    const { code: again, stdout } = await inProcess(["smoke", "--queue", "scans", "--timeout", "200ms", ...flags]);
    expect([again, stdout]).toEqual([1, expect.stringMatching(/^FAILED +job .* of queue scans was not run: /)]);
  });

  it("enqueues nothing where no worker serves the queue, and exits with 3 where there is no such queue", async () => {
    await longshore.enqueue("scan", null, { queue: "scans" });
    const { code, stdout } = await inProcess(["smoke", "--queue", "scans", "--timeout", "1ms", ...flags]);
    expect([code, stdout]).toEqual([
      1,
      "FAILED  nothing was enqueued in queue scans: No living worker serves queue scans.\n",
    ]);
    const unknown = await inProcess(["smoke", "--queue", "scasn", ...flags]);
    expect([unknown.code, unknown.stderr]).toEqual([3, 'error: queue "scasn" does not exist\n']);
    expect((await longshore.queues()).map(({ name }) => name)).toEqual(["scans"]);
  });

  it.each(["0", "5", "soon", "-1s"])("--timeout %s is a mistake that says what is missing", async (text) => {
    const { code, stderr } = await inProcess(["smoke", "--timeout", text, ...flags]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`--timeout: "${text}" is not allowed: a number with its unit`),
    ]);
  });
});
