// The decisions about single jobs that the memory and SQLite engines share, each held to its table.
import { describe, expect, test } from "vitest";
import { sweepTotal, MOST_OVERDUE, type QueueSweep } from "../../../src/engine/shared/sweep.js";
import { groupByQueue, type Message } from "../../../src/engine/shared/relay.js";
import { planRetry } from "../../../src/engine/shared/retry.js";
import { keyOwnership, meetOwner } from "../../../src/engine/shared/unique-key.js";
import { dueAt, expiryOf, firstState, postponement } from "../../../src/model/job/admission.js";
import { FLOW_CREATION } from "../../../src/model/job/membership.js";
import { judgeCrash } from "../../../src/model/job/outcome.js";
import {
  DEFAULT_RETENTION,
  hasDefaultAge,
  mayCountOut,
  removalTime,
  retentionClass,
} from "../../../src/model/job/retention.js";
import { TERMINAL_STATES } from "../../../src/model/job/state.js";
import { ADMISSION_CASES, POSTPONEMENT_CASES, type AdmissionCase } from "./admission-cases.js";
import { CRASH_CASES } from "./crash-cases.js";
import { RETRY_CASES } from "./retry-cases.js";
import { CONFLICT_CASES, OWNERSHIP_CASES } from "./unique-key-cases.js";

const NOW = 1_000_000;
const timeOf = (due: AdmissionCase["due"]) =>
  typeof due === "number" ? { in: due } : { at: due === "past" ? NOW - 1_000 : NOW + 1_000 };
const other = { queue: "q", id: "other", ifFailed: "fail" } as const;

describe("admission", () => {
  test.each(ADMISSION_CASES)("$name", ({ spec, depends, due, state, runIn }) => {
    const job = { hold: false, role: "job", ttl: null, after: depends ? [other] : [], ...spec } as const;
    const runAt = dueAt(timeOf(due), NOW);
    expect([firstState(job, runAt, NOW), runAt]).toEqual([state, NOW + runIn]);
    const life = job.role === "flow" ? FLOW_CREATION : job.ttl;
    expect(expiryOf(job, NOW)).toBe(life === null ? null : NOW + life);
  });

  test.each(POSTPONEMENT_CASES)("$state, then due $due: $becomes", ({ state, due, becomes }) => {
    expect(postponement(state, dueAt(timeOf(due), NOW), NOW)).toBe(becomes);
  });
});

describe("the death of a worker", () => {
  test.each(CRASH_CASES)("after $before others: $state, a suspect: $suspect", ({ before, state, suspect }) => {
    expect(judgeCrash({ crashes: before })).toMatchObject({ state, suspect });
  });
});

describe("the owner of a unique key", () => {
  test.each(OWNERSHIP_CASES)("until $until, $state, has run: $hasRun, age $age: $owns", (one) => {
    const { until, state, hasRun, age, owns } = one;
    const takenUntil = typeof until === "number" ? NOW + until : null;
    const entry = { state, epoch: hasRun ? 3 : 0, expireAt: null, takenUntil, untilStarted: until === "started" };
    expect(keyOwnership(entry, NOW + age)).toBe(owns ? "owned" : "free");
  });

  test("is expired when its ttl is over, unless the key is taken for a time", () => {
    const entry = { state: "queued", epoch: 0, expireAt: NOW, takenUntil: null, untilStarted: false } as const;
    expect(keyOwnership(entry, NOW - 1)).toBe("owned");
    expect(keyOwnership(entry, NOW)).toBe("expired");
    expect(keyOwnership({ ...entry, takenUntil: NOW + 1 }, NOW)).toBe("owned");
  });

  test.each(CONFLICT_CASES)("$owner: $onConflict, ttls $ttls, debounce $debounce", (one) => {
    const { onConflict, owner: state, ttls = [null, null], debounce, outcome, expiresIn, runsIn } = one;
    const createdAt = NOW - 100;
    const owner = { state, createdAt, expireAt: ttls[0] === null ? null : createdAt + ttls[0] };
    const unique = debounce === undefined ? { onConflict } : { onConflict, debounce };
    const conflict = meetOwner(owner, { ttl: ttls[1] }, unique, NOW);
    const expireAt = expiresIn === undefined ? null : NOW + expiresIn;
    const runAt = runsIn === undefined ? null : NOW + runsIn;
    expect(conflict).toEqual(outcome === "replaced" ? { outcome, expireAt, runAt } : { outcome });
  });
});

const never = (): never => {
  throw new Error("asked");
};

