// `longshore up` and `longshore dashboard` on the command line: what they listen on, what they refuse, what they say.
import { connect } from "longshore";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { emptyFolder, inProcess, longshore, removeFolder, tasksFile } from "./command.js";
import { Serving } from "./server-command.js";

let folder = "";

beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => removeFolder(folder));

async function ownFolder(): Promise<string> {
  const own = await emptyFolder();
  onTestFinished(() => removeFolder(own));
  return own;
}

const inFolder = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Serving =>
  new Serving(args, { cwd: folder, env });

test("without a URL jobs are in data/longshore.db of the current folder, which is made", async () => {
  const server = inFolder(["up", "--port", "0", "--tasks", tasksFile]);
  expect(await server.get("/healthz")).toMatchObject({ status: 200 });
  expect(server.said(/Server started/)).toMatchObject([
    {
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      engine: `sqlite:${join(folder, "data/longshore.db")}`,
    },
  ]);
  expect(existsSync(join(folder, "data/longshore.db"))).toBe(true);
});

test("LONGSHORE_URL is where jobs are, memory too; the first page is for people", async () => {
  const server = inFolder(["up", "--port", "0", "--tasks", tasksFile], { LONGSHORE_URL: "memory:" });
  expect(await server.get("/")).toMatchObject({ status: 200, body: expect.stringContaining("/api/openapi.json") });
  expect(server.said(/Server started/)).toMatchObject([{ engine: "memory:" }]);
});

test("says in one line that this machine needs no token", async () => {
  const server = inFolder(["up", "--port", "0", "--url", "memory:", "--tasks", tasksFile]);
  await server.url();
  expect(server.said(/open to/)).toMatchObject([
    { level: "warn", message: expect.stringMatching(/every program of this machine, and to no other/) },
  ]);
});

test("a host that others reach is refused unless there is a token, also for a server that is to be open", async () => {
  for (const open of [[], ["--open"]]) {
    const refused = await longshore(["up", "--host", "0.0.0.0", ...open, "--port", "0", "--url", "memory:"]);
    expect(refused).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(
        /^error: --host 0\.0\.0\.0: .*longshore token create NAME --scopes admin --url memory:\n$/,
      ),
    });
  }
});

const TOKENS = ["LONGSHORE_TOKEN", "INTERNAL_SERVICE_TOKEN"];

test.each(TOKENS)("%s is the token of a server, wherever it listens, and nothing is open then", async (name) => {
  const token = "a-token-that-nobody-guesses";
  const args = ["up", "--host", "0.0.0.0", "--port", "0", "--url", "memory:"];
  const server = inFolder(args, { [name]: token });
  expect(await server.get("/api/jobs")).toMatchObject({ status: 401 });
  expect(await server.get("/readyz")).toMatchObject({ status: 200 });
  expect(await server.get("/api/jobs", { authorization: `Bearer ${token}` })).toMatchObject({ status: 200 });
  expect(server.said(/open to/)).toEqual([]);
  expect(server.stdout).not.toContain(token);
});

test("a token that is too short, or beside --open, is refused without being shown", async () => {
  for (const [more, token, said] of [
    [[], "too-short", "16 to 512 characters"],
    [["--open"], "a-token-that-nobody-guesses", "give one of them"],
  ] as const) {
    const ended = await longshore(["up", "--port", "0", "--url", "memory:", ...more], {
      env: { LONGSHORE_TOKEN: token },
    });
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
    expect(ended.stderr).not.toContain(token);
  }
});

test.each([
  ["http://127.0.0.1", "an address or a name without a port"],
  ["127.0.0.1:80", "an address or a name without a port"],
  ["", "an address or a name without a port"],
])("refuses --host %j", async (host, said) => {
  const ended = await inProcess(["up", "--host", host, "--port", "0", "--url", "memory:"]);
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
});

