// Jobs that start jobs: what a handler spawns is made once, waited for without a slot, and its results come back in order.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  NonRetryable,
  Suspended,
  task,
  type AnyTask,
  type EndedDependency,
  type Engine,
  type Job,
  type JobContext,
  type JobRef,
  type JobSnapshot,
  type Worker,
} from "longshore";
import { makeGate } from "./gate.js";
import { StillWorld, withCommands } from "./still-world.js";

const ONCE = { attempts: 1 } as const;

/** Doubles what it is given, and notes it. */
function doubling(seen: number[] = []) {
  return task("double", { queue: "children", ...ONCE }, ({ input }: JobContext<number>) => {
    seen.push(input);
    if (input < 0) throw new Error(`no ${input}`);
    return input * 2;
  });
}

/** A world with a worker for these tasks; closed after the test. */
function open(tasks: readonly AnyTask[], options = {}): { world: StillWorld; worker: Worker } {
  const world = new StillWorld();
  const worker = world.longshore.worker(tasks, { prefetch: 0, ...options });
  return { world, worker };
}

describe("spawn.all", () => {
  it("gives what the jobs gave, in the order of the inputs, in a new run that counts no attempt", async () => {
    const seen: number[] = [];
    const double = doubling(seen);
    const steps: string[] = [];
    const parent = task("parent", ONCE, async ({ step, spawn, job }) => {
      await step("before", () => steps.push("before"));
      const { values, errors } = await spawn.all("doubled", double, [3, 1, 2]);
      const after = await step("after", () => steps.push("after"));
      return { values, errors, after, attempt: job.attempt };
    });
    const { world } = open([parent, double]);
    const job = await world.enqueue(parent);
    await world.rest();

    const done = await job.refresh();
    expect(done).toMatchObject({ state: "completed", result: { values: [6, 2, 4], errors: [], attempt: 1 } });
    expect(done.history.map(({ outcome }) => outcome)).toEqual(["waited", "completed"]);
    expect(steps).toEqual(["before", "after"]);
    expect(seen).toEqual([3, 1, 2]);
    await world.longshore.close();
  });
});
