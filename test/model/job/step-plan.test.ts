import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/model/errors/errors.js";
import { parseSteps, StepTally } from "../../../src/model/job/report/step-plan.js";

describe("declared steps", () => {
  it("weigh 1 each in a list, and what they say by name", () => {
    expect([...parseSteps("steps", ["crawl", "parse"])]).toEqual([
      ["crawl", 1],
      ["parse", 1],
    ]);
    expect([...parseSteps("steps", { crawl: 1, analyse: 5.5 })]).toEqual([
      ["crawl", 1],
      ["analyse", 5.5],
    ]);
  });

  it.each([
    ["a list with one name twice", ["crawl", "crawl"], 'steps[1]: "crawl" is not allowed: each step once'],
    ["a name that is no text", [7], "steps[0]: 7"],
    ["an empty name", [""], 'steps[0]: ""'],
    ["a name with control characters", ["a\nb"], "steps[0]"],
    ["a name that is too long", ["x".repeat(101)], "1 to 100 bytes"],
    ["a weight of 0", { crawl: 0 }, "steps.crawl: 0"],
    ["a weight below 0", { crawl: -1 }, "steps.crawl: -1"],
    ["a weight without end", { crawl: Number.POSITIVE_INFINITY }, "steps.crawl"],
    ["a weight that is no number", { crawl: "5" }, "steps.crawl"],
    ["text", "crawl", 'steps: "crawl"'],
    ["null", null, "steps: null"],
  ])("refuse %s", (_what, value, message) => {
    expect(() => parseSteps("steps", value)).toThrow(InvalidInput);
    expect(() => parseSteps("steps", value)).toThrow(message);
  });
});

describe("progress through declared steps", () => {
  it("is the share of the weights that have ended, rounded down", () => {
    const tally = new StepTally(parseSteps("steps", { crawl: 1, analyse: 5 }));
    expect([tally.percent, tally.done, tally.total]).toEqual([0, 0, 2]);
    tally.end("crawl");
    expect([tally.percent, tally.done]).toEqual([16, 1]);
    tally.reach("analyse", 0.5);
    expect([tally.percent, tally.done]).toEqual([58, 1]);
    tally.end("analyse");
    expect([tally.percent, tally.done]).toEqual([99, 2]);
  });

  it("counts a step once, however often it ends", () => {
    const tally = new StepTally(parseSteps("steps", ["a", "b"]));
    tally.end("a");
    tally.end("a");
    expect([tally.percent, tally.done]).toEqual([50, 1]);
  });

  it("is not a hair below a whole number", () => {
    const names = Array.from({ length: 100 }, (_, index) => `step ${index}`);
    const tally = new StepTally(parseSteps("steps", names));
    const percents = names.map((name) => {
      tally.end(name);
      return tally.percent;
    });
    expect(percents).toEqual(names.map((_, index) => Math.min(99, index + 1)));
  });

  it("knows nothing of steps that are not declared", () => {
    const tally = new StepTally(parseSteps("steps", ["a", "b"]));
    tally.end("c");
    tally.weigh("c", 9);
    expect([tally.percent, tally.done, tally.total]).toEqual([0, 0, 2]);
  });

  it("follows a weight that becomes known later", () => {
    const tally = new StepTally(parseSteps("steps", ["a", "b"]));
    tally.weigh("b", 3);
    tally.end("a");
    expect(tally.percent).toBe(25);
  });

  it("is 0 at the start, never falls, stays below 100, and says how many have ended", () => {
    const names = ["a", "b", "c", "d"];
    const weights = fc.array(fc.double({ min: 0.01, max: 1_000, noNaN: true }), { minLength: 4, maxLength: 4 });
    const move = fc.record({
      name: fc.constantFrom(...names),
      to: fc.oneof(
        fc.constant("end" as const),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.record({ weight: fc.double({ min: 0.01, max: 1_000, noNaN: true }) }),
      ),
    });
    fc.assert(
      fc.property(weights, fc.array(move, { maxLength: 40 }), (given, moves) => {
        const tally = new StepTally(new Map(names.map((name, index) => [name, given[index] ?? 1])));
        const ended = new Set<string>();
        expect(tally.percent).toBe(0);
        let before = 0;
        for (const { name, to } of moves) {
          if (typeof to === "object") {
            tally.weigh(name, to.weight);
          } else if (to === "end") {
            tally.end(name);
            ended.add(name);
          } else if (!ended.has(name)) {
            tally.reach(name, to);
          }
          const { percent } = tally;
          expect(Number.isInteger(percent) && percent >= before && percent <= 99).toBe(true);
          expect(tally.done).toBe(ended.size);
          before = percent;
        }
        for (const name of names) tally.end(name);
        expect([tally.percent, tally.done]).toEqual([99, 4]);
      }),
    );
  });
});
