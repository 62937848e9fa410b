// `longshore schedules`, on a SQLite file.
import { connect, type Longshore, type ScheduleSnapshot } from "longshore";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { moment } from "../../src/cli/terminal/time-text.js";
import { emptyFolder, inProcess, removeFolder, type CommandOptions, type Ended } from "./command.js";

let folder = "";
let jobs: Longshore;
let url = "";

beforeEach(async () => {
  folder = await emptyFolder();
  url = `sqlite:${join(folder, "jobs.db")}`;
  jobs = await connect(url);
});

afterEach(async () => {
  await jobs.close();
  await removeFolder(folder);
});

const run = (args: readonly string[], options?: CommandOptions): Promise<Ended> =>
  inProcess(["schedules", ...args, "--url", url], options);

async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await run([...args, "--json"]);
  if (stdout === "") throw new Error(stderr);
  const value: T = JSON.parse(stdout);
  return value;
}

const nightly = ["add", "nightly", "report", '{"days":1}', "--cron", "0 3 * * *", "--time-zone", "Europe/Berlin"];

describe("longshore schedules add", () => {
  test("adds a schedule, says when it is due, and changes the one with that name", async () => {
    const { code, stdout } = await run(nightly);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^nightly added, next \d{4}-/) });
    expect((await run(nightly)).stdout).toMatch(/^nightly unchanged, next /);
    expect((await run([...nightly, "--overlap", "skip"])).stdout).toMatch(/^nightly changed, next /);
    expect(await jobs.schedules.get("nightly")).toMatchObject({
      task: "report",
      input: { days: 1 },
      times: { type: "cron", cron: "0 3 * * *", timeZone: "Europe/Berlin" },
      overlap: "skip",
      queue: "default",
    });
  });

  test("takes everything a schedule may have, and its input from standard input", async () => {
    const flags = {
      "--every": "90s",
      "--anchor": "2026-01-01T00:00:10Z",
      "--catch-up": "all",
      "--overlap": "supersede",
      "--jitter": "30s",
      "--start": "2026-01-01T00:00:00Z",
      "--end": "2126-01-01T00:00:00Z",
      "--queue": "reports",
      "--priority": "-5",
      "--attempts": "7",
      "--timeout": "10m",
      "--ttl": "1h",
      "--tag": "team:ops",
    };
    const args = Object.entries(flags).map(([flag, value]) => `${flag}=${value}`);
    const { code } = await run(["add", "all", "report", "-", "--paused", ...args], { input: "[1]" });
    expect(code).toBe(0);
    expect(await jobs.schedules.get("all")).toMatchObject({
      input: [1],
      queue: "reports",
      times: { type: "interval", every: 90_000, anchor: Date.UTC(2026, 0, 1, 0, 0, 10) },
      catchUp: "all",
      overlap: "supersede",
      jitter: 30_000,
      start: Date.UTC(2026, 0, 1),
      end: Date.UTC(2126, 0, 1),
      paused: true,
    });
    const job = await jobs.schedules.run("all");
    expect(await (await jobs.job(job.id))?.refresh()).toMatchObject({
      priority: -5,
      attempts: 7,
      timeout: 600_000,
      ttl: 3_600_000,
      tags: ["team:ops", "schedule:all"],
    });
  });

  test.each([
    [["add", "x", "y"], /cron.*give either cron or every/],
    [["add", "x", "y", "--cron", "soon"], /cron: "soon".*5 fields/],
    [["add", "x", "y", "--every", "soon"], /--every: "soon"/],
    [["add", "x", "y", "--every", "5m", "--overlap", "no"], /overlap: "no".*allow, skip, supersede/],
    [["add", "x", "y", "{", "--every", "5m"], /input: "\{".*JSON/],
    [["add", "a b", "y", "--every", "5m"], /name: "a b"/],
  ])("%s is refused with what is wrong", async (args, message) => {
    const { code, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
    expect(await jobs.schedules.list()).toEqual([]);
  });
});

describe("longshore schedules", () => {
  beforeEach(async () => {
    // Noon in Berlin.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 15, 11) });
    await run(nightly);
    await jobs.schedules.put({ name: "poll", task: "poll", every: "90s", options: { queue: "feeds" } });
  });

  afterEach(() => void vi.useRealTimers());

  test("lists them in a table, those of one queue, or those named in full with their next five times", async () => {
    await jobs.schedules.pause("poll");
    const { stdout } = await run([]);
    expect(stdout).toMatch(/^NAME +QUEUE +TASK +WHEN +NEXT +LAST JOB\n/);
    expect(stdout).toMatch(/nightly +default +report +0 3 \* \* \* Europe\/Berlin +in 15h +-\n/);
    expect(stdout).toMatch(/poll +feeds +poll +every 90s +paused +-\n/);
    expect((await run(["list", "--queue", "feeds"])).stdout).not.toMatch(/nightly/);
    const full = (await run(["list", "nightly"])).stdout;
    expect(full).toMatch(/^nightly {2}in 15h\n/);
    for (const day of [16, 17, 18, 19, 20]) expect(full).toContain(`${moment(Date.UTC(2026, 0, day, 2))}  in `);
    expect(full).toMatch(/input +\{"days":1\}\n/);
  });

  test("lists them as JSON, with their next five times", async () => {
    const all = await json<ScheduleSnapshot[]>("list");
    expect(all).toMatchObject([
      { name: "nightly", next: { length: 5 } },
      { name: "poll", queue: "feeds", paused: false },
    ]);
    expect(await json<ScheduleSnapshot[]>("list", "poll")).toMatchObject([{ name: "poll" }]);
  });

  test("says so when there are none, or none of that name", async () => {
    expect(await run(["list", "none"])).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/"none" does not exist/),
    });
    await jobs.schedules.remove("poll");
    expect(await run(["--queue", "feeds"])).toMatchObject({ code: 0, stderr: "There are no schedules.\n" });
  });

  test("pauses and resumes them, each for itself", async () => {
    const { code, stdout, stderr } = await run(["pause", "poll", "none", "nightly"]);
    expect({ code, stdout, stderr }).toEqual({
      code: 3,
      stdout: "poll paused\nnightly paused\n",
      stderr: 'error: schedule "none" does not exist\n',
    });
    expect(await jobs.schedules.list()).toMatchObject([{ paused: true }, { paused: true }]);
    expect(await json("resume", "poll", "none")).toMatchObject([
      { name: "poll", ok: true },
      { name: "none", ok: false, error: { code: "SCHEDULE_NOT_FOUND" } },
    ]);
    expect(await jobs.schedules.get("poll")).toMatchObject({ paused: false });
  });

  test("runs one now and prints the id of its job", async () => {
    const { code, stdout } = await run(["run", "nightly"]);
    expect(code).toBe(0);
    expect(await (await jobs.job(stdout.trim()))?.refresh()).toMatchObject({ task: "report", state: "queued" });
    expect(await json("run", "nightly")).toMatchObject([{ name: "nightly", ok: true, job: expect.any(String) }]);
  });

  test("removes them when that is confirmed", async () => {
    expect(await run(["remove", "nightly"])).toMatchObject({ code: 4, stderr: expect.stringMatching(/--yes/) });
    expect(await jobs.schedules.list()).toHaveLength(2);
    expect(await run(["remove", "nightly", "--yes"])).toMatchObject({ code: 0, stdout: "nightly removed\n" });
    expect(await run(["remove", "nightly", "-y"])).toMatchObject({ code: 3 });
    expect(await json("remove", "poll", "--yes")).toEqual([{ name: "poll", ok: true }]);
    expect(await jobs.schedules.list()).toEqual([]);
  });
});
