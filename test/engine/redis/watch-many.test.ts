// What it costs Redis to watch a hundred queues: the connections and, at rest, the commands of one. Counted and not timed.
import { setImmediate as turn } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { attach, type Longshore, type WatchEvent } from "longshore";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { parseTarget, type ParsedRedisTarget } from "../../../src/engine/target.js";
import { PATIENCE } from "../../support/patience.js";
import { startRedisServer } from "../../support/redis-server.js";

const STEP = 5_000;
const MINUTES = 10;
/** What a minute at rest costs at most: a look, with a ping of the subscriber, each 20 s. */
const A_MINUTE = 8;

const names = (count: number): string[] => Array.from({ length: count }, (_none, n) => `q${n}`);

/** A connection that watches queues, on a server of its own, whose clock is the test's. */
class Watching {
  readonly clock = new ManualClock();
  readonly seen: WatchEvent[] = [];
  readonly redis: Redis;
  readonly longshore: Longshore;

  static async open(): Promise<Watching> {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const watching = new Watching(server.url);
    await watching.#engine.open();
    return watching;
  }

  readonly #engine: RedisEngine;

  private constructor(url: string) {
    this.redis = new Redis(url);
    onTestFinished(() => this.redis.disconnect());
    this.#engine = new RedisEngine(parseTarget({ engine: "redis", url }) as ParsedRedisTarget, { clock: this.clock });
    this.longshore = attach(this.#engine, { clock: this.clock });
    onTestFinished(() => this.longshore.close());
  }

  async watch(queues: readonly string[]): Promise<void> {
    const read = async (): Promise<void> => {
      for await (const event of this.longshore.watch(queues)) this.seen.push(event);
    };
    void read().catch(() => undefined);
    await vi.waitUntil(async () => (await this.redis.pubsub("CHANNELS")).length === queues.length, PATIENCE);
    await this.pass(STEP);
  }

  /** Lets time pass, with everything that happens in it. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP) {
      this.clock.advance(STEP);
      // Answers of the server lead to further commands.
      for (let answers = 0; answers < 4; answers += 1) {
        await turn();
        await this.redis.echo("step");
      }
    }
  }

  /** How often commands were called, those inside scripts left out where nothing else calls them. */
  async calls(): Promise<number> {
    const lines = (await this.redis.info("commandstats")).matchAll(/cmdstat_(\S+):calls=(\d+)/g);
    const counted = ["eval", "evalsha", "ping", "subscribe", "hget", "exists"];
    let sum = 0;
    for (const [, name = "", calls] of lines) if (counted.includes(name)) sum += Number(calls);
    return sum;
  }

  async connections(): Promise<number> {
    return String(await this.redis.client("LIST"))
      .trim()
      .split("\n").length;
  }
}

describe.skipIf(!inject("canStartRedis"))("a connection that watches queues", () => {
  it.each([1, 100])("has two connections and the same cost at rest with %i of them", async (count) => {
    const watching = await Watching.open();
    const queues = names(count);
    // Some of them are there, some are not.
    for (const queue of queues.slice(0, 50)) await watching.longshore.enqueue("sample", null, { queue });
    const before = await watching.connections();
    await watching.watch(queues);
    expect(await watching.connections()).toBe(before + 1);

    const calls = await watching.calls();
    await watching.pass(MINUTES * 60_000);
    expect((await watching.calls()) - calls).toBeLessThanOrEqual(MINUTES * A_MINUTE);
    expect(watching.seen).toEqual([]);

    // After all that time nothing was missed, in whatever queue.
    for (const queue of [queues[0], queues.at(-1)])
      await watching.longshore.enqueue("sample", null, { queue: queue ?? "" });
    await expect.poll(() => watching.seen.length).toBe(2);
    expect(watching.seen.map(({ kind, queue }) => [kind, queue])).toEqual([
      ["state", queues[0]],
      ["state", queues.at(-1)],
    ]);
  });

  it("hears of events again after its subscriber was cut off", async () => {
    const watching = await Watching.open();
    const queues = names(20);
    await watching.watch(queues);
    await watching.redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await watching.longshore.enqueue("sample", null, { queue: "q7" });
    await expect.poll(() => watching.seen.map(({ queue }) => queue)).toEqual(["q7"]);
    await expect.poll(async () => (await watching.redis.pubsub("CHANNELS")).length).toBe(queues.length);
    await watching.longshore.enqueue("sample", null, { queue: "q9" });
    await expect.poll(() => watching.seen.map(({ queue }) => queue)).toEqual(["q7", "q9"]);
  });
});
