// What is said of queues whose jobs do not run, and when nothing is.
import { expect, test } from "vitest";
import { compareInsights, listOf, type Insight } from "../../../src/model/insight/insight.js";
import type { ObservedAside, ObservedQueue, ObservedWorker } from "../../../src/model/insight/observed.js";
import { asideInsight, queueInsight } from "../../../src/model/insight/queue-insights.js";
import { workerOf } from "./observed-things.js";

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const QUEUE: ObservedQueue = {
  name: "scans",
  paused: false,
  pausedAt: null,
  waiting: 2,
  headSince: NOW - MINUTE,
  usualWait: null,
};

type Row = [what: string, queue: Partial<ObservedQueue>, workers: ObservedWorker[], said: Partial<Insight> | null];

const rows: Row[] = [
  ["an empty queue without workers", { waiting: 0, headSince: null }, [], null],
  [
    "jobs and no worker",
    {},
    [],
    { code: "no-worker", severity: "error", since: NOW - MINUTE, text: "queue scans has 2 jobs waiting and no worker" },
  ],
  ["jobs and a worker", {}, [workerOf()], null],
  [
    "jobs, a worker that is silent and one that is well",
    {},
    [workerOf({ liveness: "silent" }), workerOf({ name: "two" })],
    null,
  ],
  ["jobs and a worker of another queue", {}, [workerOf({ queues: ["mails"] })], { code: "no-worker" }],
  [
    "jobs and a worker that is lost",
    { waiting: 1 },
    [workerOf({ liveness: "lost" })],
    { code: "no-worker", text: "queue scans has 1 job waiting and no worker that gives signs of life: one is lost" },
  ],
  [
    "jobs and workers that take none",
    {},
    [workerOf({ suspended: ["quiet"] }), workerOf({ name: "two", suspended: ["stopping"] })],
    {
      code: "quiet-workers",
      severity: "warning",
      text: "queue scans has 2 jobs waiting, and its workers (one, two) take none: quiet, stopping",
      advice: "longshore workers resume one",
    },
  ],
  [
    "jobs, and one of two workers takes some",
    {},
    [workerOf({ suspended: ["quiet"] }), workerOf({ name: "two" })],
    null,
  ],
  ["paused a moment ago", { paused: true, pausedAt: NOW - MINUTE }, [], null],
  [
    "paused for long",
    { paused: true, pausedAt: NOW - 2 * HOUR },
    [workerOf()],
    {
      code: "paused",
      severity: "warning",
      since: NOW - 2 * HOUR,
      text: "queue scans has been paused for 2h while 2 jobs wait",
    },
  ],
  ["paused for long without jobs", { paused: true, pausedAt: NOW - 2 * HOUR, waiting: 0 }, [], null],
  ["paused, with no time known", { paused: true }, [], { code: "paused", since: null }],
  ["waiting for less than an hour, where nothing is usual", { headSince: NOW - HOUR }, [workerOf()], null],
  [
    "waiting for longer",
    { headSince: NOW - HOUR - 1_000 },
    [workerOf()],
    { code: "waiting-long", severity: "warning" },
  ],
  ["five times as long as usual", { usualWait: 2 * MINUTE, headSince: NOW - 10 * MINUTE }, [workerOf()], null],
  [
    "longer than that",
    { usualWait: 2 * MINUTE, headSince: NOW - 11 * MINUTE },
    [workerOf()],
    {
      code: "waiting-long",
      text: "queue scans: the next job has waited for 11m, 2 jobs wait; in the day before it was 2m at most in a usual hour",
    },
  ],
  ["far above usual, but minutes only", { usualWait: 10, headSince: NOW - 4 * MINUTE }, [workerOf()], null],
  ["as long as ever, however long", { usualWait: 10 * HOUR, headSince: NOW - 20 * HOUR }, [workerOf()], null],
];

test.each(rows)("%s", (_what, queue, workers, said) => {
  const insight = queueInsight({ ...QUEUE, ...queue }, workers, NOW);
  expect(listOfOne(insight)).toMatchObject(listOfOne(said && { ...said, subjects: { queues: ["scans"] } }));
});

const ASIDE: ObservedAside = { queue: "scans", task: "ocr", jobs: 3, since: NOW - HOUR };

test.each<[string, ObservedWorker[], Partial<Insight> | null]>([
  ["no worker at all", [], null],
  ["workers of other queues", [workerOf({ queues: ["mails"] })], null],
  [
    "no worker that knows the task",
    [workerOf()],
    {
      code: "unknown-task",
      severity: "error",
      since: NOW - HOUR,
      text: "queue scans: 3 jobs of task ocr are set aside: no worker of the queue knows that task",
      subjects: { queues: ["scans"], tasks: ["ocr"] },
    },
  ],
  ["a worker that knows it", [workerOf({ tasks: ["ocr"] })], { code: "unknown-task", severity: "warning" }],
])("jobs set aside, and %s", (_what, workers, said) => {
  const insight = asideInsight(ASIDE, workers);
  expect(listOfOne(insight)).toMatchObject(listOfOne(said));
});

/** Nothing is an empty list. */
function listOfOne<Thing>(thing: Thing | null): Thing[] {
  return thing === null ? [] : [thing];
}

function make(text: string, severity: Insight["severity"], since: number | null): Insight {
  return { code: "paused", severity, text, subjects: {}, since, advice: "" };
}

test("the worst comes first, then what is so for longest", () => {
  const sorted = [
    make("e", "info", 1),
    make("d", "warning", null),
    make("c", "warning", null),
    make("b", "warning", 9),
    make("a", "error", 10),
  ].toSorted(compareInsights);
  expect(sorted.map(({ text }) => text).join("")).toBe("abcde");
});

test("of many names three are said, and how many more there are", () => {
  expect(listOf(["a", "b", "c"])).toBe("a, b, c");
  expect(listOf(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more");
});
