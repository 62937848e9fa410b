// What concerns one active job, one session or one page looks at few entries, however many jobs are active: 20,000 here, as
// many as LONGSHORE_BOUNDS says when it is set. Counted, not timed.
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { HeldPage } from "../../../src/engine/contract/engine.js";
import { encodeCursor } from "../../../src/engine/shared/listing-order.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import type { TestSession } from "../../../src/engine/testkit/context/test-session.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import type { RedisServer } from "../../support/redis-server.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const MANY = Number(process.env["LONGSHORE_BOUNDS"] ?? 20_000);
/** How many jobs a session leases at once. */
const AT_ONCE = 10;
const DAY = 86_400_000;
/** How many jobs one sweep changes. */
const SWEPT = 100;

/** Jobs of the two kinds of leases: those in batches, and those with a record of their own. */
const KINDS: readonly (readonly [string, Partial<JobSpec>])[] = [
  ["in batches", {}],
  ["with records of their own", { tags: ["a"] }],
];

let own: OwnRedis;
let server: RedisServer;
let redis: Redis;
let context: ScenarioContext;

async function open(): Promise<void> {
  own = await openOwnRedis();
  ({ server, redis, context } = own);
}

const close = (): Promise<void> => own.close();

/** Enqueues all the jobs. */
async function addMany(change: Partial<JobSpec>): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < MANY; from += 500) ids.push(...(await context.addMany(500, change)));
  return ids;
}

/** The scripts that a call ran. */
async function workOf<T>(call: () => Promise<T>): Promise<{ answer: T; work: ScriptWork[] }> {
  const hashes = (await context.storage.leftovers?.())?.filter((key) => /:(held|leases|running|workers)$/.test(key));
  const meter = await WorkMeter.on(server.url);
  const { answer, scripts } = await meter.of(hashes ?? [], call);
  meter.close();
  return { answer, work: scripts };
}

/** How many bytes the server has sent so far, and how many it sends to answer this. */
async function sent(): Promise<[bytes: number, ofThis: number]> {
  const info = await redis.info("stats");
  return [Number(/total_net_output_bytes:(\d+)/.exec(info)?.[1]), Buffer.byteLength(info)];
}

/** How many bytes the server answered to a call. */
async function bytesOf(call: () => Promise<unknown>): Promise<number> {
  const [before, asked] = await sent();
  await call();
  const [after] = await sent();
  return after - before - asked;
}

function expectWithin(work: readonly ScriptWork[], most: Omit<ScriptWork, "bytes">): void {
  expect(work.length).toBeGreaterThan(0);
  expect(Math.max(...work.map(({ commands }) => commands))).toBeLessThanOrEqual(most.commands);
  expect(Math.max(...work.map(({ entries }) => entries))).toBeLessThanOrEqual(most.entries);
}

