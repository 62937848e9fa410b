import { describe, expect, test } from "vitest";
import { parseId } from "../../../src/model/value/name.js";
import { parseSchedule, type Schedule, type ScheduleOption } from "../../../src/model/schedule/schedule.js";
import {
  dueTimes,
  missed,
  MOST_TICKS,
  nextDue,
  ON_TIME,
  previousDue,
  runTime,
  tickId,
} from "../../../src/model/schedule/ticks.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 10, 22, 12);

type Rest = Partial<Omit<ScheduleOption, "name" | "task" | "cron" | "timeZone" | "every" | "anchor">>;

function hourly(rest: Rest = {}): Schedule {
  return parseSchedule("schedule", { name: "hourly", task: "t", cron: "0 * * * *", ...rest });
}

function every(interval: number, rest: Rest = {}): Schedule {
  return parseSchedule("schedule", { name: "often", task: "t", every: interval, ...rest });
}

/** The times at which a schedule runs when a worker looks at `looks`. */
function run(schedule: Schedule, lastDue: number, looks: readonly number[]): number[] {
  const ran: number[] = [];
  let settled = lastDue;
  for (const now of looks) {
    const { due, lastDue: next } = missed(schedule, settled, now);
    ran.push(...due);
    settled = next;
  }
  return ran;
}

