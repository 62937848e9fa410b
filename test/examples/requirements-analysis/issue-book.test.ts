// Issues are open until the analysis that found them is superseded, whatever the order and however often that is reported.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Finding } from "../../../examples/requirements-analysis/finding.js";
import { IssueBook } from "../../../examples/requirements-analysis/issue-book.js";

let folder: string;
let book: IssueBook;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "issue-book-"));
  book = new IssueBook(join(folder, "new", "issues.db"));
});
afterEach(async () => {
  book.close();
  await rm(folder, { recursive: true });
});

const finding: Finding = {
  analyser: "R-A",
  severity: "low",
  quote: "easy",
  offset: 4,
  explanation: "“easy” is vague.",
};
const analysis = { job: "run1-1", requirementId: "A" };

test("what an analysis found is open, and stays in the file", () => {
  book.record(analysis, [finding, finding]);
  const other = new IssueBook(join(folder, "new", "issues.db"));
  expect(other.count("run1-")).toEqual({ open: 2, superseded: 0 });
  other.close();
});

test("a job that runs twice leaves its issues once", () => {
  book.record(analysis, [finding, finding]);
  book.record(analysis, [finding]);
  expect(book.count("run1-")).toEqual({ open: 1, superseded: 0 });
});

test("superseding marks the issues of that job and no others, once", () => {
  book.record(analysis, [finding, finding]);
  book.record({ job: "run1-2", requirementId: "B" }, [finding]);
  book.supersede(analysis.job);
  book.supersede(analysis.job);
  expect(book.count("run1-")).toEqual({ open: 1, superseded: 2 });
});

test("what is written down after it was superseded is superseded", () => {
  book.supersede(analysis.job);
  book.record(analysis, [finding]);
  expect(book.count("run1-")).toEqual({ open: 0, superseded: 1 });
});

test("counts the jobs of one run", () => {
  book.record(analysis, [finding]);
  book.record({ job: "run10-1", requirementId: "A" }, [finding]);
  expect(book.count("run1-")).toEqual({ open: 1, superseded: 0 });
  expect(book.count("run2-")).toEqual({ open: 0, superseded: 0 });
});
