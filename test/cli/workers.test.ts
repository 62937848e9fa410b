// `longshore workers`, on a SQLite file: the list, one in full, and commands to them.
import { connect, task, type Longshore } from "longshore";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeGate } from "../worker/fixtures/gate.js";
import { emptyFolder, inProcess, removeFolder, type Ended } from "./command.js";

let folder = "";
let jobs: Longshore;
let url = "";

beforeEach(async () => {
  folder = await emptyFolder();
  url = `sqlite:${join(folder, "jobs.db")}`;
  jobs = await connect(url, { appVersion: "2.1.0", environment: "staging" });
});

afterEach(async () => {
  await jobs.close();
  await removeFolder(folder);
});

const run = (...args: string[]): Promise<Ended> => inProcess([...args, "--url", url]);

async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await run(...args, "--json");
  if (stdout === "") throw new Error(stderr);
  const value: T = JSON.parse(stdout);
  return value;
}

test("lists workers, and shows one with its tasks and what it runs", async () => {
  expect((await run("workers")).stdout).toBe("No workers.\n");
  const gate = makeGate();
  const scan = task("scan", { version: "3", label: "Page scan", resultUrl: "/scans/{id}" }, () => gate.opened);
  await jobs.worker([scan], { name: "web-1", concurrency: 2, lease: "1s" }).ready();
  const job = await jobs.enqueue(scan, {});
  await expect.poll(async () => (await jobs.workers())[0]?.status?.busy).toBe(1);

  expect((await run("workers")).stdout).toMatch(/^web-1 +works +1\/2 +\d\S*MB .* 2\.1\.0 staging /m);
  const { stdout } = await run("workers", "list", "web-1");
  expect(stdout).toMatch(/^web-1 {2}works$/m);
  expect(stdout).toContain(`default/${job.id}  scan  since `);
  expect(stdout).toMatch(/^ {2}version +2\.1\.0$/m);
  expect(stdout).toMatch(/^scan +3 +Page scan +\/scans\/\{id\}$/m);
  expect(await json("workers")).toMatchObject([{ name: "web-1", status: { busy: 1, slots: [{ id: job.id }] } }]);
  gate.open();
  await job.result();
  expect((await run("job", job.id)).stdout).toMatch(/completed +.* 2\.1\.0 staging, task 3/);
});

test("commands workers and says once they have acknowledged it", async () => {
  const quick = task("quick", () => 1);
  const one = jobs.worker([quick], { name: "web-1" });
  await one.ready();
  await jobs.worker([quick], { name: "web-2" }).ready();
  const session = (await jobs.workers()).find(({ name }) => name === "web-1")?.session ?? "";

  expect((await run("workers", "quiet", "web-1")).stdout).toBe(`web-1 (${session}) is quiet\n`);
  expect((await run("workers")).stdout).toMatch(/^web-1 +quiet /m);
  expect(await json("info")).toMatchObject({
    problems: ["worker web-1 is quiet and takes no jobs: longshore workers resume web-1"],
  });
  expect((await run("workers", "list", session)).stdout).toMatch(/command +quiet, .*, acknowledged /);
  expect((await run("workers", "resume", session)).stdout).toBe(`web-1 (${session}) takes jobs again\n`);
  expect(await json("workers", "stop", "web-1")).toEqual([{ name: "web-1", session, acknowledged: true }]);
  await one.finished;
  expect((await jobs.workers()).map(({ name }) => name)).toEqual(["web-2"]);
});

test("commands none when one of them is not there", async () => {
  await jobs.worker([task("quick", () => 1)], { name: "web-1" }).ready();
  for (const command of ["list", "quiet", "resume", "stop"]) {
    const { code, stderr } = await run("workers", command, "web-1", "web-9");
    expect({ command, code, stderr }).toEqual({ command, code: 3, stderr: "error: no worker web-9\n" });
  }
  expect((await jobs.workers()).map(({ command }) => command)).toEqual([null]);
});
