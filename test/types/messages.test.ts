// Messages of the compiler are about the mistake that was made. It prints the last overload only, so the order of overloads
// decides: with the one of tasks before the one of names, every wrong input read "not assignable to type 'string'".
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "build/messages");

const MISTAKES: readonly (readonly [mistake: string, code: string, told: RegExp])[] = [
  ["a misspelt input", `longshore.enqueue(scan, { ur: "x" });`, /'ur' does not exist/],
  ["a missing input", `longshore.enqueue(scan);`, /the input of this task is missing/],
  [
    "a missing input of a job that is spawned",
    `task("a", ({ spawn }) => spawn(scan));`,
    /input of this task is missing/,
  ],
  ["a missing input of a node", `flow("f", ($) => void $(scan));`, /the input of this task is missing/],
  ["a misspelt option", `longshore.enqueue(scan, { url: "x" }, { dely: "5m" });`, /'dely' does not exist .* 'delay'/],
  [
    "a wrong duration",
    `longshore.enqueue(scan, { url: "x" }, { delay: "5 minutes" });`,
    /"5 minutes"' is not assign.*Duration/,
  ],
  [
    "a wrong input of many",
    `longshore.enqueueMany(scan, [{ url: 1 }]);`,
    /'number' is not assignable to type 'string'/,
  ],
  ["a misspelt option of a task", `task("a", { queu: "x" }, () => 1);`, /'queu' does not exist .* 'queue'/],
  [
    "a wrong retention beside a schema",
    `task("a", { keep: { completed: "a day" }, input: schema }, ({ input }) => input.url);`,
    /"a day"' is not assign.*KeepRule/,
  ],
  [
    "a wrong input of a job that is spawned",
    `task("a", ({ spawn }) => spawn(scan, { url: 1 }));`,
    /'number' is not assign/,
  ],
  ["a wrong input of a node", `flow("f", ($) => void $(scan, { url: 1 }));`, /'number' is not assignable/],
];

const HEAD = `import { connect, flow, task } from "longshore";
import { z } from "zod";
const schema = z.object({ url: z.string() });
const scan = task("scan", { input: schema }, ({ input }) => input.url.length);
const longshore = await connect("memory:");
`;

let messages = new Map<number, string>();

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  const options = { noEmit: true, incremental: false };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions: options, include: ["mistakes.ts"] }),
  );
  const lines = MISTAKES.map(([, code]) => `export const m${MISTAKES.findIndex((row) => row[1] === code)} = ${code}`);
  writeFileSync(join(folder, "mistakes.ts"), `${HEAD}${lines.join("\n")}\nexport { flow };\n`);
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], { encoding: "utf8" });
  let line = 0;
  for (const text of stdout.split("\n")) {
    line = Number(/mistakes\.ts\((\d+),/.exec(text)?.[1] ?? line);
    messages.set(line, `${messages.get(line) ?? ""} ${text}`);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(MISTAKES)("of %s names it", (_mistake, code, told) => {
  const line = HEAD.split("\n").length + MISTAKES.findIndex((row) => row[1] === code);
  expect(messages.get(line)).toMatch(told);
});
