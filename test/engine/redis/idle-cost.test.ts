// What a worker at rest costs Redis, counted and not timed: every command, those inside scripts too, over hours of injected time.
import { setImmediate as turn } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { attach, task, type Longshore } from "longshore";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { parseTarget, type ParsedRedisTarget } from "../../../src/engine/target.js";
import { startRedisServer } from "../../support/redis-server.js";

const QUEUES = ["a", "b", "c", "d", "e"];
const HOURS = 12;
const STEP = 5_000;
/** A day at rest, inner commands counted. */
const A_DAY = 17_000;
/** The pops of a day, which wait in real time: two a minute. */
const POPS = 2 * 60 * 24;

class Rest {
  readonly clock = new ManualClock();
  readonly redis: Redis;
  /** How many sweeps are under way. */
  sweeps = 0;

  constructor(url: string) {
    this.redis = new Redis(url);
    onTestFinished(() => this.redis.disconnect());
  }

  /** Lets hours pass, with everything that happens in them; answers how many commands that took. */
  async pass(hours: number, step = STEP): Promise<number> {
    const before = await this.#commands();
    for (let passed = 0; passed < hours * 3_600_000; passed += step) {
      // A sweep that time overtakes by more than a second does nothing, and is tried again.
      for (let within = 0; within < step; within += 1_000) {
        this.clock.advance(Math.min(1_000, step));
        while (this.sweeps > 0) await turn();
      }
      // Answers of the server lead to further commands.
      for (let answers = 0; answers < 4; answers += 1) {
        await turn();
        await this.redis.echo("step");
      }
    }
    return (await this.#commands()) - before;
  }

  async #commands(): Promise<number> {
    const lines = (await this.redis.info("commandstats")).matchAll(/cmdstat_(\S+):calls=(\d+)/g);
    let sum = 0;
    for (const [, name = "", calls] of lines) if (!["echo", "info", "blpop"].includes(name)) sum += Number(calls);
    return sum;
  }
}

/** A connection on a server of its own, whose clock is the test's. */
async function connectAtRest(): Promise<{ longshore: Longshore; rest: Rest; engine: RedisEngine }> {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const rest = new Rest(server.url);
  const target = parseTarget({ engine: "redis", url: server.url }) as ParsedRedisTarget;
  const engine = new RedisEngine(target, { clock: rest.clock });
  const sweep = engine.sweep.bind(engine);
  engine.sweep = async (params) => {
    rest.sweeps += 1;
    try {
      return await sweep(params);
    } finally {
      rest.sweeps -= 1;
    }
  };
  await engine.open();
  const longshore = attach(engine, { clock: rest.clock });
  onTestFinished(() => longshore.close());
  return { longshore, rest, engine };
}

describe.skipIf(!inject("canStartRedis"))("a worker at rest on five queues", () => {
  const work = task("work", () => "done");

  it("takes fewer than 17,000 commands a day, and looks at once when a job comes", async () => {
    const { longshore, rest } = await connectAtRest();
    await longshore.worker([work], { queues: QUEUES }).ready();
    // Queues that have had jobs, which are kept for a day, not empty ones.
    for (const queue of QUEUES) await (await longshore.enqueue(work, {}, { queue })).result();
    await rest.pass(1);
    const commands = await rest.pass(HOURS);
    expect(commands).toBeGreaterThan(0);
    expect((commands * 24) / HOURS + POPS).toBeLessThan(A_DAY);
    expect(await (await longshore.enqueue(work, {}, { queue: "c" })).result()).toBe("done");
  });

  it("removes bulk jobs in the hours after their time, though no worker has a session for their queue", async () => {
    const { longshore, rest } = await connectAtRest();
    const job = await longshore.bulk({ action: "cancel", filter: { queue: "a" } });
    await job.cancel();
    await longshore.worker([work], { queues: QUEUES }).ready();
    const ids = async (): Promise<string[]> =>
      (await longshore.jobs({ queue: job.queue }).page()).jobs.map(({ id }) => id);
    const step = 600_000;
    await rest.pass(7 * 24 - 1, step);
    expect(await ids()).toEqual([job.id]);

    // A worker looks every six hours or so.
    await rest.pass(8, step);
    expect(await ids()).toEqual([]);
  });

  it("removes what a worker that has stopped left behind, within a second of its time", async () => {
    const { longshore, rest, engine } = await connectAtRest();
    const removals = new Set<number | null>();
    const sweep = engine.sweep.bind(engine);
    engine.sweep = async (params) => {
      const answer = await sweep(params);
      removals.add(answer.nextRemoval);
      return answer;
    };
    await longshore.worker([work], { queues: QUEUES }).ready();
    await rest.pass(1 / 2);
    const other = longshore.worker([task("other", () => 1)], { queues: ["a"] });
    const job = await longshore.enqueue("other", {}, { queue: "a", keep: { completed: "1m" } });
    await expect.poll(async () => (await job.refresh()).state).toBe("completed");
    await other.stop();
    removals.clear();
    const due = ((await job.refresh()).finishedAt ?? 0) + 60_000;

    // Soon after the end of the other worker this one has looked, and knows what is due.
    await expect
      .poll(() => {
        if (rest.clock.now() < due - 30_000) rest.clock.advance(100);
        return removals.has(due);
      })
      .toBe(true);
    rest.clock.advance(due - 1 - rest.clock.now());
    expect(await longshore.job(job.id)).not.toBeNull();
    await expect
      .poll(async () => {
        if (rest.clock.now() < due + 1_000) rest.clock.advance(50);
        return longshore.job(job.id);
      })
      .toBeNull();
  });
});
