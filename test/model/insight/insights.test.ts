// What is said of workers, schedules, stores and failures, and when nothing is.
import { describe, expect, test } from "vitest";
import { failureInsights } from "../../../src/model/insight/failure-insights.js";
import { INSIGHT_CODES, type Insight } from "../../../src/model/insight/insight.js";
import type { ObservedLosses, ObservedSchedule, ObservedWorker } from "../../../src/model/insight/observed.js";
import { scheduleInsights } from "../../../src/model/insight/schedule-insights.js";
import { nodeInsights, type ObservedNode } from "../../../src/model/insight/store-insights.js";
import {
  crashInsights,
  fleetInsights,
  lostInsights,
  skewInsights,
} from "../../../src/model/insight/worker-insights.js";
import { nodeOf, workerOf } from "./observed-things.js";

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const MEGABYTE = 1024 * 1024;

/** `severity code: text` of each. */
function said(insights: readonly Insight[]): string[] {
  for (const { code } of insights) expect(INSIGHT_CODES).toContain(code);
  return insights.map(({ severity, code, text }) => `${severity} ${code}: ${text}`);
}

describe("workers", () => {
  test("that are lost are named while they hold jobs", () => {
    const lost = { liveness: "lost", seenAt: NOW - 2 * MINUTE } as const;
    const workers = [workerOf({ ...lost, running: 2 }), workerOf({ ...lost, name: "two" }), workerOf({ running: 5 })];
    expect(said(lostInsights(workers, NOW))).toEqual([
      "warning worker-lost: worker one is lost and held 2 jobs: no sign of life for 2m",
    ]);
  });

  const loss = (runs: number, task = "ocr"): ObservedLosses => ({ queue: "scans", task, runs, since: NOW - MINUTE });
  const killer = { task: "ocr", failed: 1, fingerprint: "f1", since: NOW };

  test.each<[string, ObservedLosses[], (typeof killer)[], string[]]>([
    ["two runs lost", [loss(2)], [], []],
    [
      "three",
      [loss(3)],
      [],
      ["warning crash-loop: queue scans: 3 runs of task ocr ended with their worker in the last hour"],
    ],
    [
      "a job that killed three workers, said once for its task",
      [loss(3)],
      [killer],
      ["error crash-loop: 1 job of task ocr failed because its workers died three times while running it"],
    ],
    [
      "beside another task's",
      [loss(9, "mail")],
      [{ ...killer, failed: 4 }],
      [
        "error crash-loop: 4 jobs of task ocr failed because their workers died three times while running them",
        "warning crash-loop: queue scans: 9 runs of task mail ended with their worker in the last hour",
      ],
    ],
  ])("that die: %s", (_what, losses, killers, expected) => {
    expect(said(crashInsights(losses, killers))).toEqual(expected);
  });

  test.each<[string, (number | null)[], number[], string[]]>([
    ["close to the store's", [4_999, -4_999, null], [4_999], []],
    [
      "far from it",
      [100, -90_000, 5_000],
      [0],
      ["warning clock-skew: the clocks of 2 workers differ from the store's: that of w1 is 2m behind it"],
    ],
    [
      "ahead of it",
      [6_000],
      [],
      ["warning clock-skew: the clocks of 1 worker differ from the store's: that of w0 is 6s ahead of it"],
    ],
    ["this process's", [], [100, -7_000], ["warning clock-skew: the clock of this process is 7s ahead of the store's"]],
  ])("whose clocks are %s", (_what, ahead, store, expected) => {
    const workers = ahead.map((clockAhead, n) => workerOf({ name: `w${n}`, clockAhead }));
    expect(said(skewInsights(workers, store))).toEqual(expected);
    expect(
      said(
        skewInsights(
          workers.map((worker) => ({ ...worker, liveness: "lost" })),
          [],
        ),
      ),
    ).toEqual([]);
  });

  test.each<[string, ObservedWorker[], string[]]>([
    ["none", [], []],
    ["one", [workerOf()], ["info single-worker: worker one is the only one: while it restarts, nothing runs"]],
    [
      "one, and one that is lost",
      [workerOf(), workerOf({ liveness: "lost", longshore: "0.9.0" })],
      ["info single-worker: worker one is the only one: while it restarts, nothing runs"],
    ],
    ["two of a version", [workerOf(), workerOf({ name: "two" })], []],
    [
      "several of two versions",
      [workerOf(), workerOf({ name: "two" }), workerOf({ name: "old", longshore: "0.9.0" })],
      ["warning mixed-versions: workers run different versions of Longshore: 1 on 0.9.0, 2 on 1.0.0"],
    ],
  ])("there are: %s", (_what, workers, expected) => {
    expect(said(fleetInsights(workers))).toEqual(expected);
  });
});

