// What is stored comes and goes: after thousands of jobs that used every feature have been removed one by one, Redis has what
// it had before, but for a queue's own numbers, with its series, totals and failure groups; and those go with the queue.
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import type { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { SOAK_JOBS, SOAK_QUEUES, soak } from "../soak.js";
import { beforeEachOnRedis } from "./redis-fixture.js";

/** What stays with a queue; and what goes by its time, such as the answers to the last commands on documents. */
const LASTING = ["queues", "queue", "wake", "builds", "built", "series", "totals", "groups", "group_order"];
const FADING = ["events", "documents", "operation", "operations"];

let context: ScenarioContext;
let redis: Redis;

beforeEachOnRedis((opened) => {
  ({ context, redis } = opened);
});

describe(`after ${SOAK_JOBS} jobs with every feature`, () => {
  it("nothing is left of them once all are removed, and nothing at all of queues that are", async () => {
    await soak(context);

    expect(await context.list()).toEqual([]);
    expect((await kinds()).filter((kind) => ![...LASTING, ...FADING].includes(kind))).toEqual([]);
    for (const key of (await left()).filter((one) => FADING.includes(kindOf(one)))) {
      expect(await redis.pttl(key)).toBeGreaterThan(0);
      if (kindOf(key) !== "events") await redis.unlink(key);
    }
    expect(
      (await Promise.all(SOAK_QUEUES.map((queue) => context.counts(queue)))).flatMap((row) => Object.values(row)),
    ).toEqual(SOAK_QUEUES.flatMap(() => Array.from({ length: 10 }, () => 0)));
    for (const queue of SOAK_QUEUES) await context.engine.obliterate({ queue, force: false });
    expect(await left()).toEqual([]);
  });

  it("and what only watches or reads makes no queue, and misses nothing of one that comes to exist", async () => {
    const { cursor } = await context.engine.watch({ queue: "nowhere", cursor: null, max: 1 });
    await context.engine.listJobs({ filter: { queue: "nowhere" }, cursor: null, limit: 10 });
    await context.engine.workers();
    await context.sweep(10, ["nowhere"]);

    expect(await context.engine.queues()).toEqual([]);
    const keys = await left();
    expect(keys).toHaveLength(1);
    expect(await redis.pttl(keys[0] ?? "")).toBeGreaterThan(0);
    await context.add({ queue: "nowhere" });
    const { events, gap } = await context.engine.watch({ queue: "nowhere", cursor, max: 10 });
    expect([events.map(({ kind }) => kind), gap]).toEqual([["state"], false]);
    expect(await redis.pttl(keys[0] ?? "")).toBe(-1);
  });
});

async function left(): Promise<readonly string[]> {
  return (await context.storage.leftovers?.()) ?? [];
}

/** Which structures are left. */
async function kinds(): Promise<string[]> {
  return [...new Set((await left()).map(kindOf))];
}

function kindOf(key: string): string {
  return key.slice(key.lastIndexOf(":") + 1);
}
