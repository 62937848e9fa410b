import { describe, expect, test } from "vitest";
import { DEFAULT_BACKOFF } from "../../../src/model/failure/backoff.js";
import { InvalidInput, PayloadTooLarge } from "../../../src/model/errors/errors.js";
import { checkDefaults, parseOptions, type JobOptions } from "../../../src/model/options/options.js";
import { DEFAULT_RETENTION } from "../../../src/model/job/retention.js";

const nine = (letter: string): string[] => Array.from({ length: 9 }, (_value, index) => `${letter}${index}`);

/** What a caller without types could pass. */
const loose = (options: unknown): JobOptions => options as JobOptions;

describe("the options of a job", () => {
  test("are filled in when nothing is said", () => {
    expect(parseOptions()).toEqual({
      id: null,
      due: { in: 0 },
      priority: 0,
      attempts: 3,
      backoff: DEFAULT_BACKOFF,
      timeout: 300_000,
      ttl: null,
      tags: [],
      meta: null,
      hold: false,
      unique: null,
      supersedes: null,
      retention: DEFAULT_RETENTION,
    });
  });

  test("come to plain milliseconds and JSON", () => {
    const runAt = new Date("2030-01-01T00:00:00Z");
    expect(
      parseOptions({
        id: "job_1",
        runAt,
        priority: -5,
        attempts: 2,
        backoff: "1s",
        timeout: "2m",
        ttl: "1h",
        tags: ["a"],
        meta: { n: 1 },
        hold: true,
        unique: { key: "k" },
        supersedes: "r7",
        keep: { completed: 100 },
      }),
    ).toEqual({
      id: "job_1",
      due: { at: runAt.getTime() },
      priority: -5,
      attempts: 2,
      backoff: { type: "list", delays: [1_000] },
      timeout: 120_000,
      ttl: 3_600_000,
      tags: ["a"],
      meta: '{"n":1}',
      hold: true,
      unique: { key: "k", until: "finished", onConflict: "join" },
      supersedes: "r7",
      retention: { ...DEFAULT_RETENTION, completed: { age: 86_400_000, count: 100 } },
    });
  });

  test("of the call win over those of the task, and those over the queue's", () => {
    const merged = parseOptions({ priority: 1, timeout: "1s" }, { priority: 2, ttl: "1m" }, { priority: 3 });
    expect([merged.priority, merged.timeout, merged.ttl]).toEqual([3, 1_000, 60_000]);
  });

  test("that are undefined leave the weaker word standing", () => {
    expect(parseOptions({ priority: 4 }, loose({ priority: undefined }), undefined).priority).toBe(4);
  });

  test("add up their tags", () => {
    expect(parseOptions({ tags: ["a", "b"] }, { tags: ["b", "c"] }).tags).toEqual(["a", "b", "c"]);
  });

  test("may say attempts where the task said retries, and the other way round", () => {
    expect(parseOptions({ retries: 9 }, { attempts: 2 }).attempts).toBe(2);
    expect(parseOptions({ attempts: 9 }, { retries: 2 }).attempts).toBe(3);
  });

  test("make no -0 of a priority", () => {
    expect(Object.is(parseOptions({ priority: -0 }).priority, 0)).toBe(true);
  });

  test("take a time as a Date or as milliseconds, a delay as a duration", () => {
    expect(parseOptions({ runAt: 1_800_000_000_000 }).due).toEqual({ at: 1_800_000_000_000 });
    expect(parseOptions({ delay: "5m" }).due).toEqual({ in: 300_000 });
  });
});

