// How much one command enqueues: not how many jobs it has counts, but how much is written for them.
import { describe, expect, it, onTestFinished } from "vitest";
import { attach, task, type EnqueueOptions, type Longshore } from "longshore";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import type { JobSpec } from "../../src/model/job/job.js";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";

const plain = task<string>("plain");
const tags = (count: number): string[] => Array.from({ length: count }, (_, n) => `tag:${n}`);
const refs = (count: number): { queue: string; id: string }[] =>
  Array.from({ length: count }, (_, n) => ({ queue: "others", id: `job_${n}` }));

let commands: (readonly JobSpec[])[];

/** A connection whose commands to enqueue are listened to. */
function listened(): Longshore {
  const memory = new MemoryEngine();
  commands = [];
  const longshore = attach(
    withCommands(memory, {
      enqueue: async (params) => {
        commands.push(params.jobs);
        return memory.enqueue(params);
      },
    }),
  );
  onTestFinished(() => longshore.close());
  return longshore;
}

const KINDS: readonly [what: string, options: (n: number) => EnqueueOptions, input: number, atOnce: number][] = [
  ["without options", () => ({}), 10, 250],
  ["with one tag", () => ({ tags: tags(1) }), 10, 250],
  ["with three tags", () => ({ tags: tags(3) }), 10, 125],
  ["with sixteen tags", () => ({ tags: tags(16) }), 10, 29],
  ["that wait for nine others", () => ({ after: refs(9) }), 10, 50],
  ["that wait for a thousand others", () => ({ after: refs(1_000) }), 10, 1],
  ["with a unique key and a tag", (n) => ({ unique: { key: `k${n}` }, tags: tags(1) }), 10, 166],
  ["that supersede others", (n) => ({ supersedes: `k${n % 3}` }), 10, 83],
  ["with inputs of 100,000 characters", () => ({}), 100_000, 10],
];

describe("a command to enqueue", () => {
  it.each(KINDS)("has few entries of jobs %s, of many in one call", async (_what, options, input, atOnce) => {
    const longshore = listened();
    const total = Math.min(600, atOnce * 3 - 1);
    const inputs = Array.from({ length: total }, (_, n) => `${n}`.padEnd(input));

    const jobs = await longshore.enqueueMany(plain, inputs, { each: (_input, n) => options(n) });

    expect(Math.max(...commands.map(({ length }) => length))).toBe(Math.min(atOnce, total));
    expect(commands).toHaveLength(Math.ceil(total / atOnce));
    expect(jobs.map(({ id }) => id)).toEqual(commands.flat().map(({ id }) => id));
    expect(commands.flat().map((spec) => JSON.parse(spec.input) as unknown)).toEqual(inputs);
  });

  it.each(KINDS)("has few entries of jobs %s, of many calls at once", async (_what, options, input, atOnce) => {
    const longshore = listened();
    const total = Math.min(600, atOnce * 3 - 1);
    const inputs = Array.from({ length: total }, (_, n) => `${n}`.padEnd(input));

    const jobs = await Promise.all(inputs.map((one, n) => longshore.enqueue(plain, one, options(n))));

    expect(Math.max(...commands.map(({ length }) => length))).toBeLessThanOrEqual(atOnce);
    expect(jobs.map(({ id }) => id)).toEqual(commands.flat().map(({ id }) => id));
  });

  it("takes what has room before a job of many entries, and that one alone", async () => {
    const longshore = listened();

    await longshore.enqueueMany(plain, ["a", "b", "c", "d"], {
      each: (_input, n) => (n === 2 ? { after: refs(600) } : {}),
    });

    expect(commands.map((jobs) => jobs.map(({ input }) => input))).toEqual([['"a"', '"b"'], ['"c"'], ['"d"']]);
  });
});
