// A claim stops once the stored bodies of its leases are long enough: a worker asks again for the rest.
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { MOST_CLAIMED_BYTES } from "../../src/engine/contract/engine.js";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { MAIN } from "../../src/engine/testkit/context/scenario-context.js";
import { ScenarioContext, type TestStorage } from "../../src/engine/testkit/index.js";
import type { JobSpec } from "../../src/model/job/job.js";
import { RedisBackdoor, redisStorage } from "./redis/redis-storage.js";

const OTHER = "other";
const LONG = 200_000;
const INPUT = JSON.stringify("x".repeat(LONG - 2));
/** How many of them exceed the bound: the last one goes with the others. */
const AT_ONCE = Math.floor(MOST_CLAIMED_BYTES / LONG) + 1;

const KINDS: readonly (readonly [string, Partial<JobSpec>])[] = [
  ["with nothing out of the ordinary", {}],
  ["of another priority", { priority: 3 }],
  ["with tags", { tags: ["a"] }],
];

describe.each(["memory", "Redis"])("a claim of long jobs, %s", (engine) => {
  async function open(): Promise<ScenarioContext> {
    const where = { url: inject("redisUrl") };
    const backdoor = new RedisBackdoor(where);
    const memory: TestStorage = { connect: (clock) => new MemoryEngine({ clock }), dispose: () => {} };
    const context = await ScenarioContext.create(engine === "memory" ? memory : redisStorage(where, backdoor));
    onTestFinished(async () => {
      await context.dispose();
      await backdoor.close();
    });
    return context;
  }

  it.each(KINDS)("%s gives as many as are long enough, of two queues in their order", async (_what, change) => {
    const context = await open();
    const session = await context.session({ queues: [MAIN, OTHER] });
    const ids: string[] = [];
    for (const queue of [MAIN, OTHER]) {
      for (let n = 0; n < AT_ONCE - 3; n += 1) ids.push(await context.add({ queue, input: INPUT, ...change }));
    }
    const answers = [];
    for (let n = 0; n < 3; n += 1) answers.push(await session.exchange([], { max: 500 }));

    // On Redis what is stored is a few bytes longer than its input.
    const [first, second, third] = answers.map(({ leases }) => leases.length);
    expect([AT_ONCE, AT_ONCE - 1]).toContain(first);
    expect([second, third]).toEqual([ids.length - (first ?? 0), 0]);
    expect(answers.flatMap(({ leases }) => leases.map(({ id }) => id))).toEqual(ids);
    expect(answers.map(({ more }) => more)).toEqual([true, false, false]);
  });

  it("gives one at least, however long it is", async () => {
    const context = await open();
    const session = await context.session();
    const input = JSON.stringify("x".repeat(MOST_CLAIMED_BYTES));
    const ids = [await context.add({ input }), await context.add()];

    const { leases, more } = await session.exchange([], { max: 2 });

    expect([leases.map(({ id }) => id), more]).toEqual([[ids[0]], true]);
    expect(await session.claimIds(2)).toEqual([ids[1]]);
  });

  it("gives jobs that were set aside in the same way", async () => {
    const context = await open();
    const session = await context.session();
    for (let n = 0; n < AT_ONCE + 3; n += 1) await context.add({ task: "rare", input: INPUT });
    for (const lease of await session.claimMany(100)) await session.settle(lease, { kind: "decline" });

    const { leases, more } = await session.exchange([], { max: 100, tasks: ["rare"] });

    expect([AT_ONCE, AT_ONCE - 1]).toContain(leases.length);
    expect(more).toBe(true);
    expect(leases.length + (await session.claimMany(100, { tasks: ["rare"] })).length).toBe(AT_ONCE + 3);
  });
});
