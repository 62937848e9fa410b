// What Redis loses behind the engine's back must not hold up what is left.
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { Kit } from "../../src/engine/testkit/kit.js";
import { RedisBackdoor, redisStorage } from "./redis-storage.js";

const where = { url: inject("redisUrl") };
let redis: Redis;
let backdoor: RedisBackdoor;
let kit: Kit;

beforeEach(async () => {
  redis = new Redis(where.url);
  backdoor = new RedisBackdoor(where);
  kit = await Kit.create(redisStorage(where, backdoor));
});

afterEach(async () => {
  await kit.dispose();
  await backdoor.close();
  await redis.quit();
});

async function loseOneOfThree(): Promise<string[]> {
  const ids = await kit.addMany(3);
  await (await kit.session({ ttl: 1_000 })).claim(3);
  const [key = ""] = (await kit.storage.leftovers?.())?.filter((name) => name.endsWith("}:job")) ?? [];
  await redis.hdel(key, ids[1] ?? "");
  return ids;
}

describe("a running job whose stored row is gone", () => {
  it("does not keep its dead session, nor its neighbours, from being recovered", async () => {
    const [first = "", , third = ""] = await loseOneOfThree();
    kit.advance(1_000);
    await kit.sweep();

    expect(await kit.engine.workers()).toEqual([]);
    expect(await kit.list({ states: ["queued"] })).toEqual([first, third]);
    expect((await kit.counts()).active).toBe(0);
  });

  it("does not outlive a session that closes", async () => {
    const session = await kit.session();
    const ids = await kit.addMany(2);
    await session.claim(2);
    const [key = ""] = (await kit.storage.leftovers?.())?.filter((name) => name.endsWith("}:job")) ?? [];
    await redis.hdel(key, ids[0] ?? "");
    await session.close();

    expect((await kit.counts()).active).toBe(0);
    expect(await kit.list({ states: ["queued"] })).toEqual([ids[1]]);
  });
});

describe("scripts the server has forgotten", () => {
  it("are sent again, in the middle of work", async () => {
    await kit.add();
    const session = await kit.session();
    const lease = await session.next();
    await redis.script("FLUSH");

    expect(await session.complete(lease, '"done"')).toBe("applied");
    await kit.add();
    expect(await session.claimIds(1)).toHaveLength(1);
  });
});
