// `longshore failed`: the causes of failures in a table and as JSON, what is said and done about one, and failed jobs by flags.
import { connect, task, type Longshore } from "longshore";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { filedJobs } from "../../src/cli/views/failure-table.js";
import { emptyFolder, inProcess, removeFolder, type Ended } from "./command.js";

const broken = (name: string, queue: string) =>
  task(name, { queue, attempts: 1 }, ({ input }: { input: { url: string } }) => {
    throw new TypeError(`cannot scan ${input.url}`);
  });
const scan = broken("scan", "scans");
const index = broken("index", "indexes");
const rank = broken("rank", "indexes");

let folder = "";
let flags: string[] = [];
let jobs: Longshore;
let rounds = 0;

const engines: Record<string, () => Promise<Longshore>> = {
  sqlite: async () => {
    const url = `sqlite:${join(folder, `${rounds}.db`)}`;
    flags = ["--url", url];
    return connect(url);
  },
  redis: async () => {
    const url = inject("redisUrl");
    const prefix = `failed-${process.pid}-${rounds}`;
    flags = ["--url", url, "--prefix", prefix];
    return connect({ engine: "redis", url, prefix });
  },
};

const run = (...args: string[]): Promise<Ended> => inProcess([...args, ...flags]);

async function json(...args: string[]): Promise<unknown> {
  const { stdout, stderr } = await run(...args, "--json");
  if (stdout === "") throw new Error(stderr);
  const value: unknown = JSON.parse(stdout);
  return value;
}

/** Three jobs of `scan` that failed, and the fingerprint of their error. */
async function fail(): Promise<{ ids: string[]; fingerprint: string }> {
  const urls = ["https://a.example", "https://b.example", "https://c.example"];
  const handles = await jobs.enqueueMany(
    scan,
    urls.map((url) => ({ url })),
  );
  await drain();
  const [first] = await Promise.all(handles.map((handle) => handle.refresh()));
  return { ids: handles.map(({ id }) => id), fingerprint: first?.error?.fingerprint ?? "" };
}

async function drain(): Promise<void> {
  await jobs.worker([scan, index, rank], { burst: true }).finished;
}

const stateOf = async (id: string): Promise<string | undefined> => (await (await jobs.job(id))?.refresh())?.state;

afterAll(() => removeFolder(folder));

