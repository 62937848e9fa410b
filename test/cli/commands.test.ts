// The commands that enqueue, show and command jobs, on a SQLite file and on Redis.
import { connect, task, type Longshore } from "longshore";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { emptyFolder, inProcess, longshore, removeFolder, Running, tasksFile, type Ended } from "./command.js";

const broken = task("scan", { queue: "scans", attempts: 1 }, ({ input }: { input: { url: string } }) => {
  throw new TypeError(`cannot scan ${input.url}`);
});

let folder = "";
let flags: string[] = [];
let jobs: Longshore;
let rounds = 0;

async function openSqlite(): Promise<Longshore> {
  const url = `sqlite:${join(folder, `${rounds}.db`)}`;
  flags = ["--url", url];
  return connect(url);
}

async function openRedis(): Promise<Longshore> {
  const url = inject("redisUrl");
  const prefix = `cli-${process.pid}-${rounds}`;
  flags = ["--url", url, "--prefix", prefix];
  return connect({ engine: "redis", url, prefix });
}

const engines = [
  { engine: "sqlite", open: openSqlite },
  { engine: "redis", open: openRedis },
];

const run = (...args: string[]): Promise<Ended> => inProcess([...args, ...flags]);

async function json(...args: string[]): Promise<unknown> {
  const { stdout, stderr } = await run(...args, "--json");
  if (stdout === "") throw new Error(stderr);
  const value: unknown = JSON.parse(stdout);
  return value;
}

/** Jobs that failed, and the fingerprint of their error. */
async function fail(...urls: string[]): Promise<{ ids: string[]; fingerprint: string }> {
  const handles = await jobs.enqueueMany(
    broken,
    urls.map((url) => ({ url })),
  );
  const worker = jobs.worker([broken], { burst: true });
  await worker.finished;
  const snapshots = await Promise.all(handles.map((handle) => handle.refresh()));
  return { ids: handles.map(({ id }) => id), fingerprint: snapshots[0]?.error?.fingerprint ?? "" };
}

const stateOf = async (id: string): Promise<string | undefined> => (await (await jobs.job(id))?.refresh())?.state;

afterAll(() => removeFolder(folder));

async function begin(open: () => Promise<Longshore>): Promise<void> {
  if (folder === "") folder = await emptyFolder();
  rounds += 1;
  jobs = await open();
}

async function end(): Promise<void> {
  for (const { name } of await jobs.queues()) await jobs.queue(name).obliterate({ force: true });
  await jobs.close();
}

