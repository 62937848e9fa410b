// What a process loads: who enqueues or works loads nothing of the server, nor what only the server needs; who has the client for
// browsers loads that alone. V8 itself says which scripts a process and its threads and children have run.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** What must not be loaded, as parts of a path. */
const SERVER_ONLY = /\/dist\/server\/|\/node_modules\/(?:hono|@hono|zod|@asteasolutions)\//;

/** Runs jobs of an inline task and of one in a thread and in a process of its own. */
const WORKER = `
import { connect, module, task } from ${JSON.stringify(join(root, "dist/index.js"))};
const double = ({ input }) => input * 2;
const tasks = [
  task("inline", double),
  task("thread", { runner: "thread" }, module("./handler.mjs#double", import.meta.url)),
  task("process", { runner: "process" }, module("./handler.mjs#double", import.meta.url)),
];
const longshore = await connect(process.argv[2]);
const worker = longshore.worker(tasks);
for (const task of tasks) console.log(await (await longshore.enqueue(task, 21)).result());
await worker.stop();
await longshore.close();
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(root, "build/loaded-"));
  await writeFile(join(folder, "worker.mjs"), WORKER);
  await writeFile(join(folder, "handler.mjs"), "export const double = ({ input }) => input * 2;\n");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs Node, and gives what it said and which files it loaded. */
async function loading(args: readonly string[]): Promise<{ said: string; files: readonly string[] }> {
  const traces = await mkdtemp(join(folder, "trace-"));
  const env = { ...process.env, NODE_V8_COVERAGE: traces };
  const { stdout } = await run(process.execPath, args, { cwd: folder, env });
  const reports = await Promise.all((await readdir(traces)).map((name) => readFile(join(traces, name), "utf8")));
  const urls = reports.flatMap((text) =>
    (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url),
  );
  return { said: stdout, files: [...new Set(urls)].filter((url) => url.startsWith("file:")) };
}

it("the server itself is seen to load what it needs", async () => {
  const { files } = await loading([join(root, "dist/server/index.js")]);
  for (const part of ["/dist/server/app.js", "/node_modules/hono/", "/node_modules/zod/", "/node_modules/@hono/"]) {
    expect(files.some((file) => file.includes(part))).toBe(true);
  }
});

it.each(["dist/index.js", "dist/http/index.js"])("an import of %s loads nothing of the server", async (entry) => {
  const { files } = await loading([join(root, entry)]);
  expect(files.some((file) => file.endsWith(entry))).toBe(true);
  expect(files.filter((file) => SERVER_ONLY.test(file))).toEqual([]);
});

it("the client for browsers loads nothing but itself", async () => {
  const { files } = await loading([join(root, "dist/http/index.js")]);
  expect(files.filter((file) => !file.includes("/dist/http/"))).toEqual([]);
});

it.each(["sqlite", "redis"])("a worker on %s that runs jobs loads nothing of the server", async (engine) => {
  const url =
    engine === "sqlite" ? `sqlite:${join(folder, "jobs.db")}` : `${inject("redisUrl")}?prefix=loaded${process.pid}`;
  const { said, files } = await loading(["worker.mjs", url]);
  expect(said).toBe("42\n42\n42\n");
  expect(files.some((file) => file.endsWith("/handler.mjs"))).toBe(true);
  expect(files.filter((file) => SERVER_ONLY.test(file))).toEqual([]);
});

it("the commands of workers load nothing of the server", async () => {
  await writeFile(
    join(folder, "tasks.mjs"),
    `import { task } from ${JSON.stringify(join(root, "dist/index.js"))};\nexport const double = task("double", ({ input }) => input * 2);\n`,
  );
  const url = `sqlite:${join(folder, "command.db")}`;
  const command = join(root, "dist/cli/main.js");
  await run(process.execPath, [command, "enqueue", "double", "21", "--url", url], { cwd: folder });
  const { files } = await loading([command, "worker", "--tasks", "tasks.mjs", "--burst", "--url", url]);
  expect(files.some((file) => file.endsWith("/tasks.mjs"))).toBe(true);
  expect(files.filter((file) => SERVER_ONLY.test(file))).toEqual([]);
});
