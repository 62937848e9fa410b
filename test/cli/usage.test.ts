// What the command says to mistakes: one line that helps, the exit code, and no effect.
import { connect } from "longshore";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { emptyFolder, inProcess, longshore, removeFolder, tasksFile, type Ended } from "./command.js";

let folder = "";
beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => removeFolder(folder));

/** A pool leaves it to its workers to refuse an engine, and a worker of a pool looks for the process that started it. */
const needsProcess = (args: readonly string[]): boolean =>
  (args[0] === "pool" && args.includes("--url")) || args.includes("--in-pool");

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  (needsProcess(args) ? longshore : inProcess)(args, { cwd: folder, env });
const sqlite = { LONGSHORE_URL: "sqlite:jobs.db" };

test("--help names every command, the environment and the exit codes", async () => {
  const { code, stdout, stderr } = await run(["--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const word of [
    ...[
      "up",
      "dashboard",
      "worker",
      "pool",
      "enqueue",
      "info",
      "stats",
      "jobs",
      "job",
      "retry",
      "cancel",
      "pause",
      "resume",
      "empty",
      "failed",
      "schedules",
      "ping",
    ],
    ...["LONGSHORE_URL", "REDIS_URL", "REDIS_HOST", "Exit codes"],
  ]) {
    expect(stdout).toMatch(new RegExp(`\\b${word}\\b`));
  }
});

test.each([
  [["ping"], 0],
  [["ping", "--url", "redis://127.0.0.1:1"], 1],
  [["jobs", "--colour"], 2],
  [["job", "nope"], 3],
  [["failed", "clear"], 4],
])("the process of %j ends with %i and says why", async (args, code) => {
  await (await connect(`sqlite:${join(folder, "jobs.db")}`)).close();
  const ended = await longshore(args, { cwd: folder, env: sqlite });
  expect(ended.code).toBe(code);
  expect(ended.stdout).toMatch(code === 0 ? /^PONG/ : /^$/);
  expect(ended.stderr).toMatch(code === 0 ? /^$/ : /^error: /);
});

