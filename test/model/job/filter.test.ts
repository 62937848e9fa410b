import { describe, expect, test } from "vitest";
import { DEFAULT_BACKOFF } from "../../../src/model/failure/backoff.js";
import { plainFailure } from "../../../src/model/failure/failure.js";
import { matchesFilter, type JobFilter } from "../../../src/model/job/query/filter.js";
import { UNLINKED, type JobRecord } from "../../../src/model/job/job.js";
import { DEFAULT_RETENTION } from "../../../src/model/job/retention.js";

const job: JobRecord = {
  id: "job_17",
  queue: "main",
  state: "failed",
  task: "scan",
  input: "{}",
  result: null,
  meta: null,
  priority: 0,
  attempt: 1,
  attempts: 3,
  crashes: 0,
  backoff: DEFAULT_BACKOFF,
  timeout: 1,
  ttl: null,
  tags: ["user:42", "app:7"],
  unique: null,
  supersedes: null,
  failures: [],
  ...UNLINKED,
  retention: DEFAULT_RETENTION,
  progress: null,
  error: plainFailure("Error", "boom", "E"),
  history: [],
  lastWorker: null,
  createdAt: 1_000,
  runAt: 1_000,
  startedAt: 1_000,
  finishedAt: 1_000,
  worker: null,
  appVersion: null,
  environment: null,
  version: null,
  problem: null,
};

describe("a filter", () => {
  test.each<[title: string, filter: JobFilter, matches: boolean]>([
    ["that says nothing matches everything", {}, true],
    ["by task", { task: "scan" }, true],
    ["by another task", { task: "sca" }, false],
    ["by one of the tags", { tag: "app:7" }, true],
    ["by a piece of a tag", { tag: "user:4" }, false],
    ["by the fingerprint of the error", { fingerprint: job.error?.fingerprint ?? "" }, true],
    ["by another fingerprint", { fingerprint: "000000000000" }, false],
    ["by a piece of the id", { idContains: "b_1" }, true],
    ["by the id in other letters", { idContains: "JOB" }, false],
    ["from the very millisecond", { createdFrom: 1_000 }, true],
    ["from the next millisecond", { createdFrom: 1_001 }, false],
    ["before the very millisecond", { createdBefore: 1_000 }, false],
    ["before the next millisecond", { createdBefore: 1_001 }, true],
    ["of which one condition fails", { task: "scan", tag: "none" }, false],
  ])("%s", (_title, filter, matches) => {
    expect(matchesFilter(job, filter)).toBe(matches);
  });

  test("by fingerprint matches no job without an error", () => {
    expect(matchesFilter({ ...job, error: null }, { fingerprint: "x" })).toBe(false);
  });
});
