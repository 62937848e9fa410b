import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextIntervalTick, parseInterval, previousIntervalTick } from "../../../src/model/schedule/interval.js";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 22, 12);

describe("an interval", () => {
  test("counts from the epoch: hours are due on the hour", () => {
    const hourly = parseInterval("s", "1h", undefined);
    expect(hourly).toEqual({ every: HOUR, anchor: 0 });
    expect(nextIntervalTick(hourly, NOON - 1)).toBe(NOON);
    expect(nextIntervalTick(hourly, NOON)).toBe(NOON + HOUR);
    expect(previousIntervalTick(hourly, NOON)).toBe(NOON - HOUR);
    expect(previousIntervalTick(hourly, NOON + 1)).toBe(NOON);
  });

  test("counts from its anchor, forwards and backwards", () => {
    const odd = parseInterval("s", "7m", new Date(NOON + 123));
    expect(nextIntervalTick(odd, NOON)).toBe(NOON + 123);
    expect(previousIntervalTick(odd, NOON)).toBe(NOON + 123 - 7 * 60_000);
  });

  test("never drifts: a tick is a whole number of intervals from the anchor, and the next one after any moment", () => {
    const time = fc.integer({ min: Date.UTC(2001, 0, 2), max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 400 * 24 * HOUR }), time, time, (every, anchor, moment) => {
        const times = parseInterval("s", every, anchor);
        const next = nextIntervalTick(times, moment);
        expect(Math.abs((next - anchor) % every)).toBe(0);
        expect(next > moment && next - every <= moment).toBe(true);
        expect(nextIntervalTick(times, next)).toBe(next + every);
        expect(previousIntervalTick(times, next)).toBe(next - every);
      }),
    );
  });

  test.each([
    ["nothing", 0, undefined, "s.every"],
    ["less than a second", 999, undefined, "s.every"],
    ["negative", -5_000, undefined, "s.every"],
    ["more than 10 years", "4000d", undefined, "s.every"],
    ["words", "now and then", undefined, "s.every"],
    ["a number without its unit", "300", undefined, "s.every"],
    ["anchored in seconds", "1h", 1_700_000_000, "s.anchor"],
    ["anchored nowhere", "1h", new Date("rubbish"), "s.anchor"],
  ])("may not be %s", (_title, every, anchor, field) => {
    expect(() => parseInterval("s", every, anchor)).toThrow(expect.objectContaining({ code: "INVALID_INPUT", field }));
  });
});
