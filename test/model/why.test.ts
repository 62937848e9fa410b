// Reasons in words: every kind, with what is known and what is not.
import { describe, expect, test } from "vitest";
import type { ReasonData } from "../../src/model/why/reason.js";
import { reasonText } from "../../src/model/why/reason-text.js";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const cases: readonly [ReasonData, string][] = [
  [
    { kind: "ended", state: "failed", at: NOW - 5 * MINUTE, error: "TypeError: no url" },
    "It has ended: failed 5m ago, TypeError: no url.",
  ],
  [{ kind: "ended", state: "completed", at: null, error: null }, "It has ended: completed."],
  [
    {
      kind: "active",
      since: NOW - 40_000,
      worker: { name: "w1", liveness: "alive", leaseEndsAt: NOW + 30_000 },
    },
    "It runs: worker w1 has had it for 40s.",
  ],
  [
    {
      kind: "active",
      since: NOW - 40_000,
      worker: { name: "w1", liveness: "silent", leaseEndsAt: NOW + 8_000 },
    },
    "It runs: worker w1 (silent; its lease lapses in 8s) has had it for 40s.",
  ],
  [
    { kind: "active", since: NOW, worker: { name: "w1", liveness: "lost", leaseEndsAt: NOW - 1 } },
    "It runs: worker w1 (lost; a living worker takes its jobs over) has had it for 0ms.",
  ],
  [
    { kind: "active", since: NOW - 1_000, worker: { name: "w1", liveness: "unknown", leaseEndsAt: null } },
    "It runs: worker w1 has had it for 1s.",
  ],
  [{ kind: "paused", queue: "scans", since: NOW - 12 * MINUTE }, "Queue scans is paused, for 12m now."],
  [{ kind: "paused", queue: "scans", since: null }, "Queue scans is paused."],
  [
    { kind: "delayed", until: NOW + 12 * MINUTE, cause: "retry", attempt: 2, attempts: 4 },
    "It is not due for 12m: attempt 2 of 4 comes then, after its back-off.",
  ],
  [
    { kind: "delayed", until: NOW + MINUTE, cause: "snoozed", attempt: 1, attempts: 3 },
    "It is not due for 1m: its handler asked to run later.",
  ],
  [
    { kind: "delayed", until: NOW - 1, cause: "scheduled", attempt: 1, attempts: 3 },
    "It is due and about to be queued: it was enqueued for then.",
  ],
  [{ kind: "held" }, "It was enqueued held, and has not been released."],
  [
    {
      kind: "blocked",
      isFlow: false,
      all: 5,
      open: 2,
      failed: 0,
      by: [
        { queue: "io", id: "9k3", task: "crawl", state: "active" },
        { queue: "cpu", id: "9k4", task: "parse", state: "blocked" },
      ],
    },
    "It waits for 2 of 5 jobs: crawl io/9k3 (active), parse cpu/9k4 (blocked).",
  ],
  [
    {
      kind: "blocked",
      isFlow: true,
      all: 9,
      open: 8,
      failed: 1,
      by: [{ queue: "io", id: "9k3", task: "crawl", state: "active" }],
    },
    "It waits for 8 of its 9 jobs: crawl io/9k3 (active), …. 1 did not succeed.",
  ],
  [{ kind: "blocked", isFlow: false, all: 1, open: 1, failed: 0, by: [] }, "It waits for 1 of 1 job."],
  [
    { kind: "no-worker", queue: "scans", lastSeenAt: NOW - 20 * MINUTE },
    "No living worker serves queue scans; the last one was seen 20m ago.",
  ],
  [{ kind: "no-worker", queue: "scans", lastSeenAt: null }, "No living worker serves queue scans."],
  [
    { kind: "no-task", task: "summarise", queue: "scans", workers: 3, tasks: ["crawl", "parse"] },
    "3 workers serve queue scans, and none has task summarise (they have crawl, parse).",
  ],
  [
    { kind: "no-task", task: "summarise", queue: "scans", workers: 1, tasks: [] },
    "1 worker serves queue scans, and none has task summarise.",
  ],
  [{ kind: "busy", workers: 3, slots: 24 }, "All 24 slots of 3 workers that could run it are taken."],
  [{ kind: "busy", workers: 1, slots: 1 }, "The slot of the worker that could run it is taken."],
  [
    { kind: "suspended", workers: 1, by: [{ name: "w1", why: ["quiet"] }] },
    "A worker that could run it takes no work: w1 (commanded to be quiet).",
  ],
  [
    {
      kind: "suspended",
      workers: 6,
      by: [
        { name: "w1", why: ["maxRss", "stopping"] },
        { name: "w2", why: ["outage"] },
      ],
    },
    "6 workers that could run it take no work: w1 (at its most memory, stopping), w2 (the engine does not answer it), ….",
  ],
  [
    { kind: "suspect", crashes: 2 },
    "Workers died 2 times while they ran it, so a worker runs it only beside no other such job.",
  ],
  [{ kind: "position", place: 17, of: 230, priority: 0, next: null }, "It is number 17 of 230 jobs in the queue."],
  [
    { kind: "position", place: 17, of: 230, priority: 5, next: -1 },
    "It is number 17 of 230 jobs in the queue; its priority is 5, that of the first -1.",
  ],
  [{ kind: "soon" }, "Nothing is in its way: a worker takes it next time it asks for work."],
];

describe("a reason in words", () => {
  test.each(cases)("%o", (reason, text) => {
    expect(reasonText(reason, NOW)).toBe(text);
  });
});
