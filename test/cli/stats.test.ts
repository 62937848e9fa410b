// `longshore stats`: what ended, drawn over time and added up by task, for people and as JSON.
import { connect, task } from "longshore";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sparkline } from "../../src/cli/terminal/sparkline.js";
import { emptyFolder, inProcess, removeFolder } from "./command.js";

let folder = "";
let flags: string[] = [];

beforeAll(async () => {
  folder = await emptyFolder();
  const url = `sqlite:${join(folder, "jobs.db")}`;
  flags = ["--url", url];
  const longshore = await connect(url);
  const scan = task("scan", { queue: "scans", attempts: 1 }, ({ input }: { input: number }) => {
    if (input === 0) throw new Error("nothing to scan");
  });
  await longshore.enqueueMany(scan, [0, 1, 2, 3]);
  await (await longshore.enqueue("other", null, { queue: "others" })).cancel();
  await longshore.worker([scan], { burst: true }).finished;
  await longshore.close();
});

afterAll(() => removeFolder(folder));

test("shows each task with its outcomes, and a line over time", async () => {
  const { code, stdout } = await inProcess(["stats", ...flags]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Since .*: 5 jobs ended, or runs of them\.$/m);
  expect(stdout).toMatch(/^ended .*█.*at most \d$/m);
  expect(stdout).toMatch(/^others +other +cancelled +1$/m);
  expect(stdout).toMatch(/^scans +scan +completed +3 +\d+ms/m);
  expect(stdout).toMatch(/^scans +scan +failed +1 +\d+ms/m);
});

test("looks at one queue, task and time when it is asked to, and answers in JSON", async () => {
  const { stdout } = await inProcess([
    "stats",
    "--task",
    "scan",
    "--queue",
    "scans",
    "--since",
    "2h",
    "--step",
    "1h",
    "--json",
    ...flags,
  ]);
  const { points, ended } = JSON.parse(stdout) as {
    points: { count: number }[];
    ended: { outcome: string; count: number }[];
  };
  expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  expect(ended.map(({ outcome, count }) => [outcome, count])).toEqual([
    ["completed", 3],
    ["failed", 1],
  ]);
});

test("says so when there is nothing", async () => {
  const { code, stderr } = await inProcess(["stats", "--queue", "empty", ...flags]);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^Nothing ended, waited or ran since/)]);
});

test.each([
  ["--since", "tomorrow"],
  ["--step", "90s"],
  ["--queue", "no name"],
])("refuses %s %s", async (flag, value) => {
  const { code, stderr } = await inProcess(["stats", flag, value, ...flags]);
  expect(code).not.toBe(0);
  expect(stderr).toContain(value);
});

test("a line of blocks has the largest number as a full one, and room for sixty", () => {
  expect(sparkline([0, 1, 4, 8])).toBe(" ▁▄█");
  expect(sparkline([])).toBe("");
  expect(sparkline(Array.from({ length: 1_000 }, (_, index) => index)).length).toBeLessThanOrEqual(60);
});
