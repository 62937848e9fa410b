import { describe, expect, test } from "vitest";
import {
  formatDuration,
  LONGEST_DURATION,
  parseDuration,
  parsePositiveDuration,
} from "../../../src/model/value/duration.js";
import { InvalidInput } from "../../../src/model/errors/errors.js";

describe("a duration", () => {
  test.each([
    [0, 0],
    [1_500, 1_500],
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["1w", 604_800_000],
    ["1.5h", 5_400_000],
    [LONGEST_DURATION, LONGEST_DURATION],
  ])("%j is %i ms", (value, wanted) => {
    expect(parseDuration("delay", value)).toBe(wanted);
  });

  test("is rounded to whole milliseconds", () => {
    expect(parseDuration("delay", 1.6)).toBe(2);
  });

  test.each([
    ["a unit that is none", "5 parsecs"],
    ["a bare number in a string", "300"],
    ["no text", ""],
    ["a blank", " "],
    ["a unit without a number", "s"],
    ["a unit of another spelling", "10 minutes"],
    ["a unit in capitals", "1D"],
    ["a fraction without a whole", ".5s"],
    ["two durations", "1h 30m"],
    ["something after it", "30s!"],
    ["a negative number", -1],
    ["a negative text", "-5s"],
    ["not a number", Number.NaN],
    ["infinite", Number.POSITIVE_INFINITY],
    ["longer than 10 years", LONGEST_DURATION + 1],
    ["longer than 10 years, as text", "11y"],
    ["a digit string too long for a number", `${"9".repeat(400)}s`],
    ["null", null],
    ["nothing", undefined],
    ["true", true],
    ["an object", { ms: 5 }],
    ["a bigint", 5n],
  ])("is refused when it is %s", (_title, value) => {
    expect(() => parseDuration("delay", value)).toThrow(InvalidInput);
    expect(() => parseDuration("delay", value)).toThrow(
      /^delay: .* is not allowed: a (?:whole number of milliseconds|number with its unit)/s,
    );
  });

  test("of 0 is refused where something must take time", () => {
    expect(() => parsePositiveDuration("timeout", 0)).toThrow(/^timeout: 0 is not allowed: longer than 0/);
    expect(() => parsePositiveDuration("timeout", "0s")).toThrow(InvalidInput);
    expect(parsePositiveDuration("timeout", 1)).toBe(1);
  });

  test("reads well", () => {
    expect([850, 12_000, 300_000, 10_800_000].map(formatDuration)).toEqual(["850ms", "12s", "5m", "3h"]);
  });
});