test("takes an IPv6 address as it stands in a URL, too", async () => {
  const server = inFolder(["up", "--host", "[::1]", "--port", "0", "--url", "memory:"]);
  expect(await server.url()).toMatch(/^http:\/\/\[::1\]:\d+$/);
});

test.each([
  [["--workers", "2"], "--workers needs --tasks"],
  [["--queues", "a", "--concurrency", "3"], "--queues, --concurrency need --tasks"],
  [["--watch"], "--watch needs --tasks"],
])("without tasks, what says how they are run is refused: %j", async (flags, said) => {
  const ended = await inProcess(["up", "--port", "0", "--url", "memory:", ...flags]);
  expect(ended).toMatchObject({ code: 2, stderr: `error: ${said}: without code no job is run here\n` });
});

test.each([
  ["ends the process", "process.exit(7);"],
  ["waits at its top level for what never comes", "await new Promise(() => {});"],
])("a task file that %s is a mistake that is named", async (what, code) => {
  const file = join(await ownFolder(), "tasks.mjs");
  await writeFile(file, code);
  const ended = await longshore(["up", "--port", "0", "--url", "memory:", "--tasks", file]);
  expect(ended).toMatchObject({
    code: 2,
    stderr: `error: cannot load ${file}: it ${what}\n`,
  });
});

test("where a task file, or one that it imports, does not compile is said", async () => {
  const own = await ownFolder();
  const [file, imported] = [join(own, "tasks.mjs"), join(own, "imported.mjs")];
  await writeFile(file, 'import "./imported.mjs";\n');
  await writeFile(imported, "export const fine = 1;\nexport const broken = ;\n");
  const ended = await longshore(["up", "--port", "0", "--url", "memory:", "--tasks", file]);
  expect(ended).toMatchObject({ code: 2, stderr: `error: cannot load ${file}: ${imported}:2: Unexpected token ';'\n` });
});

test("a port that is taken: the error names it and what to do, and no job is touched", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const url = `sqlite:${join(folder, "taken.db")}`;
  const jobs = await connect(url);
  onTestFinished(() => jobs.close());
  const job = await jobs.enqueue("scan", { url: "a" }, { queue: "scans" });
  for (const command of [["up", "--tasks", tasksFile], ["dashboard"]]) {
    const ended = await longshore([...command, "--url", url, "--port", String(port)]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(new RegExp(`^error: port ${port} of 127\\.0\\.0\\.1 is taken .*--port`));
  }
  expect(await job.refresh()).toMatchObject({ state: "queued", attempt: 0 });
});

test("a host that is not of this machine, and a port that is none, are named", async () => {
  const token = { LONGSHORE_TOKEN: "a-token-that-nobody-guesses" };
  const away = await longshore(["up", "--host", "192.0.2.1", "--url", "memory:"], { env: token });
  expect(away).toMatchObject({ code: 1, stderr: expect.stringMatching(/192\.0\.2\.1 is no address of this machine/) });
  const none = await longshore(["up", "--port", "65536", "--url", "memory:"]);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/--port: "65536".*0 to 65535/) });
});

test("without tasks jobs are accepted and wait, and it says so", async () => {
  const server = inFolder(["up", "--port", "0", "--url", "memory:"]);
  const { body } = await server.post("/api/jobs", { task: "scan", input: {} });
  expect(await server.get(`/api/jobs/${body.jobId}`)).toMatchObject({ status: 200, body: { state: "queued" } });
  expect(server.said(/No --tasks/)).toMatchObject([{ level: "warn" }]);
  server.signal("SIGTERM");
  expect((await server.ended).code).toBe(0);
});

test("--queues says which queues are served", async () => {
  const server = inFolder(["up", "--port", "0", "--url", "memory:", "--tasks", tasksFile, "--queues", "high,holds"]);
  await server.prints(/Worker started/);
  expect(server.said(/Worker started/)).toMatchObject([{ queues: ["high", "holds"] }]);
});

