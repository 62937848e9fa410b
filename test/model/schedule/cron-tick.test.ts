import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextCronTick, previousCronTick, type CronTimes } from "../../../src/model/schedule/cron-tick.js";
import { clocksOf, ticksOf, wallMinute, type Crontab } from "./debian-cron.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The ticks after `from` and up to `to`, as the clocks of the zone and their offset show them. */
function between(cron: string, timeZone: string, from: string, to: string): string[] {
  return ticks({ cron, timeZone }, Date.parse(from), Date.parse(to)).map((tick) => {
    const wall = new Date(wallMinute(timeZone, tick) * MINUTE).toISOString().slice(5, 16).replace("T", " ");
    return `${wall} (${new Date(tick).toISOString().slice(11, 16)}Z)`;
  });
}

function ticks(times: CronTimes, after: number, to: number): number[] {
  const found: number[] = [];
  for (let at = nextCronTick(times, after); at !== null && at <= to; at = nextCronTick(times, at)) found.push(at);
  return found;
}

describe("when the clocks go forward", () => {
  const night = ["2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z"] as const; // Berlin: from 02:00 to 03:00 at 01:00Z

  test("a particular time that is skipped is made up for at the moment of the change", () => {
    expect(between("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z")).toEqual([
      "03-28 02:30 (01:30Z)",
      "03-29 03:00 (01:00Z)",
      "03-30 02:30 (00:30Z)",
    ]);
  });

  test("several times that are skipped are made up for by one tick", () => {
    expect(between("0,15,30 2,3 * * *", "Europe/Berlin", ...night)).toEqual([
      "03-29 03:00 (01:00Z)",
      "03-29 03:15 (01:15Z)",
      "03-29 03:30 (01:30Z)",
    ]);
  });

  test("with a * in minutes or hours nothing is made up for", () => {
    expect(between("*/30 * * * *", "Europe/Berlin", ...night)).toEqual([
      "03-29 01:30 (00:30Z)",
      "03-29 03:00 (01:00Z)",
      "03-29 03:30 (01:30Z)",
      "03-29 04:00 (02:00Z)",
    ]);
    expect(between("*/30 2 * * *", "Europe/Berlin", ...night)).toEqual([]);
    expect(between("30 * * * *", "Europe/Berlin", ...night)).toEqual(["03-29 01:30 (00:30Z)", "03-29 03:30 (01:30Z)"]);
  });

  test("at midnight, the day still has its tick", () => {
    expect(between("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", "2018-11-05T12:00:00Z")).toEqual([
      "11-04 01:00 (03:00Z)",
      "11-05 00:00 (02:00Z)",
    ]);
  });

  test("to midnight, so that the change is on the next day, the tick is on that day", () => {
    expect(between("30 23 * * *", "America/Nuuk", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z")).toEqual([
      "03-29 00:00 (01:00Z)",
      "03-29 23:30 (00:30Z)",
    ]);
  });

  test("by half an hour, half an hour is made up for", () => {
    expect(between("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T23:00:00Z")).toEqual([
      "10-04 02:30 (15:30Z)",
    ]);
    expect(between("45 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T23:00:00Z")).toEqual([
      "10-04 02:45 (15:45Z)",
    ]);
  });

  test("by a whole day, as where a country crosses the date line, nothing is made up for", () => {
    expect(between("30 2 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-31T12:00:00Z")).toEqual([
      "12-29 02:30 (12:30Z)",
      "12-31 02:30 (12:30Z)",
    ]);
  });
});

