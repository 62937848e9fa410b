import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextCronTick } from "../../../src/model/schedule/cron-tick.js";
import { LONGEST_EXPRESSION, parseCron } from "../../../src/model/schedule/cron.js";
import { InvalidInput } from "../../../src/model/errors/errors.js";

/** The next ticks after the start of 2026, in UTC, as text. */
function ticks(cron: string, count = 2): string[] {
  const found: string[] = [];
  let at = Date.UTC(2026, 0, 1) - 1;
  while (found.length < count) {
    at = nextCronTick({ cron: parseCron("cron", cron), timeZone: "UTC" }, at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(0, 19));
  }
  return found;
}

describe("a cron expression", () => {
  test.each([
    ["0 * * * *", "2026-01-01T00:00:00", "2026-01-01T01:00:00"],
    ["15 30 8 * * *", "2026-01-01T08:30:15", "2026-01-02T08:30:15"],
    ["*/20 8-9 * * MON-FRI", "2026-01-01T08:00:00", "2026-01-01T08:20:00"],
    ["0 0 * FEB,apr sun", "2026-02-01T00:00:00", "2026-02-08T00:00:00"],
    ["0 0 * * 7", "2026-01-04T00:00:00", "2026-01-11T00:00:00"],
    ["0 0 ? * 0", "2026-01-04T00:00:00", "2026-01-11T00:00:00"],
    ["0 0 L * *", "2026-01-31T00:00:00", "2026-02-28T00:00:00"],
    ["0 0 LW * *", "2026-01-30T00:00:00", "2026-02-27T00:00:00"],
    ["0 0 15W 8 *", "2026-08-14T00:00:00", "2027-08-16T00:00:00"],
    ["0 0 * * FRI#2", "2026-01-09T00:00:00", "2026-02-13T00:00:00"],
    ["0 0 * * FRI#L", "2026-01-30T00:00:00", "2026-02-27T00:00:00"],
    ["0 0 29 2 *", "2028-02-29T00:00:00", "2032-02-29T00:00:00"],
    ["0 0 * 2 MON#5", "2044-02-29T00:00:00", "2072-02-29T00:00:00"],
  ])("%s", (cron, first, second) => {
    expect(ticks(cron)).toEqual([first, second]);
  });

  test("with a day of the month and a weekday means either of them", () => {
    expect(ticks("0 0 13 * FRI", 3)).toEqual(["2026-01-02T00:00:00", "2026-01-09T00:00:00", "2026-01-13T00:00:00"]);
  });

  test.each([
    ["@yearly", "0 0 1 1 *"],
    ["@annually", "0 0 1 1 *"],
    ["@monthly", "0 0 1 * *"],
    ["@weekly", "0 0 * * 0"],
    ["@daily", "0 0 * * *"],
    ["@midnight", "0 0 * * *"],
    ["@hourly", "0 * * * *"],
    ["@Hourly", "0 * * * *"],
  ])("may be %s, which is %s", (macro, cron) => {
    expect(ticks(macro, 3)).toEqual(ticks(cron, 3));
  });

  test("keeps its text, but for white space", () => {
    expect(parseCron("cron", "  0\t 9 * *   MON ")).toBe("0 9 * * MON");
    expect(parseCron("cron", "@daily")).toBe("@daily");
  });

  test.each(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])(
    "may name a date as rare as a fifth %s in February",
    (day) => {
      expect(ticks(`0 0 * 2 ${day}#5`, 1)).toHaveLength(1);
    },
  );

  test("goes on after 2100, which has no 29 February", () => {
    const after = Date.UTC(2096, 2, 1);
    expect(nextCronTick({ cron: "0 0 29 2 *", timeZone: "UTC" }, after)).toBe(Date.UTC(2104, 1, 29));
  });
});

