// What a process loads: workers stay as small as they are without a server, with their health served or not; a command loads its own
// code, and that of the client only when it asks an engine.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyFolder, inProcess, longshore, removeFolder, tasksFile } from "./command.js";
import { COMMANDS } from "../../src/cli/command-list.js";
import { Serving } from "./server-command.js";

const hook = new URL("loaded-modules.mjs", import.meta.url).href;
const OF_THE_SERVER = /\/(?:hono|@hono\/[\w-]+|zod|dist\/server)\//;

let folder = "";
beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => removeFolder(folder));

function recorded(name: string): { readonly file: string; readonly env: Readonly<Record<string, string>> } {
  const file = join(folder, name);
  return { file, env: { NODE_OPTIONS: `--import ${hook}`, LOADED_MODULES: file } };
}

/** The modules of a command that runs to its end, those of Node left out, by their place in the package. */
async function modulesOfCommand(args: readonly string[]): Promise<string[]> {
  const { file, env } = recorded(args.join(" "));
  await longshore([...args, "--url", `sqlite:${join(folder, "none.db")}`], { env });
  const urls = readFileSync(file, "utf8").split("\n");
  return urls.filter((url) => url.startsWith("file:")).map((url) => url.replace(/^.*\/(?=dist\/|node_modules\/)/, ""));
}

async function modulesOf(name: string, args: readonly string[], until: RegExp): Promise<string[]> {
  const { file, env } = recorded(name);
  const running = new Serving([...args, "--tasks", tasksFile, "--url", `sqlite:${join(folder, "jobs.db")}`], { env });
  await running.prints(until);
  running.signal("SIGTERM");
  await running.ended;
  return readFileSync(file, "utf8").split("\n");
}

test.each([
  ["worker", ["worker", "--health", "0"], /Worker started/],
  ["pool", ["pool", "--workers", "1", "--health", "0"], /Worker started/],
])("a %s that serves its health loads nothing of the server", async (name, args, until) => {
  const modules = await modulesOf(name, args, until);
  expect(modules.filter((url) => url.endsWith("/dist/cli/health/health-server.js"))).not.toEqual([]);
  expect(modules.filter((url) => OF_THE_SERVER.test(url))).toEqual([]);
});

test("up loads it, which shows that it would be seen", async () => {
  const modules = await modulesOf("up", ["up", "--port", "0"], /Server started/);
  expect(modules.filter((url) => OF_THE_SERVER.test(url))).not.toEqual([]);
});

const COMMAND = /^dist\/cli\/commands\//;

test.each([[["--help"]], [["--version"]], [["jbos"]]])("%j loads no command", async (args) => {
  const modules = await modulesOfCommand(args);
  expect(modules).toContain("dist/cli/program.js");
  expect(modules.filter((module) => COMMAND.test(module))).toEqual([]);
});

test.each([
  [["stats", "--help"], "dist/cli/commands/stats.js"],
  [["help", "stats"], "dist/cli/commands/stats.js"],
  [["stats"], "dist/cli/commands/stats.js"],
  [["jobs", "--limit", "none"], "dist/cli/commands/jobs/jobs.js"],
  [["token", "list"], "dist/cli/commands/token.js"],
])("%j loads the code of that command, and before it connects neither client, worker nor server", async (args, own) => {
  const modules = await modulesOfCommand(args);
  expect(modules.filter((module) => COMMAND.test(module))).toEqual([own]);
  expect(
    modules.filter((module) => /^dist\/(?:worker|server)\/|\/(?:hono|zod|ioredis)\/|client\/longshore/.test(module)),
  ).toEqual([]);
});

test.each(COMMANDS.map(({ name }) => [name]))("longshore help %s is what %s --help prints", async (name) => {
  const [help, flag] = [await inProcess(["help", name]), await inProcess([name, "--help"])];
  expect([help.code, flag.code]).toEqual([0, 0]);
  expect(help.stdout).toBe(flag.stdout);
  expect(help.stdout).toMatch(new RegExp(`^Usage: longshore ${name} [\\s\\S]*\n\nOptions:`));
});
