import { describe, expect, test } from "vitest";
import { InvalidInput } from "../../../src/model/errors/errors.js";
import { parseSchedule, type Schedule, type ScheduleOption } from "../../../src/model/schedule/schedule.js";
import { dueTicks, scheduledJob } from "../../../src/model/schedule/tick-job.js";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 22, 10);

function everyMinute(change: Partial<ScheduleOption> = {}): Schedule {
  return parseSchedule("schedule", { name: "poll", task: "work", every: "1m", ...change });
}

describe("a job of a schedule", () => {
  test("is made of its template, with a tag that says whose it is", () => {
    const schedule = everyMinute({ input: 7, options: { queue: "q", tags: ["app:7"], priority: 3 } });
    expect(scheduledJob(schedule, "id", { in: 0 })).toMatchObject({
      queue: "q",
      id: "id",
      task: "work",
      input: "7",
      due: { in: 0 },
      priority: 3,
      hold: false,
      nonce: null,
      tags: ["app:7", "schedule:poll"],
      supersedes: null,
    });
  });

  test("has that tag once, and there is always room for it", () => {
    const tags = Array.from({ length: 15 }, (_, n) => `t${n}`);
    expect(scheduledJob(everyMinute({ options: { tags } }), "id", { in: 0 }).tags).toHaveLength(16);
    expect(scheduledJob(everyMinute({ options: { tags: ["schedule:poll"] } }), "id", { in: 0 }).tags).toHaveLength(1);
    expect(() => everyMinute({ options: { tags: [...tags, "one more"] } })).toThrow(InvalidInput);
  });

  test("takes the place of the one before by a key of the schedule's own, or by that of its options", () => {
    expect(scheduledJob(everyMinute({ overlap: "supersede" }), "id", { in: 0 }).supersedes).toBe("schedule:poll");
    expect(scheduledJob(everyMinute({ options: { supersedes: "k" } }), "id", { in: 0 }).supersedes).toBe("k");
  });
});

describe("the ticks that are due", () => {
  test("have a job each, at their time, the oldest first, and settle all up to now", () => {
    const due = dueTicks(everyMinute({ catchUp: "all" }), NOW - 3 * MINUTE, NOW + 5_000);
    expect(due.jobs.map(({ id, due: time }) => [id, time])).toEqual([
      ["tick:poll:20261122T095800Z", { at: NOW - 2 * MINUTE }],
      ["tick:poll:20261122T095900Z", { at: NOW - MINUTE }],
      ["tick:poll:20261122T100000Z", { at: NOW }],
    ]);
    expect([due.lastDue, due.nextDue]).toEqual([NOW, NOW + MINUTE]);
  });

  test("have none when nothing is due, or when the policy leaves them out", () => {
    expect(dueTicks(everyMinute(), NOW, NOW + 1)).toEqual({ jobs: [], lastDue: NOW, nextDue: NOW + MINUTE });
    const rare = everyMinute({ every: "1h", catchUp: "skip" });
    const late = dueTicks(rare, NOW - 60 * MINUTE, NOW + 2 * MINUTE);
    expect(late).toEqual({ jobs: [], lastDue: NOW, nextDue: NOW + 60 * MINUTE });
  });

  test("are as many as fit in a command, and the rest is due at once", () => {
    const large = everyMinute({ input: "x".repeat(100_000), catchUp: "all" });
    let lastDue = NOW - 100 * MINUTE;
    const found: string[] = [];
    for (let looks = 0; looks < 3; looks += 1) {
      const due = dueTicks(large, lastDue, NOW);
      expect(due.jobs.length).toBeLessThanOrEqual(41);
      found.push(...due.jobs.map(({ id }) => id));
      ({ lastDue } = due);
      expect(due.nextDue).toBe(lastDue + MINUTE);
    }
    expect(new Set(found).size).toBe(100);
    expect(lastDue).toBe(NOW);
  });
});