const HOSTILE = [
  ["no text", 5],
  ["nothing", ""],
  ["four fields", "* * * *"],
  ["seven fields, the last of them years", "0 0 0 1 1 * 2030"],
  ["a date", "2026-11-22T10:00:00"],
  ["an unknown macro", "@reboot"],
  ["an interval", "@every 5m"],
  ["a minute that is none", "60 * * * *"],
  ["an hour that is none", "0 24 * * *"],
  ["the day 0", "0 0 0 * *"],
  ["the month 13", "0 0 1 13 *"],
  ["the weekday 8", "0 0 * * 8"],
  ["a step of 0", "*/0 * * * *"],
  ["a step longer than the field", "*/61 * * * *"],
  ["a step without a range", "5/10 * * * *"],
  ["a range backwards", "5-1 * * * *"],
  ["half a range", "-5 * * * *"],
  ["a list with nothing in it", "1,,2 * * * *"],
  ["a sixth Friday", "0 0 * * FRI#6"],
  ["words", "every day at nine o clock"],
  ["Jenkins' H", "H * * * *"],
  ["30 February", "0 0 30 2 *"],
  ["31 of short months", "0 0 31 2,4,6,9,11 *"],
  ["30 February, every second", "* * * 30 2 *"],
  ["the weekday nearest to 30 February", "0 0 30W 2 *"],
  ["croner's own way to mean both of two days", "0 0 13 * +FRI"],
  ["more than 256 characters", `${"0,".repeat(124)}0 * * * *`],
  ["a million characters", "*/1,".repeat(250_000)],
  ["white space for ever", `0${" ".repeat(1_000_000)}`],
] as const;

describe("a cron expression is refused", () => {
  test.each(HOSTILE)("when it is %s", (_title, value) => {
    expect(() => parseCron("schedules[2].cron", value)).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", field: "schedules[2].cron" }),
    );
  });

  test("with the reason", () => {
    expect(() => parseCron("cron", "0 24 * * *")).toThrow(
      /"0 24 \* \* \*" is not allowed.*invalid value for hour: 24/i,
    );
    expect(() => parseCron("cron", "0 0 30 2 *")).toThrow(/never/);
  });

  test("from 257 characters on", () => {
    const longest = `${"0,".repeat(123)}00 * * * *`;
    expect(longest).toHaveLength(LONGEST_EXPRESSION);
    expect(parseCron("cron", longest)).toBe(longest);
    expect(() => parseCron("cron", `${"0,".repeat(123)}0,0 * * * *`)).toThrow(InvalidInput);
  });
});

/**
 * The milliseconds of a run that nothing held up: on a busy machine one may wait for its turn, but not fifty one after the
 * other. The year differs each time, so that no answer is remembered.
 */
function quickest(run: (after: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let year = 2026; year < 2126 && best >= MOST; year += 2) {
    const start = performance.now();
    run(Date.UTC(year, 0, 1));
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Parses, and asks for the first tick of what is accepted. */
function use(value: unknown, after: number): void {
  try {
    nextCronTick({ cron: parseCron("cron", value), timeZone: "UTC" }, after);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
  }
}

/** Milliseconds. */
const MOST = 5;

describe("an answer takes less than 5 ms", () => {
  test.each(HOSTILE)("for %s", (_title, value) => {
    expect(quickest((after) => use(value, after))).toBeLessThan(MOST);
  });

  test("for anything made of the characters of cron", () => {
    const piece = fc.constantFrom(..."0123456789*,-/LW#?+@".split(""), "MON", "jan", "*/", "31", "29", "30", "L", "2");
    const field = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
    const part = fc.oneof(
      field,
      fc.constant("*"),
      fc.integer({ min: 0, max: 60 }).map(String),
      fc.integer({ min: 0, max: 60 }).map((step) => `*/${step}`),
    );
    const expression = fc.array(part, { minLength: 4, maxLength: 7 }).map((fields) => fields.join(" "));
    fc.assert(
      fc.property(expression, (value) => {
        expect(quickest((after) => use(value, after))).toBeLessThan(MOST);
      }),
      { numRuns: 1_000 },
    );
  });
});
