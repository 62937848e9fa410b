// Storing jobs: a script writes a bounded number of entries, whatever the jobs of a command are like.
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { WorkMeter } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const AT_ONCE = 500;
/** What a script calls and writes at most for 500 entries, inputs aside. */
const MOST_COMMANDS = 600;
const MOST_BYTES = 150_000;

let own: OwnRedis;
let context: ScenarioContext;
let meter: WorkMeter;

const tags = (count: number, n = 0): string[] => Array.from({ length: count }, (_none, k) => `t${n}-${k}`);

describe.skipIf(!inject("canStartRedis"))("of 500 jobs that are handed over at once", () => {
  beforeAll(async () => {
    own = await openOwnRedis();
    ({ context } = own);
    meter = await WorkMeter.on(own.server.url);
  });

  afterEach(async () => {
    await context.engine.obliterate({ queue: MAIN, force: true });
  });

  afterAll(async () => {
    meter.close();
    await own.close();
  });

  it.each<[string, (n: number) => Partial<JobSpec>, scripts: number]>([
    ["without options, all are stored by one script", () => ({}), 1],
    ["with the same three tags, a script stores 125", () => ({ tags: tags(3) }), 4],
    ["with a hundred tags each, a script stores 4", (n) => ({ tags: tags(100, n) }), 125],
  ])("%s", async (_what, change, scripts) => {
    const jobs = Array.from({ length: AT_ONCE }, (_, n) => context.spec(change(n)));
    const { answer, scripts: work } = await meter.of([], async () => context.engine.enqueue({ jobs }));

    expect(answer.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
    expect(new Set(answer.map(({ outcome }) => outcome))).toEqual(new Set(["created"]));
    expect(work).toHaveLength(scripts);
    expect(Math.max(...work.map((script) => script.commands))).toBeLessThanOrEqual(MOST_COMMANDS);
    expect(Math.max(...work.map((script) => script.bytes))).toBeLessThanOrEqual(MOST_BYTES);
    expect(await context.list({}, AT_ONCE)).toEqual(jobs.map(({ id }) => id));
  });

  it("with long inputs, a script stores a megabyte", async () => {
    const input = JSON.stringify("x".repeat(100_000));
    const jobs = Array.from({ length: 30 }, () => context.spec({ input }));
    const { scripts } = await meter.of([], async () => context.engine.enqueue({ jobs }));

    expect(scripts).toHaveLength(3);
    expect(Math.max(...scripts.map(({ bytes }) => bytes))).toBeLessThanOrEqual(1_500_000);
  });

  it("that take each other's place, a script ends 83", async () => {
    await context.add({ supersedes: "k" });
    const jobs = Array.from({ length: AT_ONCE }, () => context.spec({ supersedes: "k" }));
    const { scripts } = await meter.of([], async () => context.engine.enqueue({ jobs }));

    expect(scripts).toHaveLength(7);
    expect(await context.list({ states: ["queued"] })).toEqual([jobs.at(-1)?.id]);
  });
});