describe("when the clocks go back", () => {
  const night = ["2026-10-24T23:59:00Z", "2026-10-25T02:00:00Z"] as const; // Berlin: from 03:00 to 02:00 at 01:00Z

  test("a particular time that comes twice counts the first time", () => {
    expect(between("30 2 * * *", "Europe/Berlin", ...night)).toEqual(["10-25 02:30 (00:30Z)"]);
    expect(between("0 2,3 * * *", "Europe/Berlin", ...night)).toEqual(["10-25 02:00 (00:00Z)", "10-25 03:00 (02:00Z)"]);
  });

  test("with a * in minutes or hours it counts both times", () => {
    expect(between("*/30 * * * *", "Europe/Berlin", ...night)).toEqual([
      "10-25 02:00 (00:00Z)",
      "10-25 02:30 (00:30Z)",
      "10-25 02:00 (01:00Z)",
      "10-25 02:30 (01:30Z)",
      "10-25 03:00 (02:00Z)",
    ]);
  });

  test("by half an hour, only that half hour comes twice", () => {
    const sunday = ["2026-04-04T14:00:00Z", "2026-04-04T16:00:00Z"] as const; // from 02:00 to 01:30 at 15:00Z
    expect(between("15,45 1 * * *", "Australia/Lord_Howe", ...sunday)).toEqual([
      "04-05 01:15 (14:15Z)",
      "04-05 01:45 (14:45Z)",
    ]);
    expect(between("15,45 * * * *", "Australia/Lord_Howe", ...sunday)).toEqual([
      "04-05 01:15 (14:15Z)",
      "04-05 01:45 (14:45Z)",
      "04-05 01:45 (15:15Z)",
      "04-05 02:15 (15:45Z)",
    ]);
  });

  test("for a month, as in Morocco, each change counts for itself", () => {
    expect(between("30 2 * * *", "Africa/Casablanca", "2026-02-14T12:00:00Z", "2026-02-16T00:00:00Z")).toEqual([
      "02-15 02:30 (01:30Z)",
    ]);
    expect(between("30 2 * * *", "Africa/Casablanca", "2026-03-21T12:00:00Z", "2026-03-23T00:00:00Z")).toEqual([
      "03-22 03:00 (02:00Z)",
    ]);
  });
});

test("seconds are changed like minutes", () => {
  const times = { cron: "*/20 59 2 * * *", timeZone: "Europe/Berlin" };
  expect(ticks(times, Date.parse("2026-03-29T00:00:00Z"), Date.parse("2026-03-29T12:00:00Z"))).toEqual([]);
  const fixed = { cron: "10,20 59 2 * * *", timeZone: "Europe/Berlin" };
  expect(ticks(fixed, Date.parse("2026-03-29T00:00:00Z"), Date.parse("2026-03-29T12:00:00Z"))).toEqual([
    Date.parse("2026-03-29T01:00:00Z"),
  ]);
});

const SIX = ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"];
const ODD = ["Africa/Casablanca", "Asia/Tehran", "America/Nuuk", "Pacific/Apia", "America/Caracas", "Asia/Gaza"];
const FROM = Date.UTC(2000, 0, 1);
const TO = Date.UTC(2051, 0, 1);

/** The days on which the clocks of a zone change, from 2000 to 2050. */
const changes = new Map<string, number[]>();
for (const zone of [...SIX, ...ODD]) {
  const days: number[] = [];
  let offset = wallMinute(zone, FROM) - FROM / MINUTE;
  for (let day = FROM; day < TO; day += DAY) {
    const next = wallMinute(zone, day + DAY) - (day + DAY) / MINUTE;
    if (next !== offset) days.push(day);
    offset = next;
  }
  changes.set(zone, days);
}

/** The number of the day that the clocks of a zone show. */
function dayOf(zone: string, at: number): number {
  return Math.floor(wallMinute(zone, at) / (24 * 60));
}

/** A field of an expression, and what it means. */
interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

function stepped(from: number, to: number, step: number): Set<number> {
  const values = new Set<number>();
  for (let at = from; at <= to; at += step) values.add(at);
  return values;
}

function field(most: number, usual: readonly number[]): fc.Arbitrary<Field> {
  const value = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...usual) }, fc.integer({ min: 0, max: most }));
  return fc.oneof(
    { weight: 3, arbitrary: value.map((one) => ({ text: String(one), values: new Set([one]) })) },
    fc.constant({ text: "*", values: stepped(0, most, 1) }),
    fc.integer({ min: 1, max: most }).map((step) => ({ text: `*/${step}`, values: stepped(0, most, step) })),
    fc.array(value, { minLength: 1, maxLength: 4 }).map((some) => ({ text: some.join(","), values: new Set(some) })),
    fc.tuple(value, value, fc.integer({ min: 1, max: 12 })).map(([one, other, step]) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      return { text: `${low}-${high}/${step}`, values: stepped(low, high, step) };
    }),
  );
}

/** A day of the month or week; more often none, because most windows would miss it. */
function day(low: number, high: number): fc.Arbitrary<number | null> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, fc.integer({ min: low, max: high }));
}