describe("options are refused, by field, value and rule:", () => {
  test.each<[title: string, options: unknown, field: string, rule: RegExp]>([
    ["an unknown option", { priorty: 1 }, "priorty", /no such option; known: priority, attempts/],
    ["a priority that is no whole number", { priority: 1.5 }, "priority", /whole number/],
    ["a priority out of bounds", { priority: 100_001 }, "priority", /-100000 to 100000/],
    ["a priority that is not a number", { priority: "high" }, "priority", /whole number/],
    ["both attempts and retries", { attempts: 3, retries: 2 }, "retries", /either attempts .* or retries/],
    ["no attempts", { attempts: 0 }, "attempts", /1 to 1000/],
    ["too many attempts", { attempts: 1_001 }, "attempts", /1 to 1000/],
    ["negative retries", { retries: -1 }, "retries", /0 to 999/],
    ["a delay that is none", { delay: "soon" }, "delay", /30s/],
    ["both delay and runAt", { delay: 1, runAt: new Date() }, "runAt", /either delay or runAt/],
    ["an invalid Date", { runAt: new Date("rubbish") }, "runAt", /valid Date/],
    ["seconds taken for milliseconds", { runAt: 1_700_000_000 }, "runAt", /milliseconds since the epoch/],
    ["a timeout of 0", { timeout: 0 }, "timeout", /longer than 0/],
    ["a ttl of 0", { ttl: "0s" }, "ttl", /longer than 0/],
    ["a hold that is not a flag", { hold: "yes" }, "hold", /true or false/],
    ["an id with a blank", { id: "my job" }, "id", /1 to 128 characters/],
    ["tags that are no list", { tags: "a" }, "tags", /list of tags/],
    ["meta that is no object", { meta: ["a"] }, "meta", /plain object/],
    ["unique without a key", { unique: {} }, "unique.key", /1 to 256 bytes/],
    ["unique that is misspelt", { unique: { key: "k", untill: 1 } }, "unique.untill", /no such option/],
    ["unique until rubbish", { unique: { key: "k", until: "later" } }, "unique.until", /30s/],
    [
      "unique onConflict rubbish",
      { unique: { key: "k", onConflict: "skip" } },
      "unique.onConflict",
      /"join", "reject" or "replace"/,
    ],
    [
      "a debounce beside a delay",
      { unique: { key: "k", debounce: "5s" }, delay: "1s" },
      "delay",
      /not beside unique.debounce/,
    ],
    ["a debounce beside a time", { unique: { key: "k", debounce: "5s" }, runAt: new Date() }, "runAt", /not beside/],
    [
      "supersedes beside a throttle",
      { unique: { key: "k", throttle: "1m" }, supersedes: "r" },
      "supersedes",
      /not beside/,
    ],
    [
      "supersedes beside a debounce",
      { unique: { key: "k", debounce: "1m" }, supersedes: "r" },
      "supersedes",
      /not beside/,
    ],
    ["supersedes that is no key", { supersedes: "" }, "supersedes", /1 to 256 bytes/],
    ["a keep that is misspelt", { keep: { complete: 1 } }, "keep.complete", /no such option/],
    ["a backoff that is rubbish", { backoff: "often" }, "backoff", /30s/],
    ["options that are no object", 5, "options", /an object of options/],
  ])("%s", (_title, options, field, rule) => {
    let thrown: unknown;
    try {
      parseOptions(loose(options));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidInput);
    expect(thrown).toMatchObject({ field, rule: expect.stringMatching(rule) as string });
  });

  test("meta of more than 16 KB", () => {
    expect(() => parseOptions({ meta: { text: "x".repeat(16 * 1_024) } })).toThrow(PayloadTooLarge);
  });

  test("more than sixteen tags of all layers together", () => {
    expect(() => parseOptions({ tags: nine("a") }, { tags: nine("b") })).toThrow(/at most 16/);
  });
});

describe("the defaults of a task", () => {
  test("may be anything that holds for all its jobs", () => {
    expect(() =>
      checkDefaults("task", { priority: 1, attempts: 2, backoff: "1s", tags: ["t"], keep: {} }),
    ).not.toThrow();
  });

  test("may not say what only a job can say", () => {
    expect(() => checkDefaults("task", { id: "x" })).toThrow(expect.objectContaining({ field: "id" }));
    expect(() => checkDefaults("task", { delay: 5 })).toThrow(InvalidInput);
  });

  test("are checked with the task's name in front", () => {
    expect(() => checkDefaults("task", { timeout: "x" })).toThrow(expect.objectContaining({ field: "task.timeout" }));
  });
});