describe.each(engines)("on $engine", ({ engine, open }) => {
  beforeEach(() => begin(open));
  afterEach(end);

  test("why says what stands in the way of a job, in words and as data", async () => {
    const job = await jobs.enqueue(broken, { url: "http://a.example/" });
    await jobs.queue("scans").pause();
    const { code, stdout } = await run("why", job.id);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Queue scans is paused, for \d+\w+ now\.\nNo living worker serves queue scans\.\n$/);
    expect(await json("why", job.id)).toMatchObject({
      queue: "scans",
      id: job.id,
      reasons: [{ kind: "paused" }, { kind: "no-worker" }],
    });
    expect((await run("why", "nowhere")).code).not.toBe(0);
  });

  test("ping answers with the latency and what survives a crash", async () => {
    const { code, stdout } = await run("ping");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PONG {2}[\d.]+ ms .*persistence: /);
    expect(await json("ping")).toMatchObject({ ok: true, engine, latencyMs: expect.any(Number) });
  });

  test("enqueue --wait prints the result, or says how the job ended with exit code 1", async () => {
    const worker = longshore(["worker", "--tasks", tasksFile, "--max-jobs", "2", ...flags]);
    const good = await run("enqueue", "scan", '{"url":"abc"}', "--queue", "scans", "--wait");
    expect(good.code).toBe(0);
    expect(good.stdout).toMatch(/^\w{20}\n\{\n {2}"length": 3\n\}\n$/);
    const bad = await run(
      "enqueue",
      "scan",
      '{"broken":true}',
      "--queue",
      "scans",
      "--attempts",
      "1",
      "--wait",
      "--json",
    );
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({ state: "failed", result: null, error: { name: "TypeError" } });
    expect((await worker).code).toBe(0);
  });

  test("info shows counts and says that jobs wait without a worker", async () => {
    await jobs.enqueueMany("scan", [{}, {}], { queue: "scans" });
    await jobs.enqueue("mail", {}, { queue: "mails", delay: "1h" });
    expect(await json("info")).toMatchObject({
      engine: { kind: engine },
      queues: [
        { name: "mails", paused: false, workers: 0, counts: { delayed: 1, queued: 0 } },
        { name: "scans", paused: false, workers: 0, counts: { delayed: 0, queued: 2 } },
      ],
      workers: [],
      problems: [expect.stringMatching(/scans has 2 jobs waiting and no worker/)],
    });
    const { stdout } = await run("info", "scans");
    expect(stdout).toMatch(/QUEUE +.*QUEUED/);
    expect(stdout).toMatch(/scans +0 +2 /);
    expect(stdout).not.toContain("mails");
    expect((await run("info", "nope")).code).toBe(3);
  });

  test("info says which jobs lost their worker, while no other is there to take them over", async () => {
    await jobs.enqueueMany("hold", [{ ms: 600_000 }, { ms: 600_000 }], { queue: "holds" });
    const worker = new Running(["worker", "--tasks", tasksFile, "--concurrency", "1", "--lease", "1s", ...flags]);
    await worker.prints(/Job started/);
    expect(await json("info")).toMatchObject({ problems: [] });
    worker.signal("SIGKILL");
    await worker.ended;
    await expect.poll(() => jobs.workers()).toMatchObject([{ liveness: "lost", running: 1 }]);
    const gone = new RegExp(
      `^worker .*, process ${worker.child.pid}\\) holds 1 job and has given no sign of life for .*; its lease has lapsed, and`,
    );
    expect(await json("info")).toMatchObject({
      workers: [{ liveness: "lost", pid: worker.child.pid }],
      problems: [
        expect.stringMatching(gone),
        expect.stringMatching(/^queue holds has [12] jobs? of workers that are gone.*takes them over/),
      ],
    });
    await run("pause", "holds");
    const { problems } = (await json("info")) as { problems: string[] };
    expect(problems).toEqual([
      expect.stringMatching(gone),
      expect.stringMatching(
        /^queue holds is paused and has [12] jobs? of workers.*: longshore resume holds, then longshore worker/,
      ),
    ]);
  });

  test("info says which jobs wait for the code of their task, and whether a worker says to have it", async () => {
    const worker = jobs.worker([task("old", { queue: "scans" }, () => 1)]);
    worker.on("unknown", () => {});
    await jobs.enqueueMany("new", [{}, {}, {}], { queue: "scans" });
    await expect.poll(async () => (await jobs.aside())[0]?.jobs).toBe(3);
    expect(await json("info")).toMatchObject({
      aside: [{ queue: "scans", task: "new", jobs: 3, since: expect.stringMatching(/^20\d\d-.*Z$/) }],
      workers: [{ tasks: [{ name: "old" }] }],
      problems: [
        expect.stringMatching(/^queue scans: 3 jobs of task new have waited \S+: no worker here knows that task$/),
      ],
    });
    expect((await run("info")).stdout).toMatch(/! queue scans: 3 jobs of task new have waited/);
  });

  test("jobs takes every filter, each also negated, and search finds jobs by what is known of them", async () => {
    const { ids, fingerprint } = await fail("https://a.example/", "https://b.example/");
    await jobs.enqueue(
      "mail",
      {},
      { id: "mail-1", queue: "mails", delay: "1h", priority: 5, tags: ["user:42", "team:a"] },
    );
    const count = async (...args: string[]): Promise<string> => (await run("jobs", "--count", ...args)).stdout.trim();

    for (const [wanted, ...args] of [
      ["3", "--queues", "scans,mails"],
      ["1", "--tasks", "mail,none"],
      ["1", "--tags", "user:42,team:a"],
      ["1", "--priority", "1..9"],
      ["2", "--priority", "0"],
      ["2", "--attempt", "1.."],
      ["1", "--error", "CANNOT SCAN https://a"],
      ["1", "--id-prefix", "mail-"],
      ["3", "--without-worker"],
      ["0", "--flow", "none"],
      ["0", "--role", "flow"],
      ["0", "--schedule", "none"],
      ["2", "--finished-since", "1h"],
      ["0", "--started-until", "1h"],
      ["2", "--not", "task=mail"],
      ["1", "--not", "state=failed"],
      ["0", "--not", "queue=mails", "--not", `fingerprint=${fingerprint}`],
      ["0", "--not", "without-worker"],
    ]) {
      expect([args, await count(...args)]).toEqual([args, wanted]);
    }
    expect(await json("jobs", "--facets", "--state", "failed")).toMatchObject({
      count: 2,
      errors: [{ value: fingerprint, count: 2 }],
    });
    expect((await run("jobs", "--facets")).stdout).toMatch(/^OF +JOBS\nstate +2 +failed\n/);
    const inputs = (await json("jobs", "--task", "mail", "--fields", "input")) as { jobs: object[] };
    expect(inputs.jobs).toEqual([expect.objectContaining({ id: "mail-1", input: {} })]);

    const found = async (text: string): Promise<string[]> =>
      ((await json("search", text)) as { jobs: { id: string }[] }).jobs.map(({ id }) => id);
    expect(await found("mail-1")).toEqual(["mail-1"]);
    expect(await found("user:42")).toEqual(["mail-1"]);
    expect(await found("ail-")).toEqual(["mail-1"]);
    expect(new Set(await found("scan"))).toEqual(new Set(ids));
    expect(await found("scan https://b")).toEqual([ids[1]]);
    expect((await run("search", "nowhere")).stderr).toMatch(/No jobs match/);
  });

  test("jobs lists by filter, page by page, and counts", async () => {
    await jobs.enqueueMany("scan", [{}, {}, {}], { queue: "scans", tags: ["user:42"] });
    await jobs.enqueue("mail", {}, { queue: "mails", delay: "1h" });
    const first = (await json("jobs", "--queue", "scans", "--limit", "2")) as {
      jobs: { id: string }[];
      cursor: string;
    };
    const rest = (await json("jobs", "--queue", "scans", "--cursor", first.cursor)) as typeof first;
    expect(new Set([...first.jobs, ...rest.jobs].map(({ id }) => id)).size).toBe(3);
    expect(rest.cursor).toBeNull();
    expect((await run("jobs", "--state", "delayed,active")).stdout).toMatch(/^ID .*\n\w+ +mails +mail +delayed .*\n$/);
    expect((await run("jobs", "--queue", "scans", "--state", "queued", "--count")).stdout).toBe("3\n");
    expect((await run("jobs", "--tag", "user:42", "--count")).stdout).toBe("3\n");
    expect((await run("jobs", "--until", "1h", "--count")).stdout).toBe("0\n");
  });

  test("job --watch follows a job to its end, as lines of JSON for scripts", async () => {
    const { id } = await jobs.enqueue("hold", { ms: 1 }, { queue: "holds" });
    const watching = longshore(["job", id, "--watch", "--json", ...flags]);
    await longshore(["worker", "--tasks", tasksFile, "--max-jobs", "1", ...flags]);
    const { code, stdout } = await watching;
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string; state?: string });
    expect(code).toBe(0);
    expect(events.filter(({ kind }) => kind === "state").at(-1)).toMatchObject({ state: "completed" });
    expect(events.at(-1)).toMatchObject({ kind: "end", job: { id, state: "completed" } });
  });
});

