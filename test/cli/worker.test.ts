// `longshore worker` as a process: what it logs, when it stops, and what becomes of the jobs it leaves.
import { connect, type Longshore } from "longshore";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Ended, emptyFolder, linesOf, longshore, removeFolder, Running, tasksFile } from "./command.js";

let folder = "";
let url = "";
let jobs: Longshore;
let files = 0;

beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => removeFolder(folder));
beforeEach(async () => {
  url = `sqlite:${join(folder, `${(files += 1)}.db`)}`;
  jobs = await connect(url);
});
afterEach(() => jobs.close());

const worker = (...args: string[]): Running => new Running(["worker", ...args, "--tasks", tasksFile, "--url", url]);

test("--burst runs what is queued and ends with 0; the log is JSON lines without inputs", async () => {
  const good = await jobs.enqueue("scan", { url: "https://private.example" }, { queue: "scans" });
  const bad = await jobs.enqueue("scan", { url: "x", broken: true }, { queue: "scans", attempts: 1 });
  const { code, stdout } = await worker("--burst", "--name", "worker-1", "--concurrency", "1").ended;
  expect(code).toBe(0);
  const lines = linesOf(stdout);
  const facts = { name: "worker-1", queues: ["holds", "records", "scans"], concurrency: 1, url };
  expect(lines[0]).toMatchObject({ level: "info", message: "Worker started", ...facts });
  expect(lines.filter(({ job }) => job === good.id)).toMatchObject([
    { level: "info", message: "Job started", task: "scan", queue: "scans" },
    { level: "info", message: "Job completed", attempt: 1, durationMs: expect.any(Number) },
  ]);
  expect(lines.filter(({ job }) => job === bad.id)).toMatchObject([
    { level: "info", message: "Job started" },
    { level: "error", message: "Job failed", error: { name: "TypeError" } },
  ]);
  expect(lines.at(-1)).toMatchObject({ level: "info", message: "Worker stopped", completed: 1, failed: 1 });
  expect(stdout).not.toContain("private.example");
  expect(await good.result()).toEqual({ length: 23 });
});

test("as text, lines begin with the job's id, and stored text cannot move the cursor", async () => {
  const { id } = await jobs.enqueue("scan", { url: "x", broken: true }, { queue: "scans", attempts: 1 });
  const { stdout } = await worker("--burst", "--log-format", "text").ended;
  expect(stdout).toMatch(/INFO {2}Worker started .*queues=holds,records,scans .*url=sqlite:/);
  expect(stdout).toMatch(new RegExp(`ERROR \\[${id}\\] Job failed: TypeError: the page is broken.*duration=\\d+ms`));
  expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
});

test("--quiet leaves out what went well", async () => {
  await jobs.enqueue("scan", { url: "x" }, { queue: "scans" });
  expect((await worker("--burst", "--quiet").ended).stdout).toBe("");
});

test("--max-jobs stops after so many runs", async () => {
  await jobs.enqueueMany("scan", [{ url: "a" }, { url: "b" }, { url: "c" }], { queue: "scans" });
  expect((await worker("--max-jobs", "2").ended).code).toBe(0);
  expect(await jobs.queue("scans").counts()).toMatchObject({ completed: 2, queued: 1 });
});

test("--max-idle stops after so long without work", async () => {
  expect((await worker("--max-idle", "50ms").ended).code).toBe(0);
});

test("--max-rss stops after a run in a process that is over it, and says so", async () => {
  const inputs = Array.from({ length: 100 }, () => ({ ms: 100 }));
  await jobs.enqueueMany("hold", inputs, { queue: "holds" });
  const { code, stdout } = await worker("--max-rss", "10MB", "--concurrency", "1").ended;
  expect(code).toBe(0);
  expect(linesOf(stdout).filter(({ message }) => message === "Worker stopping")).toMatchObject([
    { level: "info", reason: "maxRss", rss: expect.stringMatching(/^\d+MB$/) },
  ]);
  // The next may have been leased together with the end of the one before; most were not, and none was lost.
  const { completed, queued } = await jobs.queue("holds").counts();
  expect(completed).toBeGreaterThan(0);
  expect(queued).toBeGreaterThan(50);
  expect(completed + queued).toBe(100);
});