test("--version prints the version of the package", async () => {
  expect((await run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("without an engine it says what to set, and does not read .env", async () => {
  await writeFile(join(folder, ".env"), "LONGSHORE_URL=sqlite:fromenv.db\n");
  const { code, stderr } = await run(["info"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: .*--url.*LONGSHORE_URL.*\n$/);
});

test.each([
  [["enqueu"], /unknown command/],
  [["jobs", "--colour"], /--colour/],
  [["job"], /argument 'id'/],
  [["worker"], /--tasks/],
  [["worker", "--tasks", tasksFile, "--concurrency", "many"], /--concurrency: "many".*whole number or auto/],
  [["worker", "--tasks", tasksFile, "--unknown-tasks", "soon"], /--unknown-tasks: "soon"/],
  [["worker", "--tasks", tasksFile, "--max-rss", "512"], /--max-rss: "512".*512MB/],
  [["worker", "--tasks", tasksFile, "--in-pool"], /--in-pool.*longshore pool/],
  [["pool"], /--tasks/],
  [["pool", "--tasks", tasksFile, "--workers", "some"], /--workers: "some".*whole number or auto/],
  [["pool", "--tasks", tasksFile, "--workers", "0"], /--workers: 0.*1 to 1000/],
  [["pool", "--tasks", tasksFile, "--concurrency", "0"], /concurrency: 0/],
  [["pool", "--tasks", tasksFile, "--grace", "long"], /--grace: "long"/],
  [["pool", "--tasks", tasksFile, "--log-format", "xml"], /--log-format: "xml"/],
  [["pool", "--tasks", tasksFile, "--name", "x".repeat(100)], /--name: "xxx.*100 characters/],
  [["pool", "--tasks", tasksFile, "--url", "memory:"], /memory:.*sqlite:FILE/],
  [["pool", "not/a queue", "--tasks", tasksFile], /queue: "not\/a queue"/],
  [["worker", "--tasks", tasksFile, "--concurrency", "0"], /concurrency: 0/],
  [["worker", "--tasks", tasksFile, "--lease", "10"], /--lease: "10"/],
  [["worker", "not/a queue", "--tasks", tasksFile], /queue: "not\/a queue"/],
  [["enqueue", "scan", "{url}"], /input: "\{url\}".*JSON/],
  [["enqueue", "scan", "{}", "--delay", "soon"], /--delay: "soon"/],
  [["enqueue", "scan", "{}", "--run-at", "5"], /--run-at: "5"/],
  [["enqueue", "scan", "{}", "--meta", "[1]"], /--meta: "\[1\]".*JSON object/],
  [["enqueue", "scan", "{}", "--attempts", "2", "--retries", "1"], /either attempts .* or retries/],
  [["enqueue", "bad task"], /task: "bad task"/],
  [["jobs", "--state", "done"], /--state: "done".*queued, active/],
  [["jobs", "--since", "yesterday"], /--since: "yesterday"/],
  [["jobs", "--limit", "0"], /--limit: "0"/],
  [["jobs", "--priority", "high"], /--priority: "high".*0\.\.10/],
  [["jobs", "--not", "colour=red"], /--not: "colour=red".*without-worker/],
  [["jobs", "--not", "state=done"], /--state: "done"/],
  [["jobs", "--order", "best"], /--order: "best".*newest or oldest/],
  [["jobs", "--fields", "inputs"], /--fields: "inputs".*input/],
  [["search", "x", "--limit", "0"], /--limit: "0"/],
  [["failed", "clear", "--older-than", "7"], /--older-than: "7"/],
  [["failed", "--state", "failed"], /--state.*open, regressed, acknowledged, resolved/],
  [["failed", "--limit", "many"], /--limit: "many"/],
  [["failed", "resolve"], /argument 'fingerprint'/],
  [["failed", "resolve", "not one"], /fingerprint: "not one"/],
  [["failed", "retry", "some-cause", "--queue", "scans"], /not both/],
  [["failed", "retry", "--by", "ada"], /--by is for a cause/],
  [["retry"], /which jobs\?/],
  [["release"], /which jobs\? Give ids\n/],
  [["cancel", "some-id", "--tag", "user:1"], /not both/],
  [["ping", "--url", "postgres://user:secret@db"], /postgres:\/\/\*\*\*@db/],
  [["ping", "--prefix", "other"], /--prefix/],
  [["info", "--url", "memory:"], /memory:.*sqlite:FILE/],
])("%j is wrong usage", async (args, message) => {
  const { code, stdout, stderr } = await run(args, sqlite);
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^error: /);
  expect(stderr.match(/^error: /gm)).toHaveLength(1);
  expect(stderr).not.toMatch(/secret|\n {4}at /);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test("a command that only looks does not create a SQLite file", async () => {
  const { code, stderr } = await run(["info", "--url", "sqlite:typo.db"]);
  expect(code).toBe(3);
  expect(stderr).toContain(join(folder, "typo.db"));
  expect(existsSync(join(folder, "typo.db"))).toBe(false);
});

test.each([
  ["LONGSHORE_URL", { LONGSHORE_URL: "redis://user:secret@127.0.0.1:1/0" }],
  ["REDIS_URL", { REDIS_URL: "redis://user:secret@127.0.0.1:1/0" }],
  ["REDIS_HOST", { REDIS_HOST: "127.0.0.1", REDIS_PORT: "1" }],
])("an engine that cannot be reached is named, without its password, and so is %s", async (variable, env) => {
  const { code, stdout, stderr } = await run(["ping"], env);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(new RegExp(`^error: .*redis://127\\.0\\.0\\.1:1/0.*${variable}.*\n$`));
  expect(stderr).not.toContain("secret");
});

test("LONGSHORE_DEBUG=1 adds the stack", async () => {
  const { stderr } = await run(["info"], { LONGSHORE_DEBUG: "1" });
  expect(stderr).toMatch(/^error: .*\n.*UsageError.*\n {4,}at /s);
});

test("REDIS_URL, and REDIS_HOST with REDIS_PORT, stand in for LONGSHORE_URL", async () => {
  const url = new URL(inject("redisUrl"));
  const [byUrl, byHost, longshoreFirst] = await Promise.all([
    run(["ping", "--json"], { REDIS_URL: url.href }),
    run(
      ["ping", "--json"],
      url.password === "" ? { REDIS_HOST: url.hostname, REDIS_PORT: url.port } : { REDIS_URL: url.href },
    ),
    run(["ping", "--json", "--url", "memory:"], { ...sqlite, REDIS_URL: url.href }),
  ]);
  for (const { stdout } of [byUrl, byHost]) expect(JSON.parse(stdout)).toMatchObject({ ok: true, engine: "redis" });
  expect(JSON.parse(longshoreFirst.stdout)).toMatchObject({ ok: true, engine: "memory", persistence: "none" });
});

test.each([
  ["nowhere", "", /no task file nowhere; tried .*nowhere\.js.*nowhere\/index\.js/],
  ["plain.mjs", "export const scan = 1;", /plain\.mjs exports no task/],
  ["throws.mjs", 'throw new Error("no key");', /cannot load throws\.mjs: no key/],
  [
    "headless.mjs",
    'export default [{ name: "scan", queue: "scans", defaults: {}, runner: {}, schema: null, handler: null, module: null }];',
    /task scan of headless\.mjs has no handler/,
  ],
])("a worker does not start with the task file %s", async (name, code, message) => {
  if (code !== "") await writeFile(join(folder, name), code);
  const ended = await longshore(["worker", "--tasks", name], { cwd: folder, env: sqlite });
  expect(ended).toMatchObject({ code: 2, stdout: "" });
  expect(ended.stderr).toMatch(message);

  const pool = await longshore(["pool", "--workers", "3", "--tasks", name], { cwd: folder, env: sqlite });
  expect(pool).toEqual(ended);
});