describe.each(Object.keys(engines))("on %s", (engine) => {
  beforeEach(async () => {
    if (folder === "") folder = await emptyFolder();
    rounds += 1;
    const open = engines[engine];
    if (open === undefined) throw new Error(`there is no engine called ${engine}`);
    jobs = await open();
    // Nothing to look at is no error.
    await jobs.enqueue("never", null, { queue: "others" });
  });

  afterEach(async () => {
    for (const { name } of await jobs.queues({ system: true })) await jobs.queue(name).obliterate({ force: true });
    await jobs.close();
  });

  test("failed says that more jobs are filed than a list counts", async () => {
    await jobs.enqueueMany(
      scan,
      Array.from({ length: 1_001 }, () => ({ url: "https://a.example" })),
    );
    await drain();
    expect((await run("failed")).stdout).toMatch(/ open +1001 +1000\+ +scan /);
  });

  test("failed lists the causes, with what most failures have in common above", async () => {
    expect(await run("failed")).toMatchObject({ code: 0, stdout: "", stderr: "No failures.\n" });
    const { fingerprint } = await fail();
    const { stdout, stderr } = await run("failed", "--groups");
    expect(stdout).toMatch(/^FINGERPRINT +STATE +RUNS +FILED +TASKS +LAST +ERROR$/m);
    expect(stdout).toMatch(
      new RegExp(`^${fingerprint} +open +3 +3 +scan +\\S.* +TypeError: cannot scan https://[abc]\\.example$`, "m"),
    );
    expect(stdout).not.toContain("Shared cause");
    expect(stderr).toContain("longshore jobs --state failed --fingerprint FINGERPRINT");

    for (const one of [index, rank]) await jobs.enqueue(one, { url: "https://d.example" });
    await drain();
    expect((await run("failed")).stdout).toMatch(
      new RegExp(
        `^Shared cause ${fingerprint}: 5 of the last 5 failed runs, of 3 tasks, ended with "TypeError: cannot scan https://d.example": look for`,
      ),
    );
    expect(await json("failed", "--groups")).toMatchObject({
      groups: [{ fingerprint, runs: 5, filed: 5, state: "open", queues: [{ queue: "indexes" }, { queue: "scans" }] }],
      cursor: null,
      sharedCauses: [{ fingerprint, runs: 5, of: 5 }],
    });
    expect(await json("failed", "--queue", "scans")).toMatchObject({ groups: [{ runs: 3 }], sharedCauses: [] });
    expect(await json("failed", "--task", "never")).toMatchObject({ groups: [] });
    expect(await json("failed", "--state", "resolved")).toMatchObject({ groups: [] });
  });

  test("failed acknowledge, resolve and reopen say what is thought of a cause, and who thinks so", async () => {
    const { fingerprint } = await fail();
    const { code, stdout } = await run("failed", "acknowledge", fingerprint, "--by", "ada");
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(`^${fingerprint} is acknowledged: TypeError: cannot scan`),
    ]);
    expect(await json("failed", "resolve", fingerprint, "--by", "bob")).toMatchObject({
      state: "resolved",
      changedBy: "bob",
    });
    expect(await json("failed", "--state", "resolved")).toMatchObject({ groups: [{ fingerprint }] });
    expect((await run("failed", "reopen", fingerprint)).stdout).toMatch(`${fingerprint} is open`);
    const nowhere = await run("failed", "resolve", "0123456789abc");
    expect([nowhere.code, nowhere.stderr]).toEqual([
      3,
      expect.stringMatching(/^error: no failures with the fingerprint/),
    ]);
  });

  test("failed retry and discard do it to all jobs of a cause, as a bulk job", async () => {
    const { ids, fingerprint } = await fail();
    const worker = jobs.worker([task("idle", { queue: "idle" }, () => 1)]);
    const ended = (answer: unknown): Promise<unknown> =>
      jobs
        .queue("longshore:bulk")
        .job((answer as { id: string }).id)
        .result();
    const retried = await json("failed", "retry", fingerprint, "--by", "ada");
    expect(retried).toMatchObject({ id: expect.any(String), filed: 3 });
    expect(await ended(retried)).toMatchObject({ matched: 3, applied: 3 });
    expect(await Promise.all(ids.map(stateOf))).toEqual(["queued", "queued", "queued"]);
    expect(await json("failed")).toMatchObject({ groups: [{ state: "resolved", changedBy: "ada", filed: 0 }] });
    await drain();
    expect(await json("failed")).toMatchObject({ groups: [{ state: "regressed", filed: 3, runs: 6 }] });

    const unsure = await run("failed", "discard", fingerprint);
    expect([unsure.code, unsure.stderr]).toEqual([4, expect.stringContaining("would remove 3 failed jobs")]);
    expect(await ended(await json("failed", "discard", fingerprint, "--yes"))).toMatchObject({ applied: 3 });
    expect(await Promise.all(ids.map(stateOf))).toEqual([undefined, undefined, undefined]);
    await worker.stop();
  });

  test("failed retry and clear take queue, cause and age, and act at once", async () => {
    const { ids, fingerprint } = await fail();
    expect(await json("failed", "clear", "--older-than", "1h", "--yes")).toEqual({ applied: 0 });
    expect(await json("retry", "--fingerprint", fingerprint, "--since", "1h")).toMatchObject({ applied: 3 });
    expect(await Promise.all(ids.map(stateOf))).toEqual(["queued", "queued", "queued"]);
    await drain();
    expect(await json("failed", "retry", "--queue", "scans", "--older-than", "0s")).toEqual({ applied: 3 });
    await drain();
    expect((await run("failed", "clear")).code).toBe(4);
    expect((await run("failed", "clear", "--queue", "scans", "--yes")).stdout).toBe("3 failed jobs removed\n");
    expect(await Promise.all(ids.map(stateOf))).toEqual([undefined, undefined, undefined]);
  });
});

test("what is asked before jobs of a cause are removed does not name fewer than will be", () => {
  expect(filedJobs({ filed: 10_003, queues: [{ filed: 3 }, { filed: 10_000 }] }, "failed")).toBe(
    "at least 10003 failed jobs",
  );
  expect(filedJobs({ filed: 12_000, queues: [{ filed: 6_000 }, { filed: 6_000 }] }, "failed")).toBe(
    "12000 failed jobs",
  );
});