test("the example of requirements analyses one that is posted, step by step", async () => {
  const tasks = fileURLToPath(new URL("../../build/examples/requirements-analysis/tasks.js", import.meta.url));
  const server = inFolder(["up", "--port", "0", "--url", "memory:", "--tasks", tasks]);
  const input = { requirementId: "R-1", text: "The page should be fast.", analysers: ["R-A", "R-D"], knownTerms: [] };
  const { status, body } = await server.post("/api/jobs", { task: "analyse", input });
  expect([status, body]).toMatchObject([202, { status: "queued", queue: "defospam" }]);
  const result = await server.get(`/api/jobs/${body.jobId}/result?wait=30s`);
  expect(result.body).toMatchObject({ result: { requirementId: "R-1", findings: { "R-A": expect.any(Array) } } });
  const steps = await server.get(`/api/jobs/${body.jobId}/steps`);
  expect(steps.body.steps.map(({ name }: { name: string }) => name)).toEqual(["R-A", "R-D"]);
  const broken = await server.post("/api/jobs", { task: "analyse", input: { ...input, analysers: ["none"] } });
  expect(broken).toMatchObject({ status: 400, body: { field: "input.analysers[0]" } });
});

test("with workers in processes of their own jobs are in the same file without a URL", async () => {
  const args = ["up", "--port", "0", "--workers", "2", "--tasks", tasksFile];
  const server = new Serving(args, { cwd: await ownFolder() });
  await expect.poll(async () => (await server.get("/readyz")).status).toBe(200);
  const { body } = await server.post("/api/jobs", { task: "scan", input: { url: "https://a.example" } });
  const result = await server.get(`/api/jobs/${body.jobId}/result?wait=30s`);
  expect(result).toMatchObject({ status: 200, body: { result: { length: 17 } } });
  server.signal("SIGTERM");
  expect((await server.ended).code).toBe(0);
});

test("memory is refused where workers are processes of their own, and --watch without tasks", async () => {
  for (const more of [["--workers", "2"], ["--watch"]]) {
    const ended = await longshore(["up", "--port", "0", "--url", "memory:", "--tasks", tasksFile, ...more]);
    expect(ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("memory: lives and dies with one process"),
    });
  }
  const ended = await longshore(["up", "--port", "0", "--url", "memory:", "--watch"]);
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining("--watch needs --tasks") });
});

test("dashboard serves what is there and runs nothing; Ctrl-C ends it with 0", async () => {
  const url = `sqlite:${join(folder, "dashboard.db")}`;
  const missing = await longshore(["dashboard", "--url", url, "--port", "0"]);
  expect(missing).toMatchObject({ code: 3, stderr: expect.stringContaining("there is no SQLite file") });
  const jobs = await connect(url);
  onTestFinished(() => jobs.close());
  const { id } = await jobs.enqueue("scan", { url: "a" }, { queue: "scans" });
  const server = inFolder(["dashboard", "--url", url, "--port", "0"]);
  expect(await server.get(`/api/jobs/${id}`)).toMatchObject({ status: 200, body: { state: "queued", queue: "scans" } });
  expect(await jobs.workers()).toEqual([]);
  server.signal("SIGINT");
  expect((await server.ended).code).toBe(0);
});

test("dashboard without an engine names the flag for it, and one that is away where its address is from", async () => {
  const none = await inProcess(["dashboard", "--port", "0"]);
  expect(none).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error: no engine: give --redis-url or --url/),
  });
  const away = await longshore(["dashboard", "--port", "0", "--redis-url", "redis://127.0.0.1:1"]);
  expect(away).toMatchObject({ code: 1, stderr: expect.stringMatching(/The address is from --redis-url\.\n$/) });
});

test("dashboard --redis-url is a URL of Redis, and one of two", async () => {
  for (const [args, said] of [
    [["--redis-url", "sqlite:jobs.db"], "redis://"],
    [["--redis-url", "redis://localhost:1", "--url", "redis://localhost:2"], "give one of them"],
  ] as const) {
    expect(await longshore(["dashboard", ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
  }
});
