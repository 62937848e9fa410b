// What a process loads: workers stay as small as they are without a server, with their health served or not.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyFolder, removeFolder, tasksFile } from "./command.js";
import { Serving } from "./server-command.js";

const hook = new URL("loaded-modules.mjs", import.meta.url).href;
const OF_THE_SERVER = /\/(?:hono|@hono\/[\w-]+|zod|dist\/server)\//;

let folder = "";
beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => removeFolder(folder));

async function modulesOf(name: string, args: readonly string[], until: RegExp): Promise<string[]> {
  const file = join(folder, name);
  const env = { NODE_OPTIONS: `--import ${hook}`, LOADED_MODULES: file };
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
