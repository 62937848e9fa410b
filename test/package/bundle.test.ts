// A program that was bundled together with the package, by a real bundler: features that need files of the package are
// refused at once, by name.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Bundled } from "longshore";
import { ownFile } from "../../src/engine/shared/own-file.js";

const run = promisify(execFile);
const main = fileURLToPath(new URL("../../dist/index.js", import.meta.url));

/** Connects, makes a worker, says how that ended; on memory it also runs a job. */
const PROGRAM = `
import { connect, module, task } from ${JSON.stringify(main)};
const [url, runner] = process.argv.slice(2);
const say = (error) => console.log(JSON.stringify({ code: error.code, name: error.constructor.name, message: error.message }));
const work = runner === "inline" ? task("work", () => 42) : task("work", { runner }, module("./x.js#x"));
const go = async () => {
  const longshore = await connect(url);
  try {
    longshore.worker([work]);
    console.log(JSON.stringify({ result: await (await longshore.enqueue(work)).result() }));
  } finally {
    await longshore.close();
  }
};
go().catch(say);
`;

let folder: string;

beforeAll(async () => {
  // Within the checkout, where the SQLite library of Node 20 is found: that is not what is missing.
  folder = await mkdtemp(fileURLToPath(new URL("../../build/bundle-", import.meta.url)));
  await writeFile(join(folder, "program.mjs"), PROGRAM);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  ["esm", "mjs"],
  ["cjs", "cjs"],
] as const)("a bundle (%s)", (format, ending) => {
  let file: string;

  beforeAll(async () => {
    file = join(folder, `bundle.${ending}`);
    const bundle = await rolldown({ input: join(folder, "program.mjs"), platform: "node", logLevel: "silent" });
    await bundle.write({ file, format, codeSplitting: false });
    await bundle.close();
  });

  const told = async (url: string, runner: string): Promise<unknown> => {
    const { stdout } = await run(process.execPath, [file, url, runner], { cwd: folder });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as unknown;
  };
  const refused = {
    code: "BUNDLED",
    message: expect.stringMatching(/external: \["longshore"\].*serverExternalPackages/),
  };

  it("runs jobs in memory", async () => {
    expect(await told("memory:", "inline")).toEqual({ result: 42 });
  });

  it("is refused by a worker on SQLite, which has no heartbeat thread", async () => {
    expect(await told(`sqlite:${join(folder, `${format}.db`)}`, "inline")).toMatchObject(refused);
  });

  it("is refused by Redis, whose scripts are missing", async () => {
    expect(await told(inject("redisUrl"), "inline")).toMatchObject(refused);
  });

  it.each(["thread", "process"])("is refused a task with runner %s", async (runner) => {
    expect(await told("memory:", runner)).toMatchObject(refused);
  });
});

it("a bundle that has no place of its own, as CommonJS of esbuild, is refused as well", () => {
  expect(() => ownFile(undefined, "./heartbeat-thread.js")).toThrow(Bundled);
});
