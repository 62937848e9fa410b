// While a script runs the server does nothing else. So a call looks at a bounded number of entries and answers that there is
// more. Counted on 20,000 entries of each kind, or as many as LONGSHORE_BOUNDS says; enough calls do all of the work.
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import type { Outcome } from "../../../src/engine/contract/engine.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { BOOM, settlement, type TestSession } from "../../../src/engine/testkit/context/test-session.js";
import type { RedisServer } from "../../support/redis-server.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const MANY = Number(process.env["LONGSHORE_BOUNDS"] ?? 20_000);
/** Bounds of what one script may read, in three loops at most, and call. Unbounded it would be the 20,000, several times. */
const MOST_ENTRIES = 7_000;
const MOST_COMMANDS = 10_000;
const DAY = 86_400_000;

let own: OwnRedis;
let server: RedisServer;
let redis: Redis;
let context: ScenarioContext;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))(`${MANY} entries in the way`, () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ server, redis, context } = own);
    meter = await WorkMeter.on(server.url);
  });

  afterEach(async () => {
    meter.close();
    await own.close();
  });

  describe("of a line", () => {
    it.each([
      ["of many priorities", 1, (n: number) => (n % 100) + 1, 200],
      ["of one priority", 50, () => 7, 7],
      ["of priorities before and after the default", 50, (n: number) => (n % 2) - 1, 1],
      ["of the default priority", 1, () => 0, 0],
    ])("whose ttl is over are passed: jobs %s, by claims of %i", async (_which, max, priorityOf, priority) => {
      await addMany((n) => ({ priority: priorityOf(n), ttl: 1_000 }));
      const id = await context.add({ priority });
      context.advance(1_000);
      const { leased, work } = await claimAll(await context.session(), max);

      expect(leased).toEqual([id]);
      expect((await context.counts()).expired).toBe(MANY);
      expectBounded(work, MANY / 2_000);
    });

    it("that were cancelled are passed", async () => {
      const ids = await addMany(() => ({}));
      const last = await context.add();
      for (let from = 1; from < MANY; from += 500) {
        const refs = ids.slice(from, from + 500).map((id) => ({ queue: MAIN, id }));
        await context.engine.cancel({ refs, op: context.fresh("op") });
      }
      const { leased, work } = await claimAll(await context.session(), 1);

      expect(leased).toEqual([ids[0], last]);
      expectBounded(work, 1);
    });
  });

  it("do not let a claim take what stands behind them before its turn", async () => {
    await addMany(() => ({ priority: -1, ttl: 1_000 }));
    const first = await context.add({ priority: -1 });
    const second = await context.add();
    context.advance(1_000);
    const { leased } = await claimAll(await context.session(), 5);

    expect(leased).toEqual([first, second]);
  });

  describe("of sessions that have expired", () => {
    it.each([
      ["with a few jobs each, in their first run", 400, {}],
      ["with a few jobs each that are out of the ordinary", 400, { tags: ["a"] }],
      ["with all jobs in one of them", 1, { tags: ["a"] }],
      ["with as many that hold batches", 40, {}],
    ])("(%s) are recovered once, and living sessions keep theirs", async (_which, sessions, change) => {
      await addMany(() => change);
      const each = MANY / sessions;
      for (let count = 0; count < sessions; count += 1) {
        const session = await context.session({ ttl: 1_000 });
        for (let taken = 0; taken < each; taken += 500) await session.claimMany(Math.min(500, each - taken));
      }
      const kept = await context.addMany(50, change);
      const living = await context.session({ ttl: DAY });
      await living.claim(50);
      context.advance(1_000);
      const { done, work } = await sweepAll("recovered");

      expect(done).toBe(MANY);
      expect((await context.engine.workers()).map(({ session, running }) => [session, running])).toEqual([
        [living.id, 50],
      ]);
      expect((await context.list({ states: ["active"] })).toSorted()).toEqual(kept.toSorted());
      const { jobs } = await context.engine.listJobs({
        filter: { queue: MAIN, states: ["queued"] },
        cursor: null,
        limit: 500,
      });
      expect(new Set(jobs.map(({ crashes }) => crashes))).toEqual(new Set([1]));
      expectBounded(work, MANY / 500);
    });

    it("with leases that were taken from them, leave nothing behind", async () => {
      const { id } = await context.session({ ttl: 1_000 });
      const leases = Array.from({ length: MANY }, (_none, n) => [0, `${id}\0job-${n} 1 c`]).flat();
      await redis.zadd((await keyOf("sessions")).replace(/sessions$/, "revoked"), ...leases);
      context.advance(1_000);
      const { work } = await sweepAll("recovered");

      expect(await context.engine.workers()).toEqual([]);
      expect(await context.storage.leftovers?.()).toEqual([expect.stringMatching(/:queues$/)]);
      expectBounded(work, MANY / 2_000);
    });

    it("and hold nothing, are forgotten", async () => {
      await context.session({ ttl: 1_000 });
      const members = Array.from({ length: MANY }, (_none, n) => [context.clock.now(), `worker/${n}`]).flat();
      await redis.zadd(await keyOf("sessions"), ...members);
      context.advance(1_000);
      const { work } = await sweepAll("recovered");

      expect(await redis.exists(await keyOf("sessions").catch(() => "none"))).toBe(0);
      expectBounded(work, MANY / 500);
    });
  });

  describe("of finished jobs", () => {
    it("that are kept for longer are passed once, and what is due behind them goes", async () => {
      const year = { age: 365 * DAY, count: null };
      await addMany(() => ({ retention: { completed: year, failed: year } }));
      const usual = await context.add();
      await endAll({ kind: "complete", result: null });
      context.advance(2 * DAY);
      const { done, work } = await sweepAll("removed");

      expect(done).toBe(1);
      expect(await context.find(usual)).toBeNull();
      expect((await context.counts()).completed).toBe(MANY);
      expectBounded(work, MANY / 2_000);
    });

    it("that were retried since are passed once, and what is due behind them goes", async () => {
      const ids = await addMany(() => ({}));
      await endAll({ kind: "fail", error: BOOM, retryIn: null });
      for (let from = 0; from < MANY; from += 500) {
        const refs = ids.slice(from, from + 500).map((id) => ({ queue: MAIN, id }));
        await context.retry({ refs, op: context.fresh("op") });
      }
      await context.engine.pause({ queue: MAIN });
      const usual = await context.add({ hold: true });
      await context.control("cancel", usual);
      context.advance(8 * DAY);
      const { work } = await sweepAll("removed");

      expect(await context.find(usual)).toBeNull();
      expect((await context.counts()).queued).toBe(MANY);
      expectBounded(work, 1);
    });
  });
});

