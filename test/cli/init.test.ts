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
  await writeFile(
    join(folder, "package.json"),
    '{"type":"module","scripts":{"worker":"node worker.js","info":"mine"}}',
  );
  await symlink(join(folder, "nowhere"), join(folder, ".gitignore"));
  const { code, stdout } = await inProcess(["init"], { cwd: folder });
  expect(code).toBe(0);
  expect(await readFile(join(folder, "package.json"), "utf8")).toContain("mine");
  expect(existsSync(join(folder, "nowhere"))).toBe(false);
  expect(stdout).toMatch(/^kept +.*package\.json, which was there already$/m);
  expect(stdout).toMatch(
    /It needs these scripts:\n {2}"enqueue": "node enqueue\.js"\n {2}"info": "longshore info .*"\n {2}"doctor": /,
  );
  expect(stdout).toMatch(/Next:\n {2}npm install longshore@\^\d+\.\d+\.\d+\n/);
});

it("run again, finds everything there", async () => {
  await inProcess(["init"], { cwd: folder });
  const again = JSON.parse((await inProcess(["init", "--json"], { cwd: folder })).stdout) as unknown;
  expect(again).toEqual({
    folder,
    written: [],
    kept: ["tasks.js", "worker.js", "enqueue.js", "package.json", ".gitignore"],
    missingScripts: {},
    next: ["npm install", "npm run worker"],
  });
});

it.each([
  ["another file", async (path: string) => writeFile(path, "export const mine = 1;")],
  ["a link to nowhere", async (path: string) => symlink("/nowhere/at/all", path)],
  ["a folder", async (path: string) => mkdir(path)],
])("writes nothing beside %s in place of its tasks, which the worker would not fit", async (_what, make) => {
  await make(join(folder, "tasks.js"));
  const { code, stderr } = await inProcess(["init"], { cwd: folder });
  expect([code, stderr]).toEqual([4, expect.stringMatching(/has a tasks\.js of its own.*longshore init jobs/)]);
  expect(await readdir(folder)).toEqual(["tasks.js"]);
});

it.each([
  ["for CommonJS", { type: "commonjs" }],
  ["that does not say what .js is", {}],
])("writes .mjs beside a package.json %s, so that its files load", async (_kind, manifest) => {
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await inProcess(["init"], { cwd: folder });
  expect((await readdir(folder)).toSorted()).toEqual([
    ".gitignore",
    "enqueue.mjs",
    "package.json",
    "tasks.mjs",
    "worker.mjs",
  ]);
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules/longshore"));
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", 'import "./tasks.mjs"'],
    {
      cwd: folder,
    },
  );
  expect(stderr).toBe("");
});

it("writes code that the strict compiler takes", async () => {
  await inProcess(["init"], { cwd: folder });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const options = { strict: true, allowJs: true, checkJs: true, noEmit: true, module: "nodenext", target: "es2022" };
  const paths = { longshore: [join(root, "dist/index.d.ts")] };
  const compilerOptions = { ...options, types: ["node"], skipLibCheck: true, paths };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.js"] }));
  const tsc = join(root, "node_modules/.bin/tsc");
  const { stdout } = await promisify(execFile)(tsc, ["-p", folder]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe("");
});

it("a package.json that is not JSON is a mistake that it names", async () => {
  await writeFile(join(folder, "package.json"), "{ nothing");
  const { code, stderr } = await inProcess(["init"], { cwd: folder });
  expect([code, stderr]).toEqual([2, expect.stringContaining("package.json is not JSON")]);
});

it("ends where no folder can be made", async () => {
  // In a process of its own: one that hangs can be ended.
  const main = join(root, "dist/cli/main.js");
  const ended = promisify(execFile)(process.execPath, [main, "init", "/proc/longshore"], { timeout: 30_000 });
  await expect(ended).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: E\w+: .*\n$/) });
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
