// An interrupted run is continued, a finished one is not.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { RunBook, runKey } from "../../examples/run-book.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "run-book-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a run that was not finished is continued by the next process", async () => {
  const path = join(folder, "new", "runs.json");
  const begun = await new RunBook(path).begin("a");
  expect(begun.continued).toBe(false);
  expect(await new RunBook(path).begin("a")).toEqual({ id: begun.id, continued: true });
});

test("a finished run is followed by a new one; other runs are not touched", async () => {
  const book = new RunBook(join(folder, "runs.json"));
  const first = await book.begin("a");
  const other = await book.begin("b");
  await book.finish("a");
  const second = await book.begin("a");
  expect(second.continued).toBe(false);
  expect(second.id).not.toBe(first.id);
  expect(await book.begin("b")).toEqual({ id: other.id, continued: true });
});

test("the key changes with the engine, the analysers and the requirements", () => {
  const keys = [
    ["sqlite:a", ["R-A"], [{ id: "1", text: "x" }]],
    ["sqlite:b", ["R-A"], [{ id: "1", text: "x" }]],
    ["sqlite:a", ["R-D"], [{ id: "1", text: "x" }]],
    ["sqlite:a", ["R-A"], [{ id: "1", text: "y" }]],
  ].map(runKey);
  expect(new Set(keys).size).toBe(4);
});
