// Data that Redis loses behind the engine's back does not hold up the rest.
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { everyMinute, put, toTick } from "../../../src/engine/testkit/context/schedule-helpers.js";
import { beforeEachOnRedis } from "./redis-fixture.js";

let redis: Redis;
let context: ScenarioContext;

beforeEachOnRedis((fixture) => ({ context, redis } = fixture));

async function loseOneOfThree(): Promise<string[]> {
  const ids = await context.addMany(3);
  await (await context.session({ ttl: 1_000 })).claim(3);
  const [key = ""] = (await context.storage.leftovers?.())?.filter((name) => name.endsWith("}:job")) ?? [];
  await redis.hdel(key, ids[1] ?? "");
  return ids;
}

describe("a running job whose stored row is gone", () => {
  it("does not keep its dead session, nor its neighbours, from being recovered", async () => {
    const [first = "", , third = ""] = await loseOneOfThree();
    context.advance(1_000);
    await context.sweep();

    expect(await context.engine.workers()).toEqual([]);
    expect(await context.list({ states: ["queued"] })).toEqual([first, third]);
    expect((await context.counts()).active).toBe(0);
  });

  it("does not outlive a session that closes", async () => {
    const session = await context.session();
    const ids = await context.addMany(2);
    await session.claim(2);
    const [key = ""] = (await context.storage.leftovers?.())?.filter((name) => name.endsWith("}:job")) ?? [];
    await redis.hdel(key, ids[0] ?? "");
    await session.close();

    expect((await context.counts()).active).toBe(0);
    expect(await context.list({ states: ["queued"] })).toEqual([ids[1]]);
  });
});

describe("a schedule of which something is gone", () => {
  it.each(["tick", "schedule"])(
    "(its field of %s) is handed out with what is wrong, until it is paused",
    async (part) => {
      await put(context, everyMinute({ name: "broken" }));
      await put(context);
      const [key = ""] = (await context.storage.leftovers?.())?.filter((name) => name.endsWith(`}:${part}`)) ?? [];
      await redis.hdel(key, "broken");
      toTick(context);

      const due = (await context.sweep()).schedules;
      expect(due).toMatchObject([
        { name: "broken", schedule: null, problem: expect.stringContaining("broken") },
        { name: "poll", problem: null },
      ]);
      for (const one of due) await context.engine.pauseSchedule(one);
      expect((await context.sweep()).schedules).toEqual([]);
      expect(await context.engine.removeSchedule({ queue: MAIN, name: "broken" })).not.toBeNull();
      expect(await put(context, everyMinute({ name: "broken" }))).toBe("created");
    },
  );
});

describe("scripts the server has forgotten", () => {
  it("are sent again, in the middle of work", async () => {
    await context.add();
    const session = await context.session();
    const lease = await session.next();
    await redis.script("FLUSH");

    expect(await session.complete(lease, '"done"')).toBe("applied");
    await context.add();
    expect(await session.claimIds(1)).toHaveLength(1);
  });
});

describe("a checkpoint that cannot be decoded", () => {
  it.each(["rubbish", "[]"])("is named with its job: %s", async (entry) => {
    const id = await context.add();
    const session = await context.session();
    const checkpoint = {
      seq: 1,
      kind: "step",
      name: "a",
      key: null,
      value: "1",
      at: 1,
      took: 1,
      counters: null,
    } as const;
    await session.report(await session.next(), { checkpoints: [checkpoint] });
    const [key = ""] = (await context.storage.leftovers?.())?.filter((name) => name.endsWith("}:checkpoint")) ?? [];
    await redis.hset(key, `${id}\u00001`, entry);

    await expect(context.engine.checkpoints({ queue: "main", id })).rejects.toThrow(/checkpoint 1 cannot be decoded/);
  });
});

describe("many checkpoints", () => {
  it("are removed a bounded number at a time", async () => {
    const spec = { retention: { completed: { age: 0, count: null }, failed: { age: 0, count: null } } };
    await context.addMany(4, spec);
    const session = await context.session();
    const leases = await session.claim(4);
    for (const lease of leases) {
      const checkpoint = { kind: "step", name: "a", key: null, value: "1", at: 1, took: 1, counters: null } as const;
      for (let from = 1; from <= 6_000; from += 500) {
        const checkpoints = Array.from({ length: 500 }, (_, index) => ({ ...checkpoint, seq: from + index }));
        await session.report(lease, { checkpoints });
      }
      await session.complete(lease);
    }
    const sweeps = [];
    for (let more = true; more;) {
      const answer = await context.sweep(100);
      sweeps.push(answer.removed);
      ({ more } = answer);
    }

    expect(sweeps).toEqual([2, 2, 0]);
    expect(await context.list()).toEqual([]);
  });

  it("do not keep a command on their jobs from answering for all", async () => {
    const ids = await context.addMany(4);
    const session = await context.session();
    const checkpoint = { kind: "step", name: "a", key: null, value: "1", at: 1, took: 1, counters: null } as const;
    for (const lease of await session.claim(4)) {
      for (let from = 1; from <= 6_000; from += 500) {
        const checkpoints = Array.from({ length: 500 }, (_, index) => ({ ...checkpoint, seq: from + index }));
        await session.report(lease, { checkpoints });
      }
      await session.complete(lease);
    }
    const refs = ids.map((id) => ({ queue: "main", id }));
    const answers = await context.engine.remove({ refs, op: "op" });

    expect(answers.map(({ outcome }) => outcome)).toEqual(["applied", "applied", "applied", "applied"]);
    expect(await context.list()).toEqual([]);
  });
});
