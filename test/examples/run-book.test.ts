// An interrupted run is continued, a finished one is not, and each knows the one before it.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
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
  const begun = await new RunBook(path).begin("project", "a");
  expect(begun).toMatchObject({ continued: false, previous: null });
  expect(await new RunBook(path).begin("project", "a")).toEqual({ ...begun, continued: true });
});

test("a finished run is followed by a new one, which supersedes it; other projects are not touched", async () => {
  const book = new RunBook(join(folder, "runs.json"));
  const first = await book.begin("project", "a");
  const other = await book.begin("other", "a");
  await book.finish("project", first.id);
  const second = await book.begin("project", "a");
  expect(second).toMatchObject({ continued: false, previous: first.id });
  expect(second.id).not.toBe(first.id);
  expect(await book.begin("other", "a")).toEqual({ ...other, continued: true });
});

test("an unfinished run of something else is superseded, not continued later", async () => {
  const book = new RunBook(join(folder, "changed.json"));
  const first = await book.begin("project", "a");
  const second = await book.begin("project", "b");
  expect(second).toMatchObject({ continued: false, previous: first.id });
  expect(await book.begin("project", "a")).toMatchObject({ continued: false, previous: second.id });
});

test("a run that was superseded meanwhile does not finish the newer one", async () => {
  const book = new RunBook(join(folder, "overtaken.json"));
  const first = await book.begin("project", "a");
  const second = await book.begin("project", "b");
  await book.finish("project", first.id);
  expect(await book.begin("project", "b")).toEqual({ ...second, continued: true });
});

test("entries that are none are ignored", async () => {
  const path = join(folder, "odd.json");
  await writeFile(path, JSON.stringify({ project: "4f2a", other: { id: 1 } }));
  expect(await new RunBook(path).begin("project", "a")).toMatchObject({ continued: false, previous: null });
});

test("the key changes with the analysers and the requirements", () => {
  const keys = [
    [["R-A"], [{ id: "1", text: "x" }]],
    [["R-D"], [{ id: "1", text: "x" }]],
    [["R-A"], [{ id: "1", text: "y" }]],
  ].map(runKey);
  expect(new Set(keys).size).toBe(3);
});