describe("retry", () => {
  test.each(RETRY_CASES)("$state, from start: $fromStart, $unique, $supersedes, $flow: $outcome", (one) => {
    const { state, fromStart = false, unique, supersedes, flow, outcome, drops } = one;
    const job = {
      state,
      flow: flow === undefined ? null : "begun",
      uniqueUntil: unique?.until ?? null,
      supersedes: supersedes === undefined ? null : "key",
      willWait: () => flow === "one did not",
      isKeyTaken: () => unique?.taken ?? false,
      isLatest: () => supersedes === "latest",
    } as const;
    const claimsKey = unique?.until === "finished";
    expect(planRetry(job, fromStart)).toEqual(outcome === "applied" ? { claimsKey, dropsCheckpoints: drops } : outcome);
    expect(planRetry({ ...job, flow: "open" }, fromStart)).toBe("wrong-state");
  });

  test("asks who owns a key only where that decides, as asking may expire a job", () => {
    const job = {
      state: "failed",
      flow: null,
      supersedes: null,
      willWait: never,
      isKeyTaken: never,
      isLatest: never,
    } as const;
    expect(planRetry({ ...job, uniqueUntil: "started" }, false)).toMatchObject({ claimsKey: false });
    expect(planRetry({ ...job, state: "queued", uniqueUntil: "finished" }, false)).toBe("wrong-state");
  });
});

test.each(TERMINAL_STATES)("retention of %s", (state) => {
  const kind = state === "completed" || state === "partial" ? "completed" : "failed";
  expect(retentionClass(state)).toBe(kind);
  const retention = { ...DEFAULT_RETENTION, [kind]: { age: 5, count: null } };
  expect([removalTime(100, state, retention, false), hasDefaultAge(state, retention)]).toEqual([105, false]);
  expect(removalTime(100, state, retention, true)).toBe(10_100);
  expect(removalTime(100, state, DEFAULT_RETENTION, true)).toBe(removalTime(100, state, DEFAULT_RETENTION, false));
  expect(hasDefaultAge(state, { ...DEFAULT_RETENTION, [kind]: { ...DEFAULT_RETENTION[kind], count: 3 } })).toBe(true);
});

test.each([
  { watched: false, after: 0, may: true },
  { watched: true, after: 9_999, may: false },
  { watched: true, after: 10_000, may: true },
])("a count removes a job $after ms after its end, watched: $watched: $may", ({ watched, after, may }) => {
  expect(mayCountOut(100, watched, 100 + after)).toBe(may);
});

describe("a sweep of several queues", () => {
  const none: QueueSweep = {
    recovered: 0,
    promoted: 0,
    expired: 0,
    removed: 0,
    schedules: { due: [], more: false },
    overdue: [],
    nextDue: null,
    nextTick: null,
    nextRemoval: null,
  };

  test("adds up, and is due when the first of them is", () => {
    const swept = [
      { ...none, recovered: 1, promoted: 2, nextDue: 50, nextRemoval: 70 },
      { ...none, promoted: 3, expired: 4, removed: 5, nextTick: 40 },
    ];
    expect(sweepTotal(swept, 100)).toEqual({
      recovered: 1,
      promoted: 5,
      expired: 4,
      removed: 5,
      schedules: [],
      overdue: [],
      nextDue: 40,
      nextRemoval: 70,
      more: false,
    });
    expect(sweepTotal([], 100)).toMatchObject({ promoted: 0, nextDue: null, more: false });
  });

  test.each(["recovered", "promoted", "expired", "removed"] as const)("has more when it stopped at %s", (part) => {
    expect(sweepTotal([none, { ...none, [part]: 9 }], 10).more).toBe(false);
    expect(sweepTotal([none, { ...none, [part]: 10 }], 10).more).toBe(true);
  });

  test("has more when schedules are left, and reports a bounded number of overdue sessions per queue", () => {
    const overdue = Array.from({ length: MOST_OVERDUE + 1 }, () => {
      return { session: "s", queue: "q", deadline: 0, ttl: 1, overdue: 1 };
    });
    const total = sweepTotal(
      [
        { ...none, overdue },
        { ...none, overdue, schedules: { due: [], more: true } },
      ],
      10,
    );
    expect([total.overdue.length, total.more]).toEqual([2 * MOST_OVERDUE, true]);
  });
});

const message = (queue: string, id: string): Message => ({ kind: "unlink", to: { queue, id }, from: other });

test("messages are grouped by the queue they go to, those of one queue in their order", () => {
  const groups = groupByQueue([message("b", "1"), message("a", "2"), message("b", "3")]);
  expect(groups.map(([queue, messages]) => [queue, messages.map(({ to }) => to.id)])).toEqual([
    ["a", ["2"]],
    ["b", ["1", "3"]],
  ]);
});
