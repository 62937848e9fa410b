import { describe, expect, test } from "vitest";
import { jitterOf } from "../../../src/model/schedule/jitter.js";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const MOST = 60_000;

describe("jitter", () => {
  test("is known from the schedule's name and the time", () => {
    // These numbers are a contract: workers of two releases must agree.
    expect(jitterOf("nightly", Date.UTC(2026, 10, 22), MOST)).toBe(55_643);
    expect(jitterOf("hourly", Date.UTC(2026, 10, 22), MOST)).toBe(50_870);
  });

  test("differs from tick to tick and from schedule to schedule", () => {
    const ofOne = Array.from({ length: 100 }, (_, hour) => jitterOf("nightly", START + hour * HOUR, MOST));
    const ofMany = Array.from({ length: 100 }, (_, index) => jitterOf(`nightly-${index}`, START, MOST));
    expect(new Set(ofOne).size).toBeGreaterThan(95);
    expect(new Set(ofMany).size).toBeGreaterThan(95);
  });

  test("is spread evenly from 0 to the most there may be", () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let hour = 0; hour < 10_000; hour += 1) {
      const tenth = jitterOf("nightly", START + hour * HOUR, 9);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(tenths).toHaveLength(10);
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test("of at most 0 is 0", () => {
    expect(jitterOf("nightly", START, 0)).toBe(0);
  });
});