test("--concurrency auto says what it chose, and why", async () => {
  const [started] = linesOf((await worker("--burst", "--concurrency", "auto").ended).stdout);
  expect(started).toMatchObject({ concurrencyReason: expect.stringMatching(/^auto: \d+ cores?, \d+ (GB|MB)$/) });
  expect(started?.["concurrency"]).toBeGreaterThan(0);
});

test("serves only the queues it is given, and takes --with-scheduler", async () => {
  await jobs.enqueue("scan", { url: "a" }, { queue: "scans" });
  await jobs.enqueue("scan", { url: "b" }, { queue: "other" });
  const running = worker("other,holds", "--with-scheduler", "--burst");
  expect(linesOf((await running.ended).stdout)[0]).toMatchObject({ queues: ["other", "holds"] });
  expect(await jobs.queue("scans").getWaitingCount()).toBe(1);
  expect(await jobs.queue("other").getCompletedCount()).toBe(1);
});

test("--tasks-root says where the modules of tasks are, and only there", async () => {
  const file = fileURLToPath(new URL("child-tasks.mjs", import.meta.url));
  const run = (...more: string[]): Promise<Ended> =>
    longshore(["worker", "--burst", "--tasks", file, "--url", url, ...more], { cwd: folder });
  const first = await jobs.enqueue("away", 1, { queue: "aways" });
  expect((await run()).code).toBe(0);
  expect(await first.refresh()).toMatchObject({ state: "queued", attempt: 0, history: [{ outcome: "declined" }] });

  const second = await jobs.enqueue("away", 2, { queue: "aways" });
  const { code, stdout } = await run("--tasks-root", join(file, ".."));
  expect(code).toBe(0);
  expect(stdout).toContain("Job completed");
  expect(await first.result()).toEqual({ input: 1, pid: expect.any(Number) });
  expect(await second.result()).toEqual({ input: 2, pid: expect.any(Number) });

  const refused = await run("--tasks-root", join(folder, "nowhere"));
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("--tasks-root");
});

test("jobs of a task that it does not know are left to others, and the log says so; --unknown-tasks ends their wait", async () => {
  const stranger = await jobs.enqueue("stranger", {}, { queue: "scans", attempts: 1 });
  const patient = await worker("--burst").ended;
  const warning = linesOf(patient.stdout).find(({ message }) => message === "Jobs left to other workers");
  expect(warning).toMatchObject({ level: "warn", task: "stranger", error: { code: "UNKNOWN_TASK" } });
  expect(await stranger.refresh()).toMatchObject({ state: "queued", attempt: 0 });

  const other = await jobs.enqueue("stranger", {}, { queue: "scans", attempts: 1 });
  expect((await worker("--burst", "--unknown-tasks", "0s").ended).code).toBe(0);
  expect(await other.refresh()).toMatchObject({ state: "failed", error: { code: "UNKNOWN_TASK" } });
});

test("info lists it while it lives, and not after", async () => {
  const running = worker("--name", "worker-1");
  await running.prints(/Worker started/);
  const listed = await longshore(["info", "--json", "--url", url]);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    workers: [{ name: "worker-1", pid: running.child.pid, running: 0 }],
  });
  running.signal("SIGINT");
  expect((await running.ended).code).toBe(0);
  expect(await jobs.workers()).toEqual([]);
});

test("SIGTERM: the running job ends first, then the worker, with 0", async () => {
  const until = join(folder, "may end");
  const job = await jobs.enqueue("hold", { until }, { queue: "holds" });
  const running = worker();
  await running.prints(/Job started/);
  running.signal("SIGTERM");
  await running.prints(/Worker stopping/);
  writeFileSync(until, "");
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/Worker stopping.*"running":1/);
  expect((await job.refresh()).state).toBe("completed");
});

test("SIGTERM past --grace, and a second signal before it: the job goes back uncounted", async () => {
  for (const grace of ["50ms", "1h"]) {
    const job = await jobs.enqueue("hold", { ms: 600_000 }, { queue: "holds" });
    const running = worker("--grace", grace);
    await running.prints(/Job started/);
    running.signal("SIGTERM");
    if (grace === "1h") {
      await running.prints(/signal again/);
      await new Promise((resolve) => setTimeout(resolve, 400));
      running.signal("SIGTERM");
    }
    expect((await running.ended).code).toBe(0);
    expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0 });
    await job.cancel();
  }
});