const crontab: fc.Arbitrary<Crontab> = fc
  .tuple(field(59, [0, 15, 30, 59]), field(23, [0, 1, 2, 3, 23]), day(1, 28), day(0, 6))
  .map(([minute, hour, date, weekday]) => ({
    text: `${minute.text} ${hour.text} ${date ?? "*"} * ${weekday ?? "*"}`,
    minutes: minute.values,
    hours: hour.values,
    days: date === null ? null : new Set([date]),
    weekdays: weekday === null ? null : new Set([weekday]),
    wild: minute.text.startsWith("*") || hour.text.startsWith("*"),
  }));

/** Two days around a change of the clocks between 2000 and 2050; any two where the clocks never change. */
interface Window {
  readonly zone: string;
  readonly from: number;
  readonly to: number;
  /** What the clocks show, as `clocksOf` gives it. */
  readonly clocks: readonly number[];
}

const window: fc.Arbitrary<Window> = fc.constantFrom(...changes).chain(([zone, days]) => {
  const anyDay = fc.integer({ min: 0, max: 18_000 }).map((number) => FROM + number * DAY);
  return (days.length > 0 ? fc.constantFrom(...days) : anyDay).map((middle) => {
    const [from, to] = [middle - 12 * HOUR, middle + 36 * HOUR];
    return { zone, from, to, clocks: clocksOf(zone, from, to) };
  });
});

describe("from 2000 to 2050, in any zone, around any change of the clocks", () => {
  test("the ticks are those of Debian's cron, forwards and backwards", () => {
    let met = 0;
    fc.assert(
      fc.property(crontab, window, (expression, { zone, from, to, clocks }) => {
        const times = { cron: expression.text, timeZone: zone };
        const expected = ticksOf(expression, from, clocks);
        expect(ticks(times, from - 1, to)).toEqual(expected);
        const backwards: number[] = [];
        for (let at = previousCronTick(times, to + 1); at !== null && at >= from; at = previousCronTick(times, at)) {
          backwards.push(at);
        }
        expect(backwards.toReversed()).toEqual(expected);
        const other = ticksOf({ ...expression, wild: !expression.wild }, from, clocks);
        if (other.join() !== expected.join()) met += 1;
      }),
      { numRuns: 300 },
    );
    // A property that met no change that matters has proved nothing.
    expect(met).toBeGreaterThan(10);
  });

  test("the next tick follows from any moment, at the millisecond", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(crontab, window, share, (expression, { zone, from, to, clocks }, at) => {
        const times = { cron: expression.text, timeZone: zone };
        const moment = from + Math.floor((to - from) * at);
        const expected = ticksOf(expression, from, clocks);
        const next = nextCronTick(times, moment) ?? to + 1;
        expect(next > to ? undefined : next).toBe(expected.find((tick) => tick > moment));
        const last = previousCronTick(times, moment) ?? from - 1;
        expect(last < from ? undefined : last).toBe(expected.findLast((tick) => tick < moment));
      }),
      { numRuns: 200 },
    );
  });
});

describe.each(SIX)("from 2000 to 2050 in %s", (timeZone) => {
  test("30 2 * * * is due once on each day", () => {
    const days = ticks({ cron: "30 2 * * *", timeZone }, FROM, TO).map((tick) => dayOf(timeZone, tick));
    expect(days.every((one, index) => index === 0 || one === (days[index - 1] ?? 0) + 1)).toBe(true);
    expect(days.length).toBeGreaterThan(18_600);
  });

  test.each(["15 0 * * *", "59 23 * * *"])(
    "%s is due once on each day around a change or the turn of a year",
    (cron) => {
      const turns = Array.from({ length: 51 }, (_, year) => Date.UTC(2000 + year, 0, 1));
      for (const middle of [...turns, ...(changes.get(timeZone) ?? [])]) {
        const found = ticks({ cron, timeZone }, middle - 3 * DAY, middle + 3 * DAY);
        const days = found.map((tick) => dayOf(timeZone, tick));
        expect(days.every((one, index) => index === 0 || one === (days[index - 1] ?? 0) + 1)).toBe(true);
        expect(days.length).toBeGreaterThan(4);
      }
    },
  );

  test("a tick of every ten minutes is never more than ten minutes away", () => {
    for (const change of changes.get(timeZone) ?? []) {
      const found = ticks({ cron: "*/10 * * * *", timeZone }, change - HOUR, change + DAY + HOUR);
      expect(found).toHaveLength(26 * 6);
    }
  });
});
