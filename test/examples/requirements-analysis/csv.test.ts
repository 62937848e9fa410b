// Which CSV files are accepted, and how each mistake in one is reported.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { CsvInputError, parseRequirements, readRequirements } from "../../../examples/requirements-analysis/csv.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "requirements-"));
});
afterAll(() => rm(folder, { recursive: true }));

function problemOf(content: string): string {
  try {
    parseRequirements(content, "my.csv");
  } catch (error) {
    if (error instanceof CsvInputError) return error.message;
    throw error;
  }
  return "accepted";
}

test("reads id and text, in any column order, and ignores the rest", () => {
  expect(parseRequirements('tags,Text,ID\ncore,"one, two",R-1\n,"a\nb",R-2\n', "my.csv")).toEqual([
    { id: "R-1", text: "one, two" },
    { id: "R-2", text: "a\nb" },
  ]);
});

test.each(["requirement", "description", "title"])("takes the text from a column named %s", (name) => {
  expect(parseRequirements(`${name}\nfirst\nsecond\n`, "my.csv")).toEqual([
    { id: "row-1", text: "first" },
    { id: "row-2", text: "second" },
  ]);
});

test("accepts a byte order mark, CRLF and empty lines", () => {
  expect(parseRequirements("\uFEFFid,text\r\n1,first\r\n\r\n2,second\r\n", "my.csv")).toHaveLength(2);
});

test("an empty file", () => {
  expect(problemOf("")).toBe("my.csv: the file is empty; it needs a header line and one row or more");
});

test("a header without rows", () => {
  expect(problemOf("id,text\n")).toBe("my.csv: the file has a header line but no rows");
});

test("no column with the text", () => {
  expect(problemOf("id,body\n1,first\n")).toBe(
    'my.csv: line 1: no column holds the text: found "id", "body", needs one of ' +
      '"text", "requirement", "description", "title"',
  );
});

test("a row without text", () => {
  expect(problemOf('id,text\n1,"first\nline"\n2,\n')).toBe('my.csv: line 4: column "text": the text is empty');
});

test("the same id twice", () => {
  expect(problemOf("id,text\n1,first\n2,second\n1,third\n")).toBe(
    'my.csv: line 4: column "id": the id "1" is on line 2 already',
  );
});

test("a row with too many fields", () => {
  expect(problemOf("id,text\n1,first\n2,second,third\n")).toMatch(/^my\.csv: line 3: .*expect 2, got 3/);
});

test("a quote that is never closed", () => {
  expect(problemOf('id,text\n1,"first\n')).toMatch(/^my\.csv: line \d: Quote Not Closed/);
});

test("a file that does not exist, or is a folder", async () => {
  await expect(readRequirements(join(folder, "none.csv"))).rejects.toThrow(/none\.csv: no such file$/);
  await expect(readRequirements(folder)).rejects.toThrow(/is a folder, not a file$/);
});

test("a file on disk", async () => {
  const path = join(folder, "some.csv");
  await writeFile(path, "text\nThe page lists jobs.\n");
  expect(await readRequirements(path)).toEqual([{ id: "row-1", text: "The page lists jobs." }]);
});

test("the shipped list is complete", async () => {
  const path = new URL("../../../examples/requirements-analysis/requirements.csv", import.meta.url).pathname;
  const rows = await readRequirements(path);
  expect(rows).toHaveLength(345);
  expect(rows[0]?.id).toBe("S0-01");
});
