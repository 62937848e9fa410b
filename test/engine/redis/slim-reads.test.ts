// Reads that ask for no payloads: what Redis replies to them does not grow with inputs and results, and what a call passes over
// on the way to the rest is bounded.
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const JOBS = 300;
const LONG = 100_000;
/** What there is of a job without its long fields, encoding included. */
const MOST_OF_ONE = 400;
/** How many bytes of jobs one call passes over: 16 times what it replies. */
const MOST_PASSED = 16 * 1024 * 1024;

let own: OwnRedis;
let redis: Redis;
let context: ScenarioContext;

interface Cost {
  readonly calls: number;
  readonly bytes: number;
  /** The hashes of long fields that were read. */
  readonly hashes: number;
}

async function costOf(read: () => Promise<unknown>): Promise<Cost> {
  await redis.config("RESETSTAT");
  await read();
  const [stats, commands] = [await redis.info("stats"), await redis.info("commandstats")];
  const count = (name: string): number => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(commands)?.[1] ?? 0);
  const bytes = Number(/total_net_output_bytes:(\d+)/.exec(stats)?.[1]);
  return { calls: count("evalsha"), bytes, hashes: count("hmget") };
}

describe.skipIf(!inject("canStartRedis"))(`of ${JOBS} jobs with payloads of ${LONG} bytes`, () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ redis, context } = own);
    const text = JSON.stringify("x".repeat(LONG));
    for (let added = 0; added < JOBS; added += 50) await context.addMany(50, { input: text, meta: `{"m":${text}}` });
    const session = await context.session();
    // A claim gives about a megabyte of inputs.
    for (let leases = await session.claim(50); leases.length > 0; leases = await session.claim(50)) {
      for (const lease of leases) await session.complete(lease, text);
    }
  }, 60_000);

  afterEach(() => own.close());

  it("a read that asks for none of them gets a few hundred bytes each, in a bounded number of calls", async () => {
    const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 500, fields: [] });
    const refs = jobs.map(({ queue, id }) => ({ queue, id }));
    expect(refs.length).toBe(JOBS);
    const most = Math.ceil((JOBS * LONG) / MOST_PASSED) + 1;
    for (const read of [
      () => context.engine.getJobs({ refs, fields: [] }),
      () => context.engine.findJobs({ ids: refs.map(({ id }) => id), fields: [] }),
      () =>
        context.engine.listJobs({
          filter: { queue: MAIN, states: ["completed"] },
          cursor: null,
          limit: 500,
          fields: [],
        }),
    ]) {
      const { calls, bytes } = await costOf(async () => read());
      expect(bytes).toBeLessThan(JOBS * MOST_OF_ONE + 20_000);
      expect(calls).toBeGreaterThanOrEqual(2);
      expect(calls).toBeLessThanOrEqual(most + 2);
    }
  });

  it("a read that asks for one of them touches no hash of the others", async () => {
    const refs = [{ queue: MAIN, id: (await context.list({}, 500))[0] ?? "" }];
    const none = await costOf(async () => context.engine.getJobs({ refs, fields: [] }));
    const result = await costOf(async () => context.engine.getJobs({ refs, fields: ["result"] }));
    const all = await costOf(async () => context.engine.getJobs({ refs }));

    expect([result.hashes - none.hashes, all.hashes - none.hashes]).toEqual([1, 3]);
    expect([Math.round(result.bytes / LONG), Math.round(all.bytes / LONG)]).toEqual([1, 3]);
  });
});