// What does not depend on the engine at all is tried on one of them.
describe("on any engine", () => {
  beforeEach(() => begin(openSqlite));
  afterEach(end);

  test("enqueue prints the id, with every option as the API has it", async () => {
    const args = ["enqueue", "scan", '{"url":"a"}', "--queue", "scans", "--delay", "1h", "--priority", "-5"];
    args.push("--retries", "4", "--timeout", "10s", "--ttl", "2h", "--tag", "user:42", "--tag", "a,b");
    args.push("--unique-key", "a", "--meta", '{"from":"cli"}');
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const job = await (await jobs.job(stdout.trim()))?.refresh();
    expect(job).toMatchObject({
      ...{ task: "scan", queue: "scans", state: "delayed", input: { url: "a" }, priority: -5, attempts: 5 },
      ...{ timeout: 10_000, ttl: 7_200_000, tags: ["user:42", "a,b"], meta: { from: "cli" } },
      unique: { key: "a", until: "finished", onConflict: "join" },
    });
    const again = await run(...args);
    expect(again.stdout).toBe(stdout);
    expect(again.stderr).toMatch(/unique key/);
  });

  test("enqueue reads an input from standard input, and takes an id and a time of your own", async () => {
    const args = ["enqueue", "scan", "-", "--id", "job_abc123", "--run-at", "2126-01-01T00:00:00Z", ...flags];
    expect((await inProcess(args, { input: '{"url":"piped"}' })).stdout).toBe("job_abc123\n");
    const runAt = Date.UTC(2126, 0, 1);
    expect(await (await jobs.job("job_abc123"))?.refresh()).toMatchObject({
      queue: "default",
      input: { url: "piped" },
      runAt,
    });
  });

  test("job shows attempts, error, progress and log", async () => {
    const worker = longshore(["worker", "--tasks", tasksFile, "--burst", ...flags]);
    const { id } = await jobs.enqueue("scan", { url: "abc", broken: true }, { queue: "scans", attempts: 1 });
    await worker;
    const { code, stdout } = await run("job", id);
    expect(code).toBe(0);
    expect(stdout).toMatch(/TypeError: the page is broken/);
    expect(stdout).toMatch(/50 % {2}half way/);
    expect(stdout).toMatch(/info {3}looking at abc/);
    expect(stdout).toMatch(/1 +failed +\d{4}-/);
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(await json("job", id)).toMatchObject({ id, state: "failed", position: null, log: { dropped: 0 } });
    expect((await run("job", "nope")).code).toBe(3);
    expect((await run("job", id, "--queue", "elsewhere")).code).toBe(3);
  });

  test("retry by id goes on after one that cannot be, and says so with its exit code", async () => {
    const { ids } = await fail("a", "b");
    const [first = "", second = ""] = ids;
    const { code, stdout, stderr } = await run("retry", "nope", first, second, "--queue", "scans");
    expect(code).toBe(3);
    expect(stdout).toBe(`${first} retried\n${second} retried\n`);
    expect(stderr).toMatch(/job "nope" does not exist/);
    expect(await Promise.all(ids.map(stateOf))).toEqual(["queued", "queued"]);
    const again = await run("retry", first);
    expect(again.code).toBe(4);
    expect(again.stderr).toMatch(/it is queued/);
  });

  test("retry with another input, of one job", async () => {
    const { ids } = await fail("a", "b");
    const [first = "", second = ""] = ids;
    expect((await run("retry", first, second, "--input", "1")).stderr).toMatch(/--input is for one job/);
    expect((await run("retry", first, "--input", "{")).stderr).toMatch(/JSON/);
    expect(await Promise.all(ids.map(stateOf))).toEqual(["failed", "failed"]);
    expect((await run("retry", first, "--input", '{"url":"other"}')).stdout).toBe(`${first} retried\n`);
    expect(await (await jobs.job(first))?.refresh()).toMatchObject({ state: "queued", input: { url: "other" } });
  });

  test("cancel, promote, release and remove", async () => {
    const delayed = await jobs.enqueue("scan", {}, { queue: "scans", delay: "1h" });
    const held = await jobs.enqueue("scan", {}, { queue: "scans", hold: true });
    expect((await run("promote", delayed.id)).stdout).toBe(`${delayed.id} made ready\n`);
    expect(await json("release", held.id)).toEqual([{ id: held.id, ok: true }]);
    expect(await Promise.all([delayed.id, held.id].map(stateOf))).toEqual(["queued", "queued"]);
    const refused = await run("cancel", "--queue", "scans");
    expect(refused).toMatchObject({ code: 4, stdout: "" });
    expect(refused.stderr).toMatch(/would cancel jobs with queue=scans.*--yes/);
    expect((await run("cancel", delayed.id)).code).toBe(0);
    expect(await json("cancel", "--queue", "scans", "--yes")).toEqual({ matched: 1, applied: 1, skipped: 0 });
    expect(await Promise.all([delayed.id, held.id].map(stateOf))).toEqual(["cancelled", "cancelled"]);
    expect((await run("remove", held.id)).code).toBe(4);
    expect((await run("remove", held.id, "--yes")).code).toBe(0);
    expect((await run("remove", "--all", "--yes")).stdout).toBe("1 job removed\n");
    expect((await run("jobs", "--count")).stdout).toBe("0\n");
  });

  test("pause and resume; an unknown queue is reported as unknown", async () => {
    await jobs.enqueue("scan", {}, { queue: "scans" });
    expect((await run("pause", "scans")).stdout).toBe("Paused queue scans\n");
    expect(await jobs.queue("scans").isPaused()).toBe(true);
    expect((await run("info")).stdout).toMatch(/queue scans is paused and has 1 job waiting/);
    expect(await json("resume", "scans")).toEqual({ queue: "scans", paused: false });
    expect((await run("pause", "scnas")).stderr).toMatch(/no queue scnas yet; there are scans/);
  });

  test("empty removes what waits, with its data, when it is confirmed", async () => {
    const [queued, delayed] = await Promise.all([
      jobs.enqueue("scan", {}, { queue: "scans" }),
      jobs.enqueue("scan", {}, { queue: "scans", delay: "1h" }),
    ]);
    const { code, stderr } = await run("empty", "scans");
    expect(code).toBe(4);
    expect(stderr).toMatch(/would remove 1 queued job of queue scans.*--yes/);
    expect(await stateOf(queued.id)).toBe("queued");
    const emptied = await run("empty", "scans", "--yes");
    expect(emptied.stdout).toBe("Removed 1 job of queue scans\n");
    expect(emptied.stderr).toMatch(/1 delayed job left/);
    expect(await Promise.all([queued.id, delayed.id].map(stateOf))).toEqual([undefined, "delayed"]);
    expect(await json("empty", "scans", "--delayed", "--yes")).toEqual({ queue: "scans", removed: 1 });
  });

  test("obliterate removes a queue, while jobs run only by force", async () => {
    const { id } = await jobs.enqueue("hold", { ms: 60_000 }, { queue: "holds" });
    const hold = task("hold", { queue: "holds" }, ({ signal }) => {
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    });
    const worker = jobs.worker([hold]);
    await new Promise((resolve) => worker.once("active", resolve));
    const refused = await run("obliterate", "holds", "--yes");
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/running.*--force/);
    expect((await run("obliterate", "holds", "--yes", "--force")).code).toBe(0);
    expect(await stateOf(id)).toBeUndefined();
    await worker.stop();
  });
});
