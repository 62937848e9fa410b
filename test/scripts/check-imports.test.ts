import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/check-imports.mjs", import.meta.url));

/** Checks a repository that has only these files; answers its exit code and what it complains about. */
function check(files: Record<string, string>): { code: number | null; breaches: string[] } {
  const root = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-imports-`));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, code] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), code);
  }
  const { status, stderr } = spawnSync(process.execPath, [script, root], { encoding: "utf8" });
  return { code: status, breaches: stderr.split("\n").filter((line) => !line.startsWith("Imports:") && line !== "") };
}

const layers = {
  "src/model/job.ts": "export const job = 1;",
  "src/engine/contract/engine.ts": `import { job } from "../../model/job.js";\nexport const contract = job;`,
  "src/engine/memory/engine.ts": `import { contract } from "../contract/engine.js";\nexport const memory = contract;`,
  "src/engine/open.ts": `export const open = () => import("./memory/engine.js");`,
  "src/engine/testkit/index.ts": `import { contract } from "../contract/engine.js";\nexport const suite = contract;`,
  "src/define/task.ts": `export const task = 1;`,
  "src/worker/worker.ts": `import { contract } from "../engine/contract/engine.js";\nexport const worker = contract;`,
  "src/client/longshore.ts": `import { worker } from "../worker/worker.js";\nexport { open } from "../engine/open.js";\nexport const client = worker;`,
  "src/http/job.ts": `import type { task } from "../define/task.js";\nexport type Task = typeof task;`,
  "src/index.ts": `export * from "./client/longshore.js";`,
};

test("imports that point downwards are in order", () => {
  expect(check(layers)).toEqual({ code: 0, breaches: [] });
});

test.each([
  ["src/model/id.ts", `import type { contract } from "../engine/contract/engine.js";`, "nothing but itself"],
  [
    "src/engine/contract/engine.ts",
    `import type { memory } from "../memory/engine.js";`,
    "src/engine/memory/engine.ts",
  ],
  ["src/engine/shared/signals.ts", `import { memory } from "../memory/engine.js";`, "src/engine/memory/engine.ts"],
  ["src/engine/redis/engine.ts", `import { memory } from "../memory/engine.js";`, "src/engine/memory/engine.ts"],
  ["src/engine/testkit/suite.ts", `import { open } from "../open.js";`, "src/engine/open.ts"],
  ["src/worker/loop.ts", `import { client } from "../client/longshore.js";`, "src/client/longshore.ts"],
  ["src/worker/loop.ts", `await import("../engine/memory/engine.js");`, "src/engine/memory/engine.ts"],
  ["src/client/job.ts", `import type { worker } from "../worker/worker.js";`, "src/worker/worker.ts"],
  [
    "src/define/task.ts",
    `import type { contract } from "../engine/contract/engine.js";`,
    "src/engine/contract/engine.ts",
  ],
  ["src/engine/open.ts", `import { task } from "../define/task.js";`, "src/define/task.ts"],
  ["src/client/job.ts", `export { suite } from "../engine/testkit/index.js";`, "src/engine/testkit/index.ts"],
  ["src/cli/main.ts", `import "../engine/memory/engine.js";`, "src/engine/memory/engine.ts"],
  ["src/client/job.ts", `import { help } from "../../test/help.js";`, "does not exist"],
  ["src/http/job.ts", `import { task } from "../define/task.js";`, "loads ../define/task.js"],
  ["src/http/job.ts", `import { randomUUID } from "node:crypto";`, "loads node:crypto"],
  ["src/http/job.ts", `export * from "zod";`, "loads zod"],
  ["src/http/job.ts", `import type { client } from "../client/longshore.js";`, "only itself and define/"],
  ["src/helpers/text.ts", "export {};", "none of the layers"],
  ["examples/shop/main.ts", `import { client } from "../../src/client/longshore.js";`, `import "longshore"`],
])("%s may not say %s", (path, code, complaint) => {
  const { code: exitCode, breaches } = check({ ...layers, [path]: `// One line.\n${code}` });
  expect(exitCode).toBe(1);
  // Upwards is also the way back: that closes a circle as well.
  const upwards = breaches.filter((breach) => !breach.includes("closes a circle"));
  expect(upwards).toHaveLength(1);
  expect(upwards[0]).toMatch(new RegExp(`^${path}:[12] `));
  expect(upwards[0]).toContain(complaint);
});

test.each([
  ["src/model/id.ts", `import { readFileSync } from "node:fs";`, "imports node:fs"],
  ["src/model/id.ts", "const now = Date.now();", "calls Date.now()"],
  ["src/model/id.ts", "const now = new Date();", "calls new Date()"],
  ["src/engine/memory/id.ts", "const n = Math.random();", "calls Math.random()"],
  ["src/engine/memory/id.ts", "setTimeout(() => sweep(), 5);", "calls setTimeout()"],
  ["src/engine/memory/id.ts", `import { setTimeout } from "node:timers/promises";`, "imports node:timers/promises"],
  ["src/worker/loop.ts", "const both = AbortSignal.any([one, other]);", "calls AbortSignal.any"],
])("%s does not touch the world: %s", (path, code, complaint) => {
  const { breaches } = check({ [path]: `/** Not Date.now() in words. */\n${code}` });
  expect(breaches).toEqual([expect.stringContaining(`${path}:2 ${complaint}`)]);
});

test("the clock itself reads the time, and a date of a given time is no clock", () => {
  const files = { "src/model/value/clock.ts": "Date.now();", "src/model/id.ts": "new Date(5); import 'node:crypto';" };
  expect(check(files)).toEqual({ code: 0, breaches: [] });
});

test("files that import each other in a circle are named, whether values or types", () => {
  const circle = check({
    "src/model/a.ts": `import { b } from "./b.js";`,
    "src/model/b.ts": `import type {\n  c,\n} from "./c.js";`,
    "src/model/c.ts": `import { a } from "./a.js";`,
  });
  expect(circle.breaches).toEqual([
    "src/model/c.ts:1 closes a circle: src/model/a.ts → src/model/b.ts → src/model/c.ts → src/model/a.ts",
  ]);
});

test("folders that import each other in a circle are named, though no files do", () => {
  const circle = check({
    "src/model/job/job.ts": `import { id } from "../value/id.js";`,
    "src/model/job/state.ts": "",
    "src/model/value/id.ts": "",
    "src/model/value/text.ts": `import { state } from "../job/state.js";`,
  });
  expect(circle.breaches).toEqual([
    "src/model/value/text.ts:1 closes a circle: src/model/job → src/model/value → src/model/job",
  ]);
});

test("a part that is loaded when it is needed closes no circle", () => {
  const files = {
    "src/model/a.ts": `import { b } from "./b.js";`,
    "src/model/b.ts": `export const a = () => import("./a.js");`,
  };
  expect(check(files).breaches).toEqual([]);
});
