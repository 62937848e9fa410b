// `longshore init`: what it writes is at work as it is, and what was there stays as it was.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { LONGSHORE_VERSION } from "../../src/model/version.js";
import { emptyFolder, inProcess, removeFolder } from "./command.js";

const FILES = [".gitignore", "enqueue.js", "package.json", "tasks.js", "worker.js"];
const root = fileURLToPath(new URL("../..", import.meta.url));

let folder = "";

beforeEach(async () => {
  folder = await emptyFolder();
});

afterEach(() => removeFolder(folder));

it("writes a project whose worker runs what its script enqueues", async () => {
  const project = join(folder, "my jobs");
  const { code, stdout } = await inProcess(["init", "my jobs"], { cwd: folder });
  expect(code).toBe(0);
  expect((await readdir(project)).toSorted()).toEqual(FILES);
  expect(stdout).toMatch(
    /Next:\n {2}cd 'my jobs' && npm install\n {2}npm run worker\nand in another terminal npm run enqueue -- Ada\n$/,
  );

  // As npm install would.
  await mkdir(join(project, "node_modules/.bin"), { recursive: true });
  await symlink(root, join(project, "node_modules/longshore"));
  await symlink(join(root, "dist/cli/main.js"), join(project, "node_modules/.bin/longshore"));
  const env = { ...process.env, LONGSHORE_URL: undefined };
  const worker = spawn(process.execPath, ["worker.js"], { cwd: project, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(worker, "exit");
  onTestFinished(() => void worker.kill("SIGKILL"));
  let said = "";
  worker.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await expect.poll(() => said).toMatch(/takes jobs of greetings/);

  const npm = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)("npm", ["run", "--silent", ...args], { cwd: project, env })).stdout;
  expect(await npm("enqueue", "--", "Ada")).toMatch(/^job \S+ is queued\nHello, Ada!\n$/);
  await expect.poll(() => said).toMatch(/^greet \S+: "Hello, Ada!"$/m);
  expect(await npm("info")).toMatch(/^greetings +0 +0 +0 +1 +0 +1/m);
  worker.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(existsSync(join(project, "data/jobs.db"))).toBe(true);
});

it("leaves what is there as it was, and says what it lacks", async () => {
  await writeFile(join(folder, "package.json"), "{}");
  await symlink(join(folder, "nowhere"), join(folder, "tasks.js"));
  const { code, stdout } = await inProcess(["init"], { cwd: folder });
  expect(code).toBe(0);
  expect(await readFile(join(folder, "package.json"), "utf8")).toBe("{}");
  expect(existsSync(join(folder, "nowhere"))).toBe(false);
  expect(stdout).toMatch(/^kept +.*package\.json, which was there already$/m);
  expect(stdout).toMatch(/^ +"worker": "node worker\.js"$/m);
  expect(stdout).toMatch(/Next:\n {2}npm install\n/);
  const again = JSON.parse((await inProcess(["init", "--json"], { cwd: folder })).stdout) as unknown;
  expect(again).toEqual({
    folder,
    written: [],
    kept: ["tasks.js", "worker.js", "enqueue.js", "package.json", ".gitignore"],
    next: ["npm install", "npm run worker"],
  });
});

it("asks for this version of the package, and gives the project a name that npm takes", async () => {
  await inProcess(["init", "Über Jobs!"], { cwd: folder });
  const manifest = JSON.parse(await readFile(join(folder, "Über Jobs!", "package.json"), "utf8")) as unknown;
  expect(manifest).toMatchObject({
    name: "ber-jobs",
    type: "module",
    dependencies: { longshore: `^${LONGSHORE_VERSION}` },
  });
});

it("refuses a file in place of a folder", async () => {
  await writeFile(join(folder, "taken"), "");
  const { code, stderr } = await inProcess(["init", "taken"], { cwd: folder });
  expect([code, stderr]).toEqual([2, expect.stringContaining("is a file: give a folder")]);
});
