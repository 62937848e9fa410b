// Namespaces on a shared server: prefixes and queues share no key and no channel, and the list of queues is mended, whatever
// was lost of it.
import type { Redis } from "ioredis";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import { Keys } from "../../../src/engine/redis/connection/keys.js";
import { Registry } from "../../../src/engine/redis/connection/queue-registry.js";
import { parseTarget, type ParsedRedisTarget } from "../../../src/engine/target.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { beforeEachOnRedis } from "./redis-fixture.js";
import { freshPrefix, type RedisBackdoor } from "./redis-storage.js";

const where = { url: inject("redisUrl") };
let redis: Redis;
let backdoor: RedisBackdoor;
let context: ScenarioContext;

beforeEachOnRedis((fixture) => ({ context, redis, backdoor } = fixture));

afterEach(() => vi.restoreAllMocks());

async function open(prefix: string): Promise<RedisEngine> {
  const engine = new RedisEngine(parseTarget({ engine: "redis", prefix, ...where }) as ParsedRedisTarget, {
    clock: context.clock,
  });
  await engine.open();
  return engine;
}

async function loseList(): Promise<void> {
  const [list = ""] = (await context.storage.leftovers?.())?.filter((key) => key.endsWith("}:queues")) ?? [];
  expect(await redis.del(list)).toBe(1);
}

describe("two namespaces", () => {
  it("share no key and no channel, however their names are put together", () => {
    const marks = ["a", ":", "."];
    const names = marks.flatMap((one) => [one, ...marks.map((two) => one + two)]);
    const owners = new Map<string, string>();
    const belongs = (place: string, owner: string): void => {
      expect(owners.get(place) ?? owner).toBe(owner);
      owners.set(place, owner);
    };
    for (const prefix of names) {
      belongs(new Keys(prefix, 0).registry, `the list of ${prefix}`);
      for (const queue of names) {
        for (const key of ["queue", "job", "queues"]) belongs(new Keys(prefix, 0).of(queue, key), `${prefix} ${queue}`);
        // Keys are those of a database; channels are not.
        for (const db of [0, 1]) belongs(new Keys(prefix, db).channel(queue), `${prefix} ${queue} ${db}`);
      }
    }
  });

  it.each([
    ["eu:mail", ":eu", "mail"],
    ["a:b:c", ":a:b", "c"],
  ])(
    "do not see each other's jobs: queue %s of a prefix, and of the prefix with %s behind it queue %s",
    async (queue, more, other) => {
      const prefix = freshPrefix();
      const [one, two] = await Promise.all([open(prefix), open(prefix + more)]);
      await one.enqueue({ jobs: [context.spec({ queue })] });
      await two.enqueue({ jobs: [context.spec({ queue: other }), context.spec({ queue: other })] });

      expect((await one.queues()).map(({ name: found, counts }) => [found, counts.queued])).toEqual([[queue, 1]]);
      expect((await two.queues()).map(({ name: found, counts }) => [found, counts.queued])).toEqual([[other, 2]]);
      await one.obliterate({ queue, force: true });
      expect((await two.queues()).map(({ counts }) => counts.queued)).toEqual([2]);
      one.close();
      two.close();
      await backdoor.clear(prefix);
    },
  );
});

describe("a queue that comes into being while it is obliterated", () => {
  // oxlint-disable-next-line typescript/unbound-method -- called with the registry it is of
  const takeOff = Registry.prototype.remove;

  it.each([
    ["by a job", () => context.engine.enqueue({ jobs: [context.spec()] })],
    ["by being paused", () => context.engine.pause({ queue: MAIN })],
    ["by a worker", () => context.session()],
  ])("%s stays on the list", async (_how, make) => {
    await context.add();
    const other = await context.open();
    // The queue is gone, and the other client is about to take it off the list.
    vi.spyOn(Registry.prototype, "remove").mockImplementation(async function (this: Registry, queue) {
      await make();
      await takeOff.call(this, queue);
    });
    await other.obliterate({ queue: MAIN, force: true });

    expect((await context.engine.queues()).map(({ name }) => name)).toEqual([MAIN]);
  });

  it("does not, when nothing came", async () => {
    await context.add();
    await context.engine.obliterate({ queue: MAIN, force: true });

    expect(await context.engine.queues()).toEqual([]);
    expect(await context.storage.leftovers?.()).toEqual([]);
  });
});

describe("a list of queues that was lost", () => {
  it("is rebuilt by sweeps within a minute", async () => {
    await context.add();
    await context.add({ queue: "other" });
    await context.sweep(10, [MAIN, "other"]);
    await loseList();
    context.advance(60_000);
    await context.sweep(10, [MAIN, "other"]);

    expect((await context.engine.queues()).map(({ name }) => name)).toEqual([MAIN, "other"]);
  });

  it("is rebuilt by the first sweep of a client, with queues that exist and no others", async () => {
    await context.add();
    await context.session({ queues: ["served"] });
    await loseList();
    await (await context.open()).sweep({ queues: [MAIN, "served", "nowhere"], limit: 10 });

    expect((await context.engine.queues()).map(({ name }) => name)).toEqual([MAIN, "served"]);
  });

  it("is looked at once a minute, not in every sweep", async () => {
    await context.add();
    await context.sweep();
    const restoring = vi.spyOn(Registry.prototype, "add");
    await loseList();
    context.advance(59_999);
    await context.sweep();

    expect(restoring).not.toHaveBeenCalled();
    expect(await context.engine.queues()).toEqual([]);
  });
});