/** Enqueues the many jobs. */
async function addMany(change: (n: number) => Partial<JobSpec>): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < MANY; from += 500) {
    const jobs = Array.from({ length: 500 }, (_none, index) => context.spec(change(from + index)));
    await context.engine.enqueue({ jobs });
    ids.push(...jobs.map(({ id }) => id));
  }
  return ids;
}

async function keyOf(name: string): Promise<string> {
  const [key] = (await context.storage.leftovers?.())?.filter((one) => one.endsWith(`}:${name}`)) ?? [];
  if (key === undefined) throw new Error(`there is no ${name}`);
  return key;
}

/** The keys of leases, which scripts could read whole. */
async function held(): Promise<string[]> {
  return (await context.storage.leftovers?.())?.filter((key) => /:(held|leases)$/.test(key)) ?? [];
}

/** Leases all jobs and ends them with this outcome. */
async function endAll(outcome: Outcome): Promise<void> {
  const session = await context.session({ ttl: 366 * DAY });
  for (let leases = await session.claim(500); leases.length > 0; leases = await session.claim(500)) {
    await session.exchange(leases.map((lease) => settlement(lease, outcome)));
  }
}

/** Claims as long as the answer says that there is more. */
async function claimAll(session: TestSession, max: number): Promise<{ leased: string[]; work: ScriptWork[] }> {
  const leased: string[] = [];
  const work: ScriptWork[] = [];
  for (let more = true; more;) {
    const { answer, scripts } = await meter.of(await held(), () => session.exchange([], { max }));
    leased.push(...answer.leases.map(({ id }) => id));
    work.push(...scripts);
    ({ more } = answer);
  }
  return { leased, work };
}

/** Sweeps as long as the answer says that there is more. */
async function sweepAll(kind: "recovered" | "removed"): Promise<{ done: number; work: ScriptWork[] }> {
  let done = 0;
  const work: ScriptWork[] = [];
  for (let more = true; more;) {
    const { answer, scripts } = await meter.of(await held(), () => context.sweep(500));
    done += answer[kind];
    work.push(...scripts);
    ({ more } = answer);
  }
  return { done, work };
}

/** Expects every script to be short, and more than one to be needed. */
function expectBounded(work: readonly ScriptWork[], atLeast: number): void {
  expect(Math.max(...work.map(({ entries }) => entries))).toBeLessThanOrEqual(MOST_ENTRIES);
  expect(Math.max(...work.map(({ commands }) => commands))).toBeLessThanOrEqual(MOST_COMMANDS);
  expect(work.length).toBeGreaterThanOrEqual(atLeast);
}