describe("schedules", () => {
  const schedule = (changes: Partial<ObservedSchedule> = {}): ObservedSchedule => {
    return { name: "nightly", queue: "scans", status: "active", nextDue: NOW - MINUTE, problem: null, ...changes };
  };

  test.each<[string, ObservedSchedule[], ObservedWorker[], string[]]>([
    ["due a minute ago", [schedule()], [workerOf()], []],
    [
      "late",
      [schedule({ nextDue: NOW - 3 * MINUTE }), schedule({ name: "hourly", nextDue: NOW - 10 * MINUTE })],
      [workerOf()],
      ["warning schedule-late: queue scans: 2 schedules are late, nightly, hourly, by up to 10m"],
    ],
    [
      "late without a worker",
      [schedule({ nextDue: NOW - 3 * MINUTE })],
      [],
      ["error schedule-late: queue scans: 1 schedule is late, nightly, by up to 3m and no worker serves the queue"],
    ],
    ["paused", [schedule({ nextDue: NOW - 3 * MINUTE, status: "paused" })], [], []],
    ["never due again", [schedule({ nextDue: null })], [], []],
    [
      "that cannot be read",
      [schedule({ nextDue: null, problem: "something is missing" })],
      [workerOf()],
      ["error schedule-unreadable: 1 schedule cannot be read, so it does not fire: something is missing"],
    ],
  ])("%s", (_what, schedules, workers, expected) => {
    expect(said(scheduleInsights(schedules, workers, NOW))).toEqual(expected);
  });
});

describe("a store", () => {
  test.each<[string, Partial<ObservedNode>, string[]]>([
    ["that is well", {}, []],
    [
      "that is well and a file",
      { software: "sqlite", diskFree: 1_000 * MEGABYTE, memoryUsed: null, memoryLimit: null },
      [],
    ],
    [
      "that refuses",
      { refusal: "out of memory" },
      ["error store-refuses: the store redis:6379 takes no new jobs: out of memory"],
    ],
    [
      "that may evict",
      { evictionPolicy: "allkeys-lru" },
      [
        "warning store-evicts: the store redis:6379 deletes jobs when its memory is full (maxmemory-policy allkeys-lru)",
      ],
    ],
    [
      "that has evicted",
      { evictionPolicy: "allkeys-lru", evicted: 7 },
      [
        "error store-evicts: the store redis:6379 has deleted 7 keys for want of memory (maxmemory-policy allkeys-lru): jobs may be among them",
      ],
    ],
    [
      "of which that is unknown",
      { evictionPolicy: null, evicted: null, missingRights: null, memoryUsed: null, memoryLimit: null },
      [],
    ],
    ["with room", { memoryUsed: 79, memoryLimit: 100 }, []],
    [
      "that is filling up",
      { memoryUsed: 80 * MEGABYTE, memoryLimit: 100 * MEGABYTE },
      ["warning store-nearly-full: the store redis:6379 uses 80 % of its memory (80MB of 100MB)"],
    ],
    [
      "that is nearly full",
      { memoryUsed: 96, memoryLimit: 100 },
      [expect.stringMatching(/^error store-nearly-full/) as string],
    ],
    [
      "on a disk that fills up",
      { diskFree: 200 * MEGABYTE },
      [expect.stringMatching(/^warning store-nearly-full/) as string],
    ],
    [
      "on a disk that is nearly full",
      { diskFree: 20 * MEGABYTE },
      [expect.stringMatching(/^error store-nearly-full/) as string],
    ],
    [
      "that keeps nothing",
      { persistence: { text: "none", kind: "none", lastSaveOk: null } },
      ["warning store-volatile: the store redis:6379 keeps nothing on disk: a restart of it loses every job"],
    ],
    [
      "of this process",
      { software: "memory", persistence: { text: "none", kind: "none", lastSaveOk: null } },
      ["info store-volatile: the store redis:6379 lives and dies with this process"],
    ],
    [
      "that could not save",
      { persistence: { text: "aof always", kind: "log", lastSaveOk: false } },
      ["error store-save-failed: the store redis:6379 could not save the last time it tried to (aof always)"],
    ],
    [
      "that does not let us",
      { missingRights: ["config|get", "hset"] },
      ["error store-rights: the store redis:6379 does not let this user do all that is needed: hset"],
    ],
    ["that does not say what it persists", { missingRights: ["config|get"] }, []],
  ])("%s", (_what, changes, expected) => {
    expect(said(nodeInsights(nodeOf(changes)))).toEqual(expected);
  });
});

test("failures that share a cause are said by their hint, ten at most", () => {
  const cause = { fingerprint: "f1", tasks: ["scan"], runs: 9, of: 10, hint: "9 of the last 10 failed" };
  expect(said(failureInsights([cause]))).toEqual(["warning shared-cause: 9 of the last 10 failed"]);
  expect(failureInsights(Array.from({ length: 30 }, () => cause))).toHaveLength(10);
});
