import { describe, expect, test } from "vitest";
import * as errors from "../../../src/model/errors/errors.js";
import { InvalidInput, LongshoreError, show } from "../../../src/model/errors/errors.js";

describe("an error", () => {
  test("is a LongshoreError with its own name and a stable code", () => {
    const error = new errors.JobNotFound("x");
    expect(error).toBeInstanceOf(LongshoreError);
    expect([error.name, error.code]).toEqual(["JobNotFound", "JOB_NOT_FOUND"]);
  });

  test("about a value names field, value and rule", () => {
    expect(new InvalidInput("delay", "soon", "a duration").message).toBe('delay: "soon" is not allowed: a duration');
  });

  test("keeps its cause", () => {
    const cause = new Error("below");
    expect(new errors.EngineUnavailable("redis://x", "no", { cause }).cause).toBe(cause);
  });

  test("says what to look at when the engine cannot be reached", () => {
    expect(new errors.EngineUnavailable("redis://h:1", "refused").message).toMatch(/redis:\/\/h:1.*LONGSHORE_URL/s);
  });

  test("of an unknown task names what the worker does know", () => {
    expect(new errors.UnknownTask("scan", ["crawl", "index"]).message).toMatch(/"scan".*crawl, index/);
  });
});

describe("a value in a message", () => {
  test.each([
    ["text", "a\nb", '"a\\nb"'],
    ["a number", 5, "5"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a bigint", 5n, "5n"],
    ["a function", () => 1, "function"],
    ["a list", [1, "a"], '[1,"a"]'],
    ["what is no number", Number.NaN, "NaN"],
    ["an endless number", Number.NEGATIVE_INFINITY, "-Infinity"],
    ["no number within", { n: Number.NaN }, '{"n":"NaN"}'],
    ["no date", new Date(Number.NaN), "Invalid Date"],
    ["a date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["a symbol", Symbol("s"), "Symbol(s)"],
  ])("shows %s", (_title, value, text) => {
    expect(show(value)).toBe(text);
  });

  test("is short, however long it is", () => {
    expect(show("x".repeat(10_000)).length).toBeLessThan(100);
  });

  test("is not cut within a character", () => {
    for (const before of [77, 78, 79, 80]) expect(show("x".repeat(before) + "🦁🦁🦁").isWellFormed()).toBe(true);
  });

  test("that contains itself is shown all the same", () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    expect(show(loop)).toBe("an object");
  });
});
