// A handler in a thread or process makes jobs, and takes what others gave, as in the worker itself.
import { describe, expect, it, onTestFinished } from "vitest";
import { attach, module, task, type JobContext } from "longshore";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { systemClock } from "../../../src/model/value/clock.js";
import { FlowInTest } from "../fixtures/flow-in-test.js";
import { ChildFixture, folder } from "./child-fixture.js";

const doubled = task("doubled", { queue: "children", attempts: 1 }, ({ input }: JobContext<number>) => {
  if (input < 0) throw new Error(`no ${input}`);
  return input * 2;
});

describe.each(["inline", "thread", "process"] as const)("a handler run by the runner %s", (runner) => {
  it("makes jobs and waits for them", async () => {
    const fixture = await ChildFixture.open({ spawning: { runner } }, {}, "schema-handlers.mjs");
    fixture.longshore.worker([doubled]);
    const job = await fixture.enqueue("spawning", [1, -2, 3]);

    expect(await job.result()).toEqual({
      alone: { queue: "children", id: `${job.id}.alone.3` },
      values: [2, 6],
      failed: [[-2, "no -2"]],
      waited: 3,
    });
    const { state, attempt, history } = await job.refresh();
    expect({ state, attempt, outcomes: history.map(({ outcome }) => outcome) }).toEqual({
      state: "partial",
      attempt: 1,
      outcomes: ["waited", "partial"],
    });
    expect((await fixture.longshore.queue("children").counts()).completed).toBe(3);
  });

  it("makes none when one input is wrong", async () => {
    const fixture = await ChildFixture.open({ misspawning: { runner } }, {}, "schema-handlers.mjs");

    expect(await fixture.run("misspawning", null, { attempts: 3 })).toMatchObject({
      state: "failed",
      attempt: 1,
      error: { code: "INVALID_INPUT", message: expect.stringContaining("inputs[1]") },
    });
    expect((await fixture.longshore.queue("children").counts()).queued).toBe(0);
  });

  it("takes values from the results of other jobs, before its module's schema sees them", async () => {
    const memory = new MemoryEngine({ clock: systemClock });
    const longshore = attach(memory);
    onTestFinished(() => longshore.close());
    const whole = task("whole", { runner }, module("./handlers.mjs"));
    const parsing = task("parsing", { runner }, module("./schema-handlers.mjs#parsing"));
    longshore.worker([whole, parsing], { tasksRoots: [folder] });
    const job = await new FlowInTest({ memory, longshore }).begin({
      first: { task: "whole", input: { n: "12" } },
      second: { task: "parsing", input: { n: null }, takes: [{ at: ["n"], from: "first", take: ["whole", "n"] }] },
    });

    expect(await job("second").result()).toBe("number 12");
  });
});
