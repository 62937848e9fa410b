// What is published on Redis reaches every connection of the server, whatever its database, and any client may publish: a
// message is a hint to look once, and nothing more.
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { connect, task, type Longshore } from "longshore";
import { Channel } from "../../../src/engine/redis/waiting/channel.js";
import { EventWaits, type LookAt } from "../../../src/engine/redis/waiting/event-waits.js";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import { Keys } from "../../../src/engine/redis/connection/keys.js";
import { parseTarget, type ParsedRedisTarget } from "../../../src/engine/target.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { PATIENCE } from "../../support/patience.js";
import { RedisMonitor } from "../../support/redis-monitor.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import { freshPrefix } from "./redis-storage.js";

const url = inject("redisUrl");
const HOUR = 3_600_000;
/** A look finds that the last event is the fifth. */
const look: LookAt = async (queues, seen) => queues.forEach((queue) => seen(queue, 5));
/** A watcher without a message looks again after this time. Milliseconds. */
const LOOK_AGAIN = 1_000;
const undo: (() => unknown)[] = [];
let prefix: string;
let redis: Redis;

beforeEach(() => {
  prefix = freshPrefix();
  redis = new Redis(url);
  undo.push(async () => {
    for (const db of inject("hasDatabases") ? [0, 1] : [0]) {
      await redis.select(db);
      for (const key of await redis.keys(`*{${prefix}*`)) await redis.unlink(key);
    }
    await redis.quit();
  });
});

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function targetOf(db: number): ParsedRedisTarget {
  return parseTarget({ engine: "redis", url, db, prefix }) as ParsedRedisTarget;
}

describe("a message of the channel", () => {
  let channel: Channel;
  let clock: ManualClock;
  let keys: Keys;
  let waits: EventWaits;

  beforeEach(async () => {
    keys = new Keys(prefix, 0);
    clock = new ManualClock();
    channel = new Channel(targetOf(0), keys);
    undo.push(() => channel.close());
    waits = new EventWaits(channel, look, clock);
    for (const queue of ["main", "other"]) await channel.listen(queue);
  });

  /** Waits for events after 5; `over` says whether that has ended. */
  function wait(queue: string): { ended: Promise<void>; over: boolean } {
    const waiting = { ended: Promise.resolve(), over: false };
    const end = async (): Promise<void> => {
      const { signal } = new AbortController();
      await waits.wait({ queues: [{ queue, cursor: 5 }], timeout: HOUR, signal });
      waiting.over = true;
    };
    waiting.ended = end();
    return waiting;
  }

  const publish = (queue: string, message: string): Promise<number> => redis.publish(keys.channel(queue), message);

  it.each(["e 6", "e 9e99", "e Infinity", "e 0"])("wakes a watcher once: %s", async (message) => {
    const first = wait("main");
    await publish("main", message);
    await first.ended;
    const second = wait("main");
    // Messages arrive in their order: when the last one has arrived, nothing is on its way that could end the second wait.
    const last = wait("other");
    await publish("other", "e 6");
    await last.ended;

    expect(second.over).toBe(false);
    waits.close();
    await second.ended;
  });

  it.each(["e 5", "e -1", "e NaN", "e", "", "x 6", "r", "r a b c d"])(
    "that has nothing new wakes no watcher: %s",
    async (message) => {
      const first = wait("main");
      await publish("main", message);
      const last = wait("other");
      await publish("other", "e 6");
      await last.ended;

      expect(first.over).toBe(false);
      waits.close();
      await first.ended;
    },
  );
});

describe.skipIf(!inject("canStartRedis"))("a subscriber whose connection died without a word", () => {
  it("is found out by a probe, and its queues are in doubt until it receives messages again", async () => {
    const proxy = await startTcpProxy(Number(new URL(url).port || 6379));
    undo.push(() => proxy.stop());
    const through = new URL(url);
    [through.hostname, through.port] = ["127.0.0.1", String(proxy.port)];
    const target = parseTarget({
      engine: "redis",
      url: through.href,
      prefix,
      commandTimeout: 500,
    }) as ParsedRedisTarget;
    const keys = new Keys(prefix, 0);
    const channel = new Channel(target, keys);
    undo.push(() => channel.close());
    const received: number[] = [];
    let doubts = 0;
    channel.onEvents(
      (_queue, sequence) => received.push(sequence),
      () => (doubts += 1),
    );
    await channel.listen("main");
    expect(channel.hears("main")).toBe(true);
    await channel.probe();
    expect([channel.hears("main"), doubts]).toEqual([true, 1]);

    // The connection that there is swallows everything from now on, the next one does not.
    proxy.mode = "swallow";
    proxy.mode = "pass";
    await channel.probe();
    await expect.poll(() => channel.hears("main")).toBe(true);
    await expect
      .poll(async () => (await redis.publish(keys.channel("main"), "e 7"), received.length))
      .toBeGreaterThan(0);
    expect(doubts).toBeGreaterThanOrEqual(3);
  });
});

describe.skipIf(!inject("hasDatabases"))("a watcher in one database", () => {
  let watcher: RedisEngine;
  let looks: number;
  let since: number;

  /** Looks after each message, as clients do. */
  async function watch(signal: AbortSignal): Promise<void> {
    let { cursor } = await watcher.watch({ queue: "main", cursor: null, max: 500 });
    looks = 0;
    since = performance.now();
    while (!signal.aborted) {
      await watcher.awaitEvents({ queues: [{ queue: "main", cursor }], timeout: HOUR, signal });
      looks += 1;
      ({ cursor } = await watcher.watch({ queue: "main", cursor, max: 500 }));
    }
  }

  /** How often at most it has looked without a message. */
  const ownLooks = (): number => 1 + Math.floor((performance.now() - since) / LOOK_AGAIN);

  beforeEach(async () => {
    watcher = new RedisEngine(targetOf(1));
    await watcher.open();
    const stop = new AbortController();
    const watching = watch(stop.signal);
    undo.push(async () => {
      stop.abort();
      await watching;
      watcher.close();
    });
    await vi.waitUntil(async () => (await redis.pubsub("CHANNELS", `{${prefix}/main}:1`)).length > 0, PATIENCE);
  });

  it.skipIf(!inject("canMonitor"))("is not disturbed by twenty jobs in another", async () => {
    const longshore: Longshore = await connect({ engine: "redis", url, prefix });
    undo.push(() => longshore.close());
    const quick = task("quick", { queue: "main" }, () => 1);
    longshore.worker([quick]);
    let commands = 0;
    const monitor = await RedisMonitor.start(url, ({ args, database }) => {
      if (database === 1 && args.some((arg) => arg.includes(prefix))) commands += 1;
    });
    undo.push(() => monitor.close());
    const before = looks;
    const jobs = await longshore.enqueueMany(quick, Array.from({ length: 20 }));
    await Promise.all(jobs.map((job) => job.result()));

    expect(looks - before).toBeLessThanOrEqual(ownLooks());
    // Of one look: the number of the last event, the script, and what that calls.
    expect(commands).toBeLessThanOrEqual(5 * ownLooks());
  });

  it("looks once for a forged message", async () => {
    const before = looks;
    await redis.publish(`{${prefix}/main}:1`, "e 9e99");
    await expect.poll(() => looks).toBeGreaterThan(before);
    // Time enough, counted in commands, to look again and again.
    for (let count = 0; count < 200; count += 1) await redis.ping();

    expect(looks - before).toBeLessThanOrEqual(1 + ownLooks());
  });
});