describe.skipIf(!inject("canStartRedis"))("with 20,000 active jobs", () => {
  describe.each(KINDS)("%s", (_kind, change) => {
    let ids: string[];
    let holder: TestSession;
    let other: TestSession;
    const middle = MANY / 2;

    beforeAll(async () => {
      await open();
      ids = await addMany(change);
      holder = await context.session({ ttl: DAY });
      other = await context.session({ ttl: DAY });
      for (let count = AT_ONCE; count < MANY; count += AT_ONCE) await holder.claim(AT_ONCE);
      await other.claim(AT_ONCE);
    });
    afterAll(close);

    const one = (): { queue: string; id: string } => ({ queue: MAIN, id: ids[middle] ?? "" });

    it.each<[string, () => Promise<unknown>, unknown]>([
      ["read", async () => (await context.job(one().id)).state, "active"],
      ["asked for its place in line", () => context.position(one().id), null],
    ])("one of them is %s", async (_what, ask, wanted) => {
      const { answer, work } = await workOf(ask);

      expect(answer).toBe(wanted);
      expectWithin(work, { commands: 20, entries: 5 });
      expect(await bytesOf(ask)).toBeLessThan(2_000);
    });

    it("they are counted, and those of each session", async () => {
      const { answer, work } = await workOf(() => context.counts());
      const workers = await workOf(async () => context.engine.workers());

      expect(answer.active).toBe(MANY);
      expect(workers.answer.map(({ session, running }) => [session, running])).toEqual([
        [holder.id, MANY - AT_ONCE],
        [other.id, AT_ONCE],
      ]);
      expectWithin(work, { commands: 30, entries: 5 });
      expectWithin(workers.work, { commands: 10, entries: 200 });
    });

    it("a page in the middle of them is listed", async () => {
      const key = [middle / AT_ONCE + 1, ids[middle] ?? ""] as const;
      const cursor = encodeCursor({ queue: MAIN, state: "active", key });
      const list = async (): Promise<string[]> => {
        const page = await context.engine.listJobs({ filter: { queue: MAIN, states: ["active"] }, cursor, limit: 50 });
        return page.jobs.map(({ id }) => id);
      };
      const { answer, work } = await workOf(list);

      expect(answer).toEqual(ids.slice(middle + 1, middle + 51));
      expectWithin(work, { commands: 100, entries: 400 });
      expect(await bytesOf(list)).toBeLessThan(20_000);
    });

    it("its worker is given a command, takes it with a heartbeat and acknowledges it", async () => {
      const slots = Array.from({ length: 50 }, (_none, n) => ({ queue: MAIN, id: ids[n] ?? "", task: "t", since: 0 }));
      const status = { at: 0, clockAhead: null, rss: 1, heap: 1, cpu: 1, loopDelay: 0, busy: 50, slots, suspended: [] };
      const given = await workOf(() => holder.command("quiet", "op"));
      const taken = await workOf(() => holder.heartbeat(DAY, { status }));
      const acknowledged = await workOf(() => holder.heartbeat(DAY, { status, acknowledges: "op" }));

      expect(taken.answer.command).toEqual({ command: "quiet", op: "op" });
      expect(acknowledged.answer.command).toBeUndefined();
      expectWithin(given.work, { commands: 10, entries: 5 });
      expectWithin([...taken.work, ...acknowledged.work], { commands: 10, entries: 2_000 });
    });

    it("one is cancelled, and its session is notified by the next heartbeat", async () => {
      const ref = { queue: MAIN, id: ids[middle + 1] ?? "" };
      const { answer, work } = await workOf(() => context.control("cancel", ref));
      const beat = await workOf(() => holder.heartbeat());

      expect(answer.outcome).toBe("applied");
      expect(beat.answer.revoked.map(({ id }) => id)).toEqual([ref.id]);
      expect((await context.counts()).active).toBe(MANY - 1);
      expectWithin(work, { commands: 50, entries: 550 });
      expectWithin(beat.work, { commands: 5, entries: 2_000 });
    });

    it("500 are cancelled in five calls that write many at once", async () => {
      const refs = ids.slice(0, 500).map((id) => ({ queue: MAIN, id }));
      const { answer, work } = await workOf(async () => context.engine.cancel({ refs, op: context.fresh("op") }));

      expect(new Set(answer.map(({ outcome }) => outcome))).toEqual(new Set(["applied"]));
      expect(work).toHaveLength(5);
      expectWithin(work, { commands: 400, entries: 600 });
    });

    it("one session's leases are audited in pages that say where to go on", async () => {
      const held: string[] = [];
      let pages = 0;
      for (let cursor: string | null = null; ;) {
        const from: string | null = cursor;
        const { answer, work }: { answer: HeldPage; work: ScriptWork[] } = await workOf(async () =>
          context.engine.held({ session: other.id, queue: MAIN, cursor: from }),
        );
        held.push(...answer.leases.map(({ id }) => id));
        pages += 1;
        expectWithin(work, { commands: 100, entries: 3_000 });
        ({ cursor } = answer);
        if (cursor === null) break;
      }

      expect(held.toSorted()).toEqual(ids.slice(MANY - AT_ONCE).toSorted());
      expect(pages).toBeLessThanOrEqual(MANY / 1_000 + 1);
    });

    it("a session that holds none of them is audited and closed as if there were none", async () => {
      const idle = await context.session();
      const audit = await workOf(async () => context.engine.held({ session: idle.id, queue: MAIN, cursor: null }));
      const { work } = await workOf(() => idle.close());

      expect(audit.answer).toEqual({ leases: [], cursor: null });
      expectWithin([...audit.work, ...work], { commands: 20, entries: 5 });
    });

    it("a session that holds nearly all of them is closed, and they return in the order of their leases", async () => {
      const { work } = await workOf(() => holder.close());

      expect((await context.counts()).active).toBe(AT_ONCE);
      expectWithin(work, { commands: 1_300, entries: 3_000 });
      const { jobs } = await context.engine.listJobs({
        filter: { queue: MAIN, states: ["queued"] },
        cursor: null,
        limit: 100,
      });
      expect(jobs.map(({ id }) => id)).toEqual(ids.slice(500, 600));
    });
  });

  it.each(KINDS)(
    "%s, a thousand that one holds, are handed back in their order when their session is closed",
    async (_kind, change) => {
      await open();
      const ids = [...(await context.addMany(500, change)), ...(await context.addMany(500, change))];
      const holder = await context.session({ ttl: DAY });
      for (let times = 0; times < 2; times += 1) await holder.claimMany(500);
      const { work } = await workOf(() => holder.close());

      const page = { filter: { queue: MAIN }, cursor: null, limit: 1_000 };
      expect((await context.engine.listJobs(page)).jobs.map(({ id }) => id)).toEqual(ids);
      expect(work.length).toBeGreaterThanOrEqual(10);
      expectWithin(work, { commands: 1_300, entries: 3_000 });
      await close();
    },
  );

  describe.each(KINDS)("%s, ten of each session", (_kind, change) => {
    beforeAll(open);
    afterAll(close);

    it("those of sessions that have died are recovered some at a time, in the order of their leases", async () => {
      const ids = await addMany(change);
      for (let count = 0; count < MANY; count += AT_ONCE) {
        await (await context.session({ ttl: 1_000 })).claim(AT_ONCE);
        context.advance(1);
      }
      context.advance(1_000);
      let recovered = 0;
      const { work } = await workOf(async () => {
        for (let more = true; more;) {
          const answer = await context.sweep(SWEPT);
          recovered += answer.recovered;
          ({ more } = answer);
        }
      });

      expect(recovered).toBe(MANY);
      expect(work.length).toBeGreaterThanOrEqual(MANY / SWEPT);
      expectWithin(work, { commands: 1_800, entries: 7_000 });
      expect(await context.engine.workers()).toEqual([]);
      const { active, queued } = await context.counts();
      expect([active, queued]).toEqual([0, MANY]);
      const { jobs } = await context.engine.listJobs({
        filter: { queue: MAIN, states: ["queued"] },
        cursor: null,
        limit: 100,
      });
      expect(jobs.map(({ id }) => id)).toEqual(ids.slice(0, 100));
    });
  });
});
