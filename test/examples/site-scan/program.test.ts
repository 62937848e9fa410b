// `npm run demo:site-scan` as a process: exit codes, what goes to which stream, and going on after an interruption.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect } from "longshore";
import { afterEach, beforeEach, expect, test } from "vitest";

import { startCountingServer } from "./counting-server.js";

const program = fileURLToPath(new URL("../../../build/examples/site-scan/main.js", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "site-scan-"));
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

/** Programs that run: none outlives its test. */
const children = new Set<ChildProcess>();

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  /** Sent once the program has written `at` to standard error. */
  signal?: NodeJS.Signals;
  at?: string;
  env?: Record<string, string>;
}

/** Runs the program in a folder of the test's own. */
async function run(args: readonly string[], { signal, at = "", env = {} }: RunOptions = {}): Promise<Ended> {
  const { SCAN_JOB_TTL_SECONDS: _ttl, ...rest } = process.env;
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env: { ...rest, ...env } });
  children.add(child);
  let [stdout, stderr, isSent] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (signal === undefined || isSent || !stderr.includes(at)) return;
    isSent = true;
    child.kill(signal);
  });
  const [code, ended] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  children.delete(child);
  return { code, signal: ended, stdout, stderr };
}

test("without arguments it scans the documentation, prints a summary and leaves the reports", async () => {
  const { code, stdout, stderr } = await run([]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(
    /^Longshore {2}http:\/\/127\.0\.0\.1:\d+\/ {2}score \d+ of 100\n {2}\d+ pages, \d+ findings?; crawl/,
  );
  expect(stderr).toContain("TEASER_READY");
  const reports = await readdir(join(folder, "scan-reports"));
  expect(reports.map((name) => name.replace(/^127\.0\.0\.1-\d+/, ""))).toEqual([".json", ".md"]);
  expect(await readdir(join(folder, ".longshore/site-scan"))).toEqual([]);
});

test("with --json it prints a line for each site and nothing else", async () => {
  const { code, stdout } = await run(["--json", "--max-pages", "2", "--out", "here", "--url", "memory:"]);
  expect(code).toBe(0);
  const line = JSON.parse(stdout) as { report: string };
  expect(line).toMatchObject({ status: "FULL_READY", pages: 2, attempts: 1 });
  expect(await readFile(join(folder, line.report), "utf8")).toContain("# Site scan: Longshore");
});

test("with --pages each page is a job of its own, and the hourly clean-up is there and has run", async () => {
  const { code, stdout, stderr } = await run(["--json", "--pages", "5"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ status: "FULL_READY", pages: 5, attempts: 1 });
  expect(stderr).toContain("Clean-up: removed 0 jobs and 0 folders of scans older than 86400 seconds");
  const longshore = await connect(`sqlite:${join(folder, ".longshore/demo.db")}`);
  expect((await longshore.queue("scan-pages").counts()).completed).toBe(4);
  expect(await longshore.schedules.get("cleanup_expired_jobs")).toMatchObject({ queue: "scan-upkeep" });
  await longshore.close();
});

test("scans older than SCAN_JOB_TTL_SECONDS are removed by the next run", async () => {
  await run(["--max-pages", "1"]);
  await pause(1_100);
  const { code, stderr } = await run(["--max-pages", "1"], { env: { SCAN_JOB_TTL_SECONDS: "1" } });
  expect(code).toBe(0);
  expect(stderr).toContain("Clean-up: removed 1 job and 0 folders of scans older than 1 second");
  const wrong = await run([], { env: { SCAN_JOB_TTL_SECONDS: "soon" } });
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toContain('SCAN_JOB_TTL_SECONDS: "soon" is not a whole number');
});

test("a site that must not be scanned ends as ERROR_VALIDATION, without a connection, and the exit code is 1", async () => {
  const server = await startCountingServer();
  const sites = [`http://127.0.0.1:${server.port}/`, "http://2130706433/", "file:///etc/passwd", "nonsense"];
  const { code, stdout } = await run(["--json", "--url", "memory:", ...sites]);
  expect(code).toBe(1);
  const lines = stdout.trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { status: string }).status)).toEqual(
    sites.map(() => "ERROR_VALIDATION"),
  );
  expect(server.connections()).toBe(0);
  await server.close();
});

test("a mistake in the command line prints the usage, and the exit code is 2", async () => {
  const { code, stdout, stderr } = await run(["--max-pages", "none"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain('--max-pages: "none" is not a whole number');
  expect(stderr).toContain("Usage:");
  expect(await run(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("Usage:") as string });
});

test("Ctrl-C ends it with exit code 130, and the next run goes on", async () => {
  const stopped = await run([], { signal: "SIGINT", at: "RUNNING" });
  expect(stopped).toMatchObject({ code: 130, stdout: "" });
  expect(stopped.stderr).toContain("Run the same command again to finish.");
  const next = await run([]);
  expect(next.stderr).toContain("Continuing the run that was interrupted.");
  expect(next).toMatchObject({ code: 0, stdout: expect.stringContaining("score") as string });
  expect((await run([])).stderr).not.toContain("Continuing");
});

test("a run that was killed in the middle is finished by the next, without the steps that were done", async () => {
  const killed = await run([], { signal: "SIGKILL", at: "PARSE" });
  expect(killed).toMatchObject({ code: null, signal: "SIGKILL" });
  const next = await run(["--json"]);
  expect(next.stderr).toContain("Continuing the run that was interrupted.");
  expect(next.stderr).not.toContain("CRAWL");
  expect(next.code).toBe(0);
  expect(JSON.parse(next.stdout)).toMatchObject({ status: "FULL_READY", attempts: 1 });
});
