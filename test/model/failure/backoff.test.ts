import { describe, expect, test } from "vitest";
import { DEFAULT_BACKOFF, nextDelay, parseBackoff, type BackoffOption } from "../../../src/model/failure/backoff.js";
import { LONGEST_DURATION } from "../../../src/model/value/duration.js";
import { parseOptions } from "../../../src/model/options/options.js";

const never = (): number => 0;

/** The seconds at which a job runs that fails every time, without jitter. */
function timeline(options: { attempts?: number; retries?: number; backoff: BackoffOption }): number[] {
  const { attempts, backoff } = parseOptions(options);
  const runs = [0];
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    runs.push((runs.at(-1) ?? 0) + nextDelay(backoff, attempt, never) / 1_000);
  }
  return runs;
}

const exponential = { type: "exponential", delay: "5s" } as const;

describe("a job that always fails", () => {
  test("runs at 0, 5 and 15 s with attempts: 3 and an exponential 5 s", () => {
    expect(timeline({ attempts: 3, backoff: exponential })).toEqual([0, 5, 15]);
  });

  test("runs at 0, 5, 15 and 35 s with retries: 3 and an exponential 5 s", () => {
    expect(timeline({ retries: 3, backoff: exponential })).toEqual([0, 5, 15, 35]);
  });

  test("waits as long each time with a duration", () => {
    expect(timeline({ attempts: 4, backoff: "10s" })).toEqual([0, 10, 20, 30]);
  });

  test("waits by a list, whose last entry repeats", () => {
    expect(timeline({ attempts: 6, backoff: ["10s", "30s", "60s"] })).toEqual([0, 10, 40, 100, 160, 220]);
  });

  test("waits as long each time with a constant policy", () => {
    expect(timeline({ attempts: 3, backoff: { type: "constant", delay: 2_000 } })).toEqual([0, 2, 4]);
  });

  test("waits no longer than the policy's max", () => {
    expect(timeline({ attempts: 5, backoff: { ...exponential, max: "12s" } })).toEqual([0, 5, 15, 27, 39]);
  });

  test("waits by the policy's factor", () => {
    expect(timeline({ attempts: 4, backoff: { ...exponential, factor: 3 } })).toEqual([0, 5, 20, 65]);
  });

  test("runs once with attempts: 1 or retries: 0", () => {
    expect(timeline({ attempts: 1, backoff: "1s" })).toEqual([0]);
    expect(timeline({ retries: 0, backoff: "1s" })).toEqual([0]);
  });
});

describe("the wait after a failure", () => {
  test("is 1, 2, 4 … s up to an hour when nothing is said", () => {
    const waits = [1, 2, 3, 12, 13, 1_000].map((attempt) => nextDelay(DEFAULT_BACKOFF, attempt, never));
    expect(waits).toEqual([1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
  });

  test("leaves its upper half to chance when nothing is said", () => {
    expect(nextDelay(DEFAULT_BACKOFF, 3, () => 0.999_999)).toBe(2_000);
    expect(nextDelay(DEFAULT_BACKOFF, 3, () => 0.5)).toBe(3_000);
  });

  test("is anything from 0 to its full length with a jitter of 1", () => {
    const policy = parseBackoff("backoff", { type: "constant", delay: 1_000, jitter: 1 });
    expect([0, 0.25, 1 - Number.EPSILON].map((chance) => nextDelay(policy, 1, () => chance))).toEqual([1_000, 750, 0]);
  });

  test("stays finite and within 10 years however many attempts there were", () => {
    const policy = parseBackoff("backoff", { type: "exponential", delay: "1d", factor: 100, max: LONGEST_DURATION });
    for (const attempt of [50, 500, 1_000]) {
      expect(nextDelay(policy, attempt, never)).toBe(LONGEST_DURATION);
    }
  });

  test("is always a whole number of milliseconds", () => {
    const policy = parseBackoff("backoff", { type: "exponential", delay: 7, factor: 1.3, jitter: 0.33 });
    for (let attempt = 1; attempt < 20; attempt += 1) {
      expect(Number.isInteger(nextDelay(policy, attempt, () => 0.123))).toBe(true);
    }
  });
});

describe("a backoff is refused", () => {
  test.each([
    ["nothing", null, "backoff"],
    ["a duration that is none", "soon", "backoff"],
    ["a negative duration", -1, "backoff"],
    ["an empty list", [], "backoff"],
    ["a list of more than 50", Array.from({ length: 51 }, () => "1s"), "backoff"],
    ["a list with rubbish in it", ["1s", "5 parsecs"], "backoff[1]"],
    ["a policy of another type", { type: "linear", delay: "1s" }, "backoff.type"],
    ["a policy without a delay", { type: "exponential" }, "backoff.delay"],
    ["a policy with a misspelt option", { type: "exponential", delay: "1s", jiter: 1 }, "backoff.jiter"],
    ["a factor below 1", { type: "exponential", delay: "1s", factor: 0.5 }, "backoff.factor"],
    ["a jitter above 1", { type: "exponential", delay: "1s", jitter: 1.1 }, "backoff.jitter"],
    ["a jitter that is no number", { type: "exponential", delay: "1s", jitter: "full" }, "backoff.jitter"],
    ["a max that is rubbish", { type: "exponential", delay: "1s", max: "for ever" }, "backoff.max"],
  ])("when it is %s", (_title, value, field) => {
    expect(() => parseBackoff("backoff", value)).toThrow(expect.objectContaining({ code: "INVALID_INPUT", field }));
  });
});
