import { describe, expect, test } from "vitest";
import { InvalidInput } from "../../../src/model/errors/errors.js";
import { formatSize, parseSize } from "../../../src/model/value/size.js";

describe("a size", () => {
  test.each([
    [1, 1],
    [536_870_912, 536_870_912],
    ["1KB", 1_024],
    ["512MB", 536_870_912],
    ["1GB", 1_073_741_824],
    ["1.5GB", 1_610_612_736],
  ])("%j is %i bytes", (value, wanted) => {
    expect(parseSize("maxRss", value)).toBe(wanted);
  });

  test.each([
    ["a unit that is none", "5 elephants"],
    ["a unit of powers of ten or of two", "512Mb"],
    ["a bare number in a string", "512"],
    ["no text", ""],
    ["a unit without a number", "MB"],
    ["negative", -1],
    ["nothing at all", 0],
    ["nothing at all, as text", "0MB"],
    ["part of a byte", 1.5],
    ["beyond counting", "9".repeat(30) + "GB"],
    ["not a number", Number.NaN],
    ["null", null],
    ["an object", { mb: 5 }],
  ])("is refused when it is %s", (_title, value) => {
    expect(() => parseSize("maxRss", value)).toThrow(InvalidInput);
    const rule = typeof value === "string" ? "a number above 0 and its unit" : "a whole number of bytes";
    expect(() => parseSize("maxRss", value)).toThrow(`is not allowed: ${rule}`);
  });

  test("reads well", () => {
    expect([12, 4_096, 536_870_912, 640_000_000, 1_610_612_736].map(formatSize)).toEqual([
      ...["12 bytes", "4KB", "512MB", "610MB", "1.5GB"],
    ]);
  });
});
