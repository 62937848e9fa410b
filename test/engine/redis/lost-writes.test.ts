// A server that takes another's place may have lost its last writes. Here a living session's server forgets the lease that it
// was given: all keys are as they were before.
import type { Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import type { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { beforeEachOnRedis } from "./redis-fixture.js";

let context: ScenarioContext;
let redis: Redis;
/** The values of all keys by then. */
let before: Map<string, Buffer | null>;

beforeEachOnRedis((fixture) => {
  ({ context, redis } = fixture);
});

beforeEach(() => {
  before = new Map();
});

describe("a session whose server has forgotten its lease", () => {
  it.each<[string, Partial<JobSpec>]>([
    ["in a batch", {}],
    ["with a record of its own", { tags: ["a"] }],
  ])(
    "(%s) gets the same job under another epoch, and what its first run still sends is refused",
    async (_kind, change) => {
      const id = await context.add(change);
      const session = await context.session();
      await remember();
      const [first] = await session.claim();
      await goBack();
      const [second] = await session.claim();

      expect([first?.id, second?.id]).toEqual([id, id]);
      expect(second?.epoch).not.toBe(first?.epoch);
      if (first === undefined || second === undefined) throw new Error("a lease is missing");
      expect(await session.report(first, { lines: [{ at: 0, level: "info", message: "late" }] })).toBe("stale");
      expect(await session.complete(first, '"first"')).toBe("stale");
      expect(await session.complete(second, '"second"')).toBe("applied");
      expect((await context.job(id)).result).toBe('"second"');
    },
  );

  it("gets it under another epoch on whatever lane it asks, though others were leased jobs meanwhile", async () => {
    const id = await context.add();
    const [session, other] = [await context.session(), await context.session()];
    await context.add();
    await session.claim();
    await remember();
    const [first] = await session.claim();
    await goBack();
    const answer = await session.exchange([], { max: 1 }, 1);
    await context.add();
    const [next] = await other.claim();

    expect(answer.leases.map((lease) => lease.id)).toEqual([first?.id]);
    const epochs = [first?.epoch, answer.leases[0]?.epoch, next?.epoch];
    expect(new Set(epochs).size).toBe(3);
    expect((await context.job(id)).state).toBe("active");
  });
});

async function keys(): Promise<string[]> {
  return [...((await context.storage.leftovers?.()) ?? [])];
}

async function remember(): Promise<void> {
  for (const key of await keys()) before.set(key, await redis.dumpBuffer(key));
}

async function goBack(): Promise<void> {
  for (const key of await keys()) await redis.unlink(key);
  for (const [key, value] of before) if (value !== null) await redis.restore(key, 0, value);
}