describe("a schedule is due", () => {
  test("strictly after the moment asked for", () => {
    for (const schedule of [hourly(), every(HOUR)]) {
      expect(nextDue(schedule, NOON - 1)).toBe(NOON);
      expect(nextDue(schedule, NOON)).toBe(NOON + HOUR);
      expect(previousDue(schedule, NOON)).toBe(NOON - HOUR);
      expect(previousDue(schedule, NOON + 1)).toBe(NOON);
    }
  });

  test("from its start on, and up to its end, both included", () => {
    for (const make of [hourly, (rest: Rest) => every(HOUR, rest)]) {
      const schedule = make({ start: NOON, end: NOON + 2 * HOUR });
      expect(dueTimes(schedule, 0, 5)).toEqual([NOON, NOON + HOUR, NOON + 2 * HOUR]);
      expect(nextDue(schedule, NOON + 2 * HOUR)).toBeNull();
      expect(previousDue(schedule, NOON)).toBeNull();
      expect(previousDue(schedule, NOON + 9 * HOUR)).toBe(NOON + 2 * HOUR);
    }
    expect(nextDue(hourly({ start: NOON + 1, end: NOON + HOUR - 1 }), 0)).toBeNull();
  });

  test("a next five times", () => {
    const daily = parseSchedule("schedule", { name: "n", task: "t", cron: "30 2 * * *", timeZone: "Europe/Berlin" });
    expect(
      dueTimes(daily, Date.UTC(2026, 2, 27, 12), 5).map((due) => new Date(due).toISOString().slice(0, 16)),
    ).toEqual([
      "2026-03-28T01:30",
      "2026-03-29T01:00", // the clocks go forward
      "2026-03-30T00:30",
      "2026-03-31T00:30",
      "2026-04-01T00:30",
    ]);
  });

  test.each([0, -1, 1.5, MOST_TICKS + 1])("but not a next %s times", (count) => {
    expect(() => dueTimes(hourly(), NOON, count)).toThrow(expect.objectContaining({ field: "count" }));
  });

  test("at the same times whatever the machine's clock and zone are", () => {
    const times = dueTimes(hourly(), NOON, 50);
    const zone = process.env["TZ"];
    try {
      process.env["TZ"] = "Australia/Lord_Howe";
      expect(dueTimes(hourly(), NOON, 50)).toEqual(times);
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });
});

describe("a tick", () => {
  test.each(["skip", "one", "all"] as const)("runs once when it is seen in time, with catchUp: %s", (catchUp) => {
    const looks = Array.from({ length: 3 * 60 * 6 }, (_, index) => NOON + 1 + index * 10_000);
    expect(run(hourly({ catchUp }), NOON, looks)).toEqual([NOON + HOUR, NOON + 2 * HOUR]);
  });

  test("is not seen before its time, nor twice", () => {
    expect(missed(hourly(), NOON, NOON + HOUR - 1)).toEqual({ due: [], lastDue: NOON });
    expect(missed(hourly(), NOON, NOON + HOUR)).toEqual({ due: [NOON + HOUR], lastDue: NOON + HOUR });
    expect(missed(hourly(), NOON + HOUR, NOON + HOUR)).toEqual({ due: [], lastDue: NOON + HOUR });
  });

  test("follows from the one before, not from the look that was late", () => {
    const looks = [0, 1, 2, 3].map((index) => NOON + index * 7 * MINUTE + index * 59_000 + 1);
    expect(run(every(7 * MINUTE), NOON, looks).every((due) => due % (7 * MINUTE) === 0)).toBe(true);
    expect(run(every(7 * MINUTE), NOON, looks)).toHaveLength(3);
  });

  test("is not seen again when the clock steps back an hour", () => {
    expect(run(hourly(), NOON, [NOON + HOUR, NOON, NOON + HOUR, NOON + 2 * HOUR])).toEqual([
      NOON + HOUR,
      NOON + 2 * HOUR,
    ]);
  });
});

describe("after five hours in which no worker looked", () => {
  const now = NOON + 5 * HOUR + 30 * MINUTE;

  test('catchUp: "skip" runs nothing', () => {
    expect(missed(hourly({ catchUp: "skip" }), NOON, now)).toEqual({ due: [], lastDue: NOON + 5 * HOUR });
  });

  test('catchUp: "skip" still runs what is a minute late at most', () => {
    const late = (by: number): readonly number[] => missed(hourly({ catchUp: "skip" }), NOON, NOON + 5 * HOUR + by).due;
    expect(late(ON_TIME)).toEqual([NOON + 5 * HOUR]);
    expect(late(ON_TIME + 1)).toEqual([]);
  });

  test('catchUp: "one" runs the latest', () => {
    expect(missed(hourly({ catchUp: "one" }), NOON, now)).toEqual({ due: [NOON + 5 * HOUR], lastDue: NOON + 5 * HOUR });
  });

  test('catchUp: "all" runs each, the oldest first', () => {
    const due = [1, 2, 3, 4, 5].map((hour) => NOON + hour * HOUR);
    expect(missed(hourly({ catchUp: "all" }), NOON, now)).toEqual({ due, lastDue: NOON + 5 * HOUR });
  });

  test("nothing from before the start or after the end runs", () => {
    const bounds = { start: NOON + 2 * HOUR, end: NOON + 3 * HOUR };
    expect(missed(hourly({ catchUp: "all", ...bounds }), NOON, now).due).toEqual([NOON + 2 * HOUR, NOON + 3 * HOUR]);
  });
});

test('after a year of a schedule of every second, catchUp: "all" runs the latest thousand', () => {
  const secondly = parseSchedule("schedule", { name: "n", task: "t", cron: "* * * * * *", catchUp: "all" });
  for (const schedule of [secondly, every(1_000, { catchUp: "all" })]) {
    const { due, lastDue } = missed(schedule, NOON - 365 * DAY, NOON);
    expect(due).toEqual(Array.from({ length: MOST_TICKS }, (_, index) => NOON - (MOST_TICKS - 1 - index) * 1_000));
    expect(lastDue).toBe(NOON);
  }
});

test("every tick runs, and once, however late and seldom a worker looks", () => {
  const schedule = parseSchedule("schedule", {
    name: "n",
    task: "t",
    cron: "*/15 * * * *",
    timeZone: "Europe/Berlin",
    catchUp: "all",
  });
  const from = Date.UTC(2026, 2, 28);
  const looks = Array.from({ length: 50 }, (_, index) => from + ((index * index * 37) % 700) * MINUTE);
  const sorted = looks.toSorted((a, b) => a - b);
  const expected = dueTimes(schedule, from, 1_000).filter((due) => due <= (sorted.at(-1) ?? 0));
  expect(run(schedule, from, sorted)).toEqual(expected);
});

describe("the job of a tick", () => {
  test("runs at the tick, or up to the jitter later, always as much", () => {
    expect(runTime(hourly(), NOON)).toBe(NOON);
    const schedule = hourly({ jitter: "10m" });
    const late = runTime(schedule, NOON) - NOON;
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThanOrEqual(10 * MINUTE);
    expect(runTime(hourly({ jitter: "10m" }), NOON)).toBe(NOON + late);
  });

  test("is named after the schedule and the time", () => {
    expect(tickId("nightly", NOON)).toBe("tick:nightly:20261122T120000Z");
    expect(tickId("nightly", NOON + 1)).toBe("tick:nightly:20261122T120000.001Z");
  });

  test("has an id whatever the schedule's name, and another for each tick", () => {
    const longest = "n".repeat(100);
    expect(parseId("id", tickId(longest, NOON + 1))).toMatch(/^tick:n+:20261122T120000\.001Z$/);
    const ids = ["a", "a:b", "a.b"].flatMap((name) => [0, 1, 1_000].map((later) => tickId(name, NOON + later)));
    expect(new Set(ids).size).toBe(9);
  });
});
