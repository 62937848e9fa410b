// What is published on a cluster goes to all its nodes: so little is, and only where it is of use to who receives it.
import { Redis } from "ioredis";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { task, type Longshore } from "longshore";
import { RedisMonitor } from "../../support/redis-monitor.js";
import { ClusterFixture } from "./cluster-fixture.js";

const JOBS = 300;

interface Heard {
  /** How many messages of each kind. */
  readonly messages: Record<string, number>;
  /** How often a marker was set that wakes a worker. */
  readonly markers: number;
}

/** Counts messages and markers of a queue, on all nodes, while something is done. */
async function during(fixture: ClusterFixture, queue: string, something: () => Promise<unknown>): Promise<Heard> {
  const messages: Record<string, number> = {};
  const ended = new Set<string>();
  let markers = 0;
  const nodes = fixture.cluster.urls;
  for (const url of nodes) {
    const monitor = await RedisMonitor.start(url, ({ args: [name = "", key = "", value = ""] }) => {
      const kind = name.toLowerCase();
      if (kind === "echo") ended.add(url);
      if (!key.startsWith(`{${fixture.prefix}/${queue}}:`)) return;
      if (kind === "publish") messages[value.slice(0, 1)] = (messages[value.slice(0, 1)] ?? 0) + 1;
      else if (kind === "rpush" && key.endsWith(":wake")) markers += 1;
    });
    onTestFinished(() => monitor.close());
  }
  await something();
  for (const url of nodes) {
    const redis = new Redis(url);
    await redis.echo("end");
    redis.disconnect();
  }
  await expect.poll(() => ended.size).toBe(nodes.length);
  return { messages, markers };
}

const work = task("work", () => "done");

async function open(): Promise<{ fixture: ClusterFixture; longshore: Longshore; queue: string }> {
  const fixture = await ClusterFixture.start();
  return { fixture, longshore: await fixture.connect(), queue: fixture.queueOn(0) };
}

describe.skipIf(!inject("canStartRedis"))("messages on a cluster", () => {
  it("are one for a queue that gets work, however many jobs that is, and none else while it is not watched", async () => {
    const { fixture, longshore, queue } = await open();
    const heard = await during(fixture, queue, async () => {
      await longshore.enqueueMany(work, Array.from({ length: JOBS }), { queue });
      for (let job = 0; job < 20; job += 1) await longshore.enqueue(work, undefined, { queue });
    });
    expect(heard).toEqual({ messages: { w: 1 }, markers: 1 });
  });

  it("are as many as markers while a worker works, and tell of events only to who watches", async () => {
    const { fixture, longshore, queue } = await open();
    const jobs = await longshore.enqueueMany(work, Array.from({ length: JOBS }), { queue });
    const ended = async (): Promise<boolean> => (await longshore.queue(queue).counts()).completed === jobs.length;
    const unwatched = await during(fixture, queue, async () => {
      longshore.worker([work], { queues: [queue], concurrency: 10 });
      await expect.poll(ended).toBe(true);
    });
    expect(unwatched.messages["e"] ?? 0).toBe(0);
    expect(unwatched.messages["w"] ?? 0).toBe(unwatched.markers);
    // Not one a job.
    expect(unwatched.markers).toBeLessThan(JOBS / 10);

    const watched = await during(fixture, queue, async () => {
      await (await longshore.enqueue(work, undefined, { queue })).result();
    });
    expect(watched.messages["e"]).toBeGreaterThan(0);
    expect(watched.messages["w"] ?? 0).toBe(watched.markers);
  });
});
