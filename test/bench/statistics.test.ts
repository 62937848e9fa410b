import { expect, test } from "vitest";
import { medianOf, ratioOf, summarise } from "../../bench/statistics.js";

test("the median is the value in the middle, or between the two in the middle", () => {
  expect(medianOf([9, 1, 5])).toBe(5);
  expect(medianOf([9, 1, 5, 7])).toBe(6);
  expect(medianOf([3])).toBe(3);
});

test("there is no median of nothing", () => {
  expect(() => medianOf([])).toThrow(RangeError);
});

test("a summary has the range and as many digits as mean something", () => {
  expect(summarise([123_456.7, 99_999.9, 250_000])).toEqual({ median: 123_500, min: 100_000, max: 250_000, rounds: 3 });
  expect(summarise([0.123_456])).toEqual({ median: 0.1235, min: 0.1235, max: 0.1235, rounds: 1 });
});

test("values are sorted as numbers and left as they were", () => {
  const values = [1_000, 9, 80];
  expect(summarise(values)).toMatchObject({ median: 80, min: 9, max: 1_000 });
  expect(values).toEqual([1_000, 9, 80]);
});

test("a ratio needs something to compare with", () => {
  expect(ratioOf(10, 4)).toBe(2.5);
  expect(ratioOf(1, 3)).toBe(0.333);
  expect(ratioOf(10, undefined)).toBeNull();
  expect(ratioOf(10, 0)).toBeNull();
  expect(ratioOf(0, 4)).toBe(0);
});

test("there is no ratio with less than nothing", () => {
  expect(ratioOf(-300, 5_000)).toBeNull();
  expect(ratioOf(300, -20)).toBeNull();
});
