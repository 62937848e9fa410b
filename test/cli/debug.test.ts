// LONGSHORE_DEBUG: what a command says of its engine on standard error, and what it never says.
import { connect } from "longshore";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EngineTrace } from "../../src/cli/terminal/engine-trace.js";
import type { ObservedCommand } from "../../src/engine/observer.js";
import { emptyFolder, inProcess, linesOf, longshore, removeFolder, Running, tasksFile, type Ended } from "./command.js";

let folder = "";
beforeAll(async () => {
  folder = await emptyFolder();
  const jobs = await connect(url("jobs"));
  await jobs.enqueue("scan", { url: "https://example.org" }, { queue: "scans" });
  await jobs.close();
});
afterAll(() => removeFolder(folder));

const url = (name: string): string => `sqlite:${join(folder, `${name}.db`)}`;
const run = (debug: string, ...args: string[]): Promise<Ended> => inProcess(args, { env: { LONGSHORE_DEBUG: debug } });

const LINE =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d engine (?<command>[a-zA-Z]+) [\d.]+ms(?<counts>( [a-z]+=\d+)*)( error=(?<error>[A-Z_]+))?$/;
const ROW = /^(?<command>[a-zA-Z]+)(?: \(waiting\))? +(?<calls>\d+) +(?<errors>\d+) +[\d.]+ms +[\d.]+ms$/;

type Groups = Record<string, string | undefined>;
const all = (text: string, pattern: RegExp): Groups[] =>
  text.split("\n").flatMap((line) => {
    const groups = pattern.exec(line)?.groups;
    return groups === undefined ? [] : [{ ...groups }];
  });

/** An output without the ages in it: a second may pass between two. */
const ageless = (text: string): string => text.replaceAll(/just now|\d+\w+ ago/g, "then").replaceAll(/ +/g, " ");

test("each command of the engine is a line, and the table at the end counts them", async () => {
  const { code, stdout, stderr } = await run("1", "jobs", "--url", url("jobs"));
  const quiet = await run("", "jobs", "--url", url("jobs"));
  expect({ code, stdout: ageless(stdout) }).toEqual({ code: 0, stdout: ageless(quiet.stdout) });
  const said = stderr.trimEnd().split("\n");
  const lines = all(stderr, LINE);
  const rows = all(stderr, ROW);
  expect(said).toHaveLength(lines.length + 1 + rows.length);
  expect(said[lines.length]).toMatch(/^ENGINE COMMAND +CALLS +ERRORS +MEAN +MAX$/);
  const commands = lines.map(({ command }) => command ?? "");
  expect(commands[0]).toBe("open");
  expect(commands.at(-1)).toBe("close");
  expect(lines).toContainEqual(expect.objectContaining({ command: "listJobs", counts: " jobs=1" }));
  const calls = Object.fromEntries(rows.map(({ command, calls }) => [command, Number(calls)]));
  expect(Object.keys(calls)).toEqual([...new Set(commands)].toSorted());
  for (const command of commands) expect(calls[command]).toBe(commands.filter((other) => other === command).length);
});

test.each(["", "0"])("LONGSHORE_DEBUG=%j says nothing", async (debug) => {
  expect((await run(debug, "jobs", "--url", url("jobs"))).stderr).toBe("");
  expect((await run(debug, "info")).stderr).toMatch(/^error: .*\n$/);
});

test("any other value does as 1 does", async () => {
  expect(all((await run("yes", "jobs", "--url", url("jobs"))).stderr, LINE)).not.toEqual([]);
  expect((await run("yes", "info")).stderr).toMatch(/^error: .*\n.*UsageError/);
});

test("--json stays one document on standard output", async () => {
  const { stdout } = await run("1", "jobs", "--json", "--url", url("jobs"));
  expect(JSON.parse(stdout)).toMatchObject({ jobs: [{ task: "scan" }] });
});

test("payloads are not said", async () => {
  const input = JSON.stringify({ password: "hunter2" });
  const { code, stderr } = await run("1", "enqueue", "scan", input, "--url", url("secrets"), "--tag", "hunter2");
  expect(code).toBe(0);
  expect(all(stderr, LINE)).toContainEqual(expect.objectContaining({ command: "enqueue", counts: " jobs=1" }));
  expect(stderr).not.toContain("hunter2");
});

