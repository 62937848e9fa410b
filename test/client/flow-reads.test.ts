// What a handle on a flow reads of its jobs: nothing that is long, in commands of hundreds of jobs each, on whatever engine.
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { connect, flow, task, type FlowJob, type Longshore } from "longshore";
import { startRedisServer, type RedisServer } from "../support/redis-server.js";

const MEMBERS = 300;
const LONG = 100_000;
/** What there is of a job without its long fields, and of its link to the flow: encoding included. */
const MOST_OF_ONE = 1_000;
/** So many scripts, those of the messages between what is retried included: not one for each job. */
const MOST_CALLS = 15;

const long = task<number, string>("long", {}, () => "x".repeat(LONG));
const failing = task("failing", { attempts: 1 }, (): string => {
  throw new Error("boom");
});
const wide = flow("wide", ($) => {
  for (let n = 0; n < MEMBERS - 1; n += 1) $(long, n, { name: `n${n}` });
  return { last: $(failing, undefined, { name: "last" }) };
});

let server: RedisServer;
let longshore: Longshore;
let redis: Redis;
let job: FlowJob;

async function costOf(read: () => Promise<unknown>): Promise<{ readonly bytes: number; readonly calls: number }> {
  await redis.config("RESETSTAT");
  await read();
  const [stats, commands] = [await redis.info("stats"), await redis.info("commandstats")];
  const bytes = Number(/total_net_output_bytes:(\d+)/.exec(stats)?.[1]);
  return { bytes, calls: Number(/cmdstat_evalsha:calls=(\d+)/.exec(commands)?.[1]) };
}

describe.skipIf(!inject("canStartRedis"))(`a handle on a flow of ${MEMBERS} jobs with results of ${LONG} bytes`, () => {
  beforeEach(async () => {
    server = await startRedisServer();
    redis = new Redis(server.url);
    longshore = await connect(server.url);
    const { id } = await longshore.enqueue(wide);
    await longshore.worker([long, failing], { burst: true, concurrency: 50 }).finished;
    const found = await longshore.flow(id);
    if (found === null) throw new Error("the flow is gone");
    job = found;
  }, 60_000);

  afterEach(async () => {
    await longshore.close();
    redis.disconnect();
    await server.stop();
  });

  it("costs few bytes and calls for its progress, its graph, its jobs, and to retry what failed", async () => {
    expect((await job.progress()).done).toBe(MEMBERS);
    expect((await job.members()).length).toBe(MEMBERS);
    for (const read of [() => job.progress(), () => job.graph(), () => job.members(), () => job.retry()]) {
      const { bytes, calls } = await costOf(read);
      expect(bytes).toBeLessThan(MEMBERS * MOST_OF_ONE + 50_000);
      expect(calls).toBeLessThanOrEqual(MOST_CALLS);
    }
  });

  it("costs nothing of a payload to ask one job for its progress", async () => {
    const [member] = (await job.members()).filter(({ state }) => state === "completed");
    if (member === undefined) throw new Error("no member has ended");
    const one = longshore.queue(member.queue).job(member.id);

    expect((await costOf(() => one.progress())).bytes).toBeLessThan(5_000);
    expect((await costOf(() => one.refresh())).bytes).toBeGreaterThan(LONG);
  });

  it("has its jobs without their long fields", async () => {
    const [member] = await job.members();

    expect(member).toMatchObject({ task: "long", state: "completed", lastWorker: expect.any(String) });
    for (const field of ["input", "result", "meta", "history", "failures"]) expect(member).not.toHaveProperty(field);
  });
});
