import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/check-words.mjs", import.meta.url));
// Put together here, for this file is checked as well.
const PRIVATE = ["ne", "ws"].join("");

function check(files: Record<string, string>): { code: number | null; found: string[] } {
  const root = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-words-`));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { status, stderr } = spawnSync(process.execPath, [script, root], { encoding: "utf8" });
  return { code: status, found: stderr.split("\n").filter((line) => line !== "" && !line.startsWith("Words:")) };
}

test.each([
  ["a comment", "src/a.ts", `// The ${PRIVATE} of a job.`],
  ["a name in one piece", "src/a.ts", `const ${PRIVATE} = 1;`],
  ["the end of a longer name", "test/a.ts", `have${PRIVATE.replace("n", "N")}();`],
  ["a name with underscores", "src/engine/a.lua", `local note_${PRIVATE} = 1`],
  ["documentation", "docs/a.md", `It has ${PRIVATE.toUpperCase()}.`],
])("a private word in %s is named, with the one to use", (_where, path, text) => {
  const { code, found } = check({ [path]: `\n${text}\n` });
  expect(code).toBe(1);
  expect(found).toEqual([expect.stringMatching(new RegExp(`^${path}:2 says "${PRIVATE}": outbox`, "i"))]);
});

const PHRASE = ["left", "behind"] as const;
const [left, behind] = PHRASE;
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

test.each([
  ["capitals", `const ${left}Behind = 1;`],
  ["the middle of a longer name", `read${capital(left)}Behind();`],
  ["underscores", `const ${PHRASE.join("_")} = 1;`],
  ["a file", `import "./${PHRASE.join("-")}.js";`],
])("a private name is found by its words, joined by %s", (_how, text) => {
  const { code, found } = check({ "src/a.ts": text });
  expect(code).toBe(1);
  expect(found).toEqual([expect.stringMatching(/^src\/a\.ts:1 says ".*left.?behind.*": step records$/i)]);
});

test("the words of a private name are free in a text", () => {
  const text = `// What was ${left} ${behind}; "${PHRASE.join("-")}-by-a-run".`;
  expect(check({ "src/a.ts": text })).toEqual({ code: 0, found: [] });
});

test("a private type is named where it is declared, and free as a word of a text", () => {
  const type = ["Ver", "dict"].join("");
  const { code, found } = check({ "src/a.ts": `// ${type} of a court.\nexport interface ${type} {}\n` });
  expect([code, found]).toEqual([1, [`src/a.ts:2 says "${type}": RetryDecision, Transition`]]);
});

test("a private key is named in a Redis script, in its head and in its code", () => {
  const key = ["de", "ad"].join("");
  const lua = `-- KEYS: queue ${key} job\n-- a ${key} session\nput(K.${key}, id)\n`;
  const { code, found } = check({ "src/engine/redis/scripts/a.lua": lua, "src/a.ts": `put(K.${key})` });
  expect(code).toBe(1);
  expect(found).toEqual([1, 3].map((line) => `src/engine/redis/scripts/a.lua:${line} says "${key}": tombstones`));
});

const PERSON = ["no", "body"].join("");

test.each([
  ["a comment", "src/a.ts", `const a = 1; // For ${PERSON}.`],
  ["a docstring", "src/a.ts", ` * It waits for ${PERSON}.`],
  ["a script", "src/engine/a.lua", `-- For ${PERSON}.`],
  ["documentation", "docs/a.md", `It waits for ${PERSON}.`],
  ["the title of a test", "test/a.test.ts", `it("is there for ${PERSON}", () => {`],
  ["the title of a table of tests", "test/a.test.ts", `] as const)("is there for ${PERSON}: %s", () => {`],
  ["the title of a scenario", "src/a.ts", `    "a job waits for ${PERSON}",`],
])("a person in %s is named", (_where, path, text) => {
  const { code, found } = check({ [path]: text });
  expect(code).toBe(1);
  expect(found).toEqual([expect.stringContaining(`${path}:1 says "${PERSON}": no worker`)]);
});

test("a person in a value, and things that can be told apart, are free", () => {
  const code = `const id = "${PERSON}";\nconst ${["to", "ld"].join("")} = [];\n// They can be ${["to", "ld"].join("")} apart.`;
  expect(check({ "src/a.ts": code })).toEqual({ code: 0, found: [] });
});

test("words that only contain one are others", () => {
  const text = `const ${PRIVATE}letter = 1; // re${PRIVATE}, properties, kidney`;
  expect(check({ "src/a.ts": text })).toEqual({ code: 0, found: [] });
});