test("an engine that cannot be reached is shown with its code, and without the password of its URL", async () => {
  const { code, stderr } = await run("1", "ping", "--url", "redis://user:hunter2@127.0.0.1:1/0");
  expect(code).toBe(1);
  expect(all(stderr, LINE)).toMatchObject([{ command: "open", error: "ENGINE_UNAVAILABLE" }, { command: "close" }]);
  expect(all(stderr, ROW)).toContainEqual({ command: "open", calls: "1", errors: "1" });
  expect(stderr).not.toContain("hunter2");
});

test("a worker says its table when it stops, and its log stays as it is", async () => {
  const jobs = await connect(url("work"));
  await jobs.enqueue("scan", { url: "https://private.example" }, { queue: "scans" });
  await jobs.close();
  const args = ["worker", "--burst", "--tasks", tasksFile, "--url", url("work")];
  const { code, stdout, stderr } = await longshore(args, { env: { LONGSHORE_DEBUG: "1" } });
  expect(code).toBe(0);
  expect(linesOf(stdout).at(-1)).toMatchObject({ message: "Worker stopped", completed: 1 });
  expect(stderr).toMatch(/^ENGINE COMMAND +CALLS/m);
  expect(all(stderr, ROW).map(({ command }) => command)).toEqual(expect.arrayContaining(["exchange", "openSession"]));
  expect(stderr).not.toContain("private.example");
});

test("the workers of a pool say whose table it is", async () => {
  const args = ["pool", "--workers", "1", "--name", "p", "--burst", "--tasks", tasksFile, "--url", url("pool")];
  const { code, stderr } = await longshore(args, { env: { LONGSHORE_DEBUG: "1" } });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^\[p-.*-1\] ENGINE COMMAND +CALLS/m);
  expect(stderr).toMatch(/^\[p-.*-1\] exchange +\d+ +0 /m);
});

test("a worker goes on when its trace of the engine has no reader", async () => {
  const jobs = await connect(url("deaf"));
  await jobs.enqueue("scan", { url: "https://example.org" }, { queue: "scans" });
  await jobs.close();
  const args = ["worker", "--burst", "--tasks", tasksFile, "--url", url("deaf")];
  const running = new Running(args, { env: { LONGSHORE_DEBUG: "1" } });
  running.child.stderr.destroy();
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(linesOf(stdout).at(-1)).toMatchObject({ message: "Worker stopped", completed: 1 });
});

describe("of what goes on for long", () => {
  test("only what took more than 100 ms or failed is a line", () => {
    const { lines } = traced(
      { durationMs: 99 },
      { durationMs: 100 },
      { durationMs: 101.4, carried: { settlements: 2, leases: 3 } },
      { command: "heartbeat", durationMs: 1.234, error: "ENGINE_UNAVAILABLE" },
    );
    expect(lines).toEqual([
      expect.stringMatching(/ engine exchange 101ms settlements=2 leases=3\n$/),
      expect.stringMatching(/ engine heartbeat 1\.23ms error=ENGINE_UNAVAILABLE\n$/),
    ]);
  });

  test("a wait is long by nature: it is a line when it failed, and the last row of the table", () => {
    const wait = { command: "awaitWork", waiting: true, durationMs: 60_000 } as const;
    const { lines, table } = traced(wait, { ...wait, error: "ENGINE_CLOSED" }, { command: "heartbeat", durationMs: 2 });
    expect(lines).toEqual([expect.stringMatching(/ engine awaitWork 60000ms error=ENGINE_CLOSED\n$/)]);
    expect(table.slice(1)).toEqual([
      expect.stringMatching(/^heartbeat +1 +0 +2\.00ms +2\.00ms\n$/),
      expect.stringMatching(/^awaitWork \(waiting\) +2 +1 +60000ms +60000ms\n$/),
    ]);
  });

  test("an engine that was asked nothing has no table", () => {
    expect(traced()).toEqual({ lines: [], table: [] });
  });
});

/** What is said of the commands of something that lasts as they end, and then at the end. */
function traced(...commands: Partial<ObservedCommand>[]): { lines: string[]; table: string[] } {
  const said: string[] = [];
  const trace = new EngineTrace({ onlySlow: true, name: null }, { write: (text: string) => said.push(text) });
  for (const command of commands) {
    trace.ended({ command: "exchange", waiting: false, durationMs: 0, carried: {}, error: null, ...command });
  }
  const lines = said.splice(0);
  trace.summary();
  return { lines, table: said };
}
