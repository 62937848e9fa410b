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

test("words that only contain one are others", () => {
  const text = `const ${PRIVATE}letter = 1; // re${PRIVATE}, properties, kidney`;
  expect(check({ "src/a.ts": text })).toEqual({ code: 0, found: [] });
});
