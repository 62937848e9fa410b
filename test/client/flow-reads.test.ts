// What a handle on a flow reads of its jobs: nothing that is long, in commands of hundreds of jobs each, on whatever engine.
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { connect, flow, task, type FlowJob, type Longshore } from "longshore";
import { startRedisServer, type RedisServer } from "../support/redis-server.js";

/** 1 GB of results with the 10,000 members that a flow may have: `LONGSHORE_FLOW=10000`. */
const MEMBERS = Number(process.env["LONGSHORE_FLOW"] ?? 1_000);
const LONG = 100_000;
/** Every so many a member fails. */
const FAILS = 10;
/** What there is of a job without its long fields, and of its link to the flow: encoding included. */
const MOST_OF_ONE = 600;
/** Scripts for a thousand members: 500 jobs are read in one, their links a thousand at a time. */
const MOST_CALLS_TO_READ = 3;
/** Scripts to retry a hundred of them, those of the messages between what is retried included: not one for each job. */
const MOST_CALLS_TO_RETRY = 6;
/** Scripts whatever the size of the flow. */
const MOST_CALLS = 10;

const long = task<number, string>("long", { attempts: 1 }, ({ input }) => {
  if (input % FAILS === 0) throw new Error("boom");
  return "x".repeat(LONG);
});
const wide = flow("wide", ($) => {
  for (let n = 1; n < MEMBERS; n += 1) $(long, n, { name: `n${n}`, optional: true });
  $(long, 0, { name: "last" });
});

let server: RedisServer;
let longshore: Longshore;
let redis: Redis;
let job: FlowJob;

async function costOf(
  what: string,
  read: () => Promise<unknown>,
): Promise<{ readonly bytes: number; readonly calls: number }> {
  await redis.config("RESETSTAT");
  await read();
  const [stats, commands] = [await redis.info("stats"), await redis.info("commandstats")];
  const bytes = Number(/total_net_output_bytes:(\d+)/.exec(stats)?.[1]);
  const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(commands)?.[1]);
  if (process.env["LONGSHORE_FLOW"] !== undefined) console.log(what, { bytes, calls });
  return { bytes, calls };
}

const thousands = MEMBERS / 1_000;

describe.skipIf(!inject("canStartRedis"))(`a handle on a flow of ${MEMBERS} jobs with results of ${LONG} bytes`, () => {
  beforeAll(async () => {
    server = await startRedisServer();
    redis = new Redis(server.url);
    longshore = await connect(server.url);
    const { id } = await longshore.enqueue(wide);
    await longshore.worker([long], { burst: true, concurrency: 50 }).finished;
    const found = await longshore.flow(id);
    if (found === null) throw new Error("the flow is gone");
    job = found;
  }, 600_000);

  afterAll(async () => {
    await longshore.close();
    redis.disconnect();
    await server.stop();
  });

  it.each(["progress", "graph", "members"] as const)("costs few bytes and commands for its %s", async (what) => {
    const { bytes, calls } = await costOf(what, () => job[what]());
    expect(bytes).toBeLessThan(MEMBERS * MOST_OF_ONE + 50_000);
    expect(calls).toBeLessThanOrEqual(MOST_CALLS + thousands * MOST_CALLS_TO_READ);
  });

  it("costs nothing of a payload to ask one job for its progress", async () => {
    const [member] = (await job.members()).filter(({ state }) => state === "completed");
    if (member === undefined) throw new Error("no member has ended");
    const one = longshore.queue(member.queue).job(member.id);

    expect((await costOf("progress of one", () => one.progress())).bytes).toBeLessThan(5_000);
    expect((await costOf("one", () => one.refresh())).bytes).toBeGreaterThan(LONG);
  });

  it("has its jobs without their long fields", async () => {
    const members = await job.members();

    expect(members).toHaveLength(MEMBERS);
    const done = members.find(({ state }) => state === "completed");
    expect(done).toMatchObject({ task: "long", lastWorker: expect.any(String) });
    for (const field of ["input", "result", "meta", "history", "failures"]) expect(done).not.toHaveProperty(field);
  });

  it("costs few bytes and commands to retry those that failed", async () => {
    const { bytes, calls } = await costOf("retry", () => job.retry());
    expect(bytes).toBeLessThan(MEMBERS * MOST_OF_ONE + 50_000);
    expect(calls).toBeLessThanOrEqual(MOST_CALLS + thousands * (MOST_CALLS_TO_READ + MOST_CALLS_TO_RETRY));
    const states = (await job.members()).map(({ state }) => state);
    expect(states.filter((state) => state === "queued")).toHaveLength(MEMBERS / FAILS);
  });
});
