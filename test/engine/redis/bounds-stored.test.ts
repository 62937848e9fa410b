// What is stored, and not leased: 20,000 jobs of a kind that make a listing, a command or a sweep look at many entries. A
// call looks at a bounded number of them, and what nothing needs any more is given back. LONGSHORE_BOUNDS sets another number.
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import type { JobPage, Outcome } from "../../../src/engine/contract/engine.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { BOOM, settlement, type TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { MOST_EVENTS, WATCH_INTEREST } from "../../../src/model/job/event.js";
import type { JobFilter } from "../../../src/model/job/query/filter.js";
import { LONGEST_LOG_LINE, MOST_LOG_LINES } from "../../../src/model/job/report/log.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import type { RedisServer } from "../../support/redis-server.js";
import { RedisMonitor } from "../../support/redis-monitor.js";
import { WorkMeter, type ScriptWork } from "../../support/redis-work.js";
import { openOwnRedis, type OwnRedis } from "./redis-fixture.js";

const MANY = Number(process.env["LONGSHORE_BOUNDS"] ?? 20_000);
/** Bounds of what one script may look at, in three loops at most, and call. Unbounded it would be all entries. */
const MOST_ENTRIES = 7_000;
const MOST_COMMANDS = 10_000;
const DAY = 86_400_000;
const YEAR = { age: 365 * DAY, count: null };

let own: OwnRedis;
let server: RedisServer;
let redis: Redis;
let context: ScenarioContext;
let meter: WorkMeter;

describe.skipIf(!inject("canStartRedis"))(`of ${MANY} entries, a call looks at few`, () => {
  beforeEach(async () => {
    own = await openOwnRedis();
    ({ server, redis, context } = own);
    meter = await WorkMeter.on(server.url);
  });

  afterEach(async () => {
    meter.close();
    await own.close();
  });

  describe("jobs that have ended", () => {
    it("and were retried or removed, leave no entry where others fail", async () => {
      const session = await context.session({ ttl: DAY });
      const kept = await context.add({ retention: { completed: YEAR, failed: YEAR } });
      await session.fail(await session.next(), null);
      const id = await context.add();
      for (let times = 0; times < 200; times += 1) {
        await session.fail(await session.next(), null);
        await context.control("retry", id);
      }
      await session.fail(await session.next(), null);
      await context.control("remove", id);
      context.advance(9 * DAY);
      await sweepAll();

      expect(await entriesOf("done7")).toBe(1);
      expect(await context.list({ states: ["failed"] })).toEqual([kept]);
    });

    it("and were retried or removed, leave few entries where others are completed and kept", async () => {
      const session = await context.session({ ttl: DAY });
      const [first, id, long] = [
        await context.add(),
        await context.add(),
        await context.add({ retention: { completed: YEAR, failed: YEAR } }),
      ];
      for (const lease of await session.claim(3)) await session.complete(lease, '"kept"');
      const work: ScriptWork[] = [];
      for (let times = 0; times < 2_200; times += 1) {
        await context.control("retry", id);
        await session.complete(await session.next(), '"again"');
        if (times % 1_100 === 0) work.push(...(await sweepAll()));
      }
      work.push(...(await sweepAll()));

      expect(await entriesOf("done5")).toBeLessThanOrEqual(1_100);
      expect(await context.list({ states: ["completed"] })).toEqual([id, long, first]);
      expect((await context.job(first)).result).toBe('"kept"');
      expectBounded(work);
      context.advance(DAY);
      await sweepAll();
      expect(await context.list({ states: ["completed"] })).toEqual([long]);
      expect(await entriesOf("done5")).toBe(0);
      expect((await context.counts()).completed).toBe(1);
    });

    it("and are kept for longer, are not looked at again by a sweep, and keep no entry of those that are not", async () => {
      await addMany(() => ({ retention: { completed: YEAR, failed: YEAR } }));
      await endAll({ kind: "complete", result: null });
      await context.add();
      await endAll({ kind: "complete", result: null });
      context.advance(2 * DAY);
      const first = await sweepAll();
      const second = await sweepAll();

      expectBounded([...first, ...second]);
      expect(second.map(({ commands }) => commands < 50)).toEqual([true]);
      expect(await entriesOf("done5")).toBe(0);
      expect((await context.counts()).completed).toBe(MANY);
    });

    it.each([
      ["completed", { kind: "complete", result: null }, {}],
      [
        "completed, and kept for longer",
        { kind: "complete", result: null },
        { retention: { completed: YEAR, failed: YEAR } },
      ],
      ["failed", { kind: "fail", error: BOOM, retryIn: null }, {}],
    ] as const)("(%s) are listed page by page", async (_which, outcome, change) => {
      await addMany(() => change);
      await endAll(outcome);
      const states = [outcome.kind === "complete" ? "completed" : "failed"] as const;

      const listing = await listAll({ queue: MAIN, states });

      expect(listing.found).toHaveLength(MANY);
      expectPages(listing, 400);
    });

    it("and were retried, are passed by a listing of those that have not", async () => {
      const first = await context.add();
      await addMany(() => ({}));
      const last = await context.add();
      await endAll({ kind: "complete", result: null });
      const ids = await context.list({ states: ["completed"] }, 500);
      await context.engine.pause({ queue: MAIN });
      await controlAll(
        "retry",
        ids.filter((id) => id !== first && id !== last),
      );
      const { found, work } = await listAll({ queue: MAIN, states: ["completed"] });

      expect(found).toEqual([last, first]);
      expectBounded(work);
    });
  });

  describe("jobs that wait", () => {
    it("and took each other's place, give their entries back though an older one keeps waiting", async () => {
      await context.engine.pause({ queue: MAIN });
      const oldest = await context.add();
      const superseding = await addMany(() => ({ supersedes: "k" }));
      const newest = await context.add();

      expect((await entriesOf("wait")) + (await entriesOf("tombstones"))).toBeLessThan(4_000);
      const { found, work } = await listAll({ queue: MAIN, states: ["queued"] });
      expect(found).toEqual([oldest, superseding.at(-1), newest]);
      expectBounded(work);
      expect(await context.position(newest)).toBe(3);
      await context.engine.resume({ queue: MAIN });
      expect(await (await context.session()).claimIds(5)).toEqual(found);
    });

    it("and were cancelled behind others, give their entries back, and those before keep their order", async () => {
      const ids = await addMany(() => ({}));
      const kept = ids.filter((_id, n) => n < 1_200 || n % 50 === 0);
      const work = await controlAll(
        "cancel",
        ids.filter((id) => !kept.includes(id)),
      );

      expectBounded(work);
      expect(await entriesOf("tombstones")).toBeLessThan(MANY / 2);
      const session = await context.session();
      const first = (await session.claimMany(500)).map(({ id }) => id);
      await session.settle(await session.next(), { kind: "return" });
      expect([...first, ...(await context.list({ states: ["queued"] }, 500))]).toEqual(kept);
      expect([...first, ...(await drain(session))]).toEqual(kept);
    });

    it.each([
      ["delayed", { due: { in: DAY } }],
      ["blocked", { hold: true }],
      ["queued", { priority: 3 }],
      ["queued", {}],
    ] as const)("(%s, %j) at one time are listed page by page, and found in their place", async (state, change) => {
      const ids = await addMany(() => change);
      const { found, work, pages } = await listAll({ queue: MAIN, states: [state] });

      expect(found.toSorted()).toEqual(ids.toSorted());
      expectPages({ found, work, pages }, 400);
    });
  });

  it("dependents of one job learn in many calls that it is removed", async () => {
    const id = await context.add();
    await addMany(() => ({ queue: "other", after: [{ queue: MAIN, id, ifFailed: "continue" }] }));
    const params = { refs: [{ queue: MAIN, id }], op: "op" };
    const { scripts } = await meter.of([], async () => context.engine.remove(params));

    expect((await context.counts("other")).queued).toBe(MANY);
    expect(await entriesOf("dependents")).toBe(0);
    expectBounded(scripts);
    expect(Math.max(...scripts.map(({ bytes }) => bytes))).toBeLessThanOrEqual(120_000);
  });

  it("bytes of inputs and results are replied a few megabytes at a time, and counted in a page", async () => {
    meter.close(); // it would be sent all of it too
    const input = JSON.stringify("x".repeat(120_000));
    const ids: string[] = [];
    for (let part = 0; part < 10; part += 1) ids.push(...(await context.addMany(50, { input, tags: ["a:b"] })));
    const refs = ids.map((id) => ({ queue: MAIN, id }));
    const getting = await replies("evalsha", () => context.engine.getJobs({ refs }));
    const listing = await replies("evalsha", () => context.engine.listJobs({ filter: {}, cursor: null, limit: 500 }));
    const filter = { tag: "a:b" };
    const tagged = await replies("evalsha", () => context.engine.listJobs({ filter, cursor: null, limit: 20 }));

    expect(getting.answer.map((job) => job?.id)).toEqual(ids);
    expect(getting.bytes / getting.calls).toBeLessThan(3_000_000);
    expect(listing.answer.jobs.length).toBeLessThan(25);
    expect(listing.bytes).toBeLessThan(3_000_000);
    expect(tagged.answer.jobs.length).toBeLessThan(25);
    expect(tagged.bytes).toBeLessThan(3_000_000);
    expect(await context.list({}, 500)).toEqual(ids);
  });

  it("inputs are read of the jobs on a page alone, whether they are found by an index or by a search", async () => {
    const input = JSON.stringify("x".repeat(20_000));
    const long: string[] = [];
    for (let part = 0; part < 4; part += 1) long.push(...(await context.addMany(50, { input, tags: ["long"] })));
    const short: string[] = [];
    for (let part = 0; part < 5; part += 1) short.push(...(await context.addMany(500, { tags: ["short"] })));
    const list = (filter: JobFilter) => async (): Promise<string[]> => {
      const { jobs } = await context.engine.listJobs({ filter: { queue: MAIN, ...filter }, cursor: null, limit: 20 });
      return jobs.map(({ id }) => id);
    };
    const indexed = await storedJobsRead(list({ tag: "long" }));
    const searched = await storedJobsRead(list({ tag: "short" }));
    const named = await storedJobsRead(list({ idContains: short[0] ?? "" }));

    expect(indexed.answer).toEqual(long.slice(0, 20));
    expect(indexed.read).toBeLessThanOrEqual(50);
    expect(searched.answer).toEqual(short.slice(0, 20));
    expect(searched.read).toBeLessThanOrEqual(50);
    expect(named.answer).toEqual([short[0]]);
    expect(named.read).toBe(1);
    // They run, in their order, as all others do.
    const session = await context.session();
    expect((await session.claimMany(201)).map(({ id }) => id)).toEqual([...long, short[0]]);
  });

  it("queues are listed and searched in few round trips, and few at a time", async () => {
    const queues = Array.from({ length: 1_000 }, (_none, n) => `q${String(n).padStart(4, "0")}`);
    const ids: string[] = [];
    for (const [n, queue] of queues.entries()) ids.push(await context.add({ queue, hold: n % 2 === 0 }));
    await context.engine.cancel({ refs: [{ queue: "q0997", id: ids[997] ?? "" }], op: "op" });
    const none = await replies("evalsha", () => context.engine.findJobs({ ids: ["nowhere"] }));
    const cancelled = await listAll({ states: ["cancelled"] });

    expect(none.answer).toEqual([null]);
    expect(none.calls).toBeLessThanOrEqual(1_000);
    expect(cancelled.found).toEqual([ids[997]]);
    expect(cancelled.work.length).toBeLessThan(1_010);
    expect(cancelled.pages).toBeLessThanOrEqual(3);
    expect((await context.list({}, 500)).length).toBe(1_000);
  });

  it("events are kept up to a number, and go when they are not watched any more", async () => {
    const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
    await addMany(() => ({}));
    const key = (await context.storage.leftovers?.())?.find((one) => one.endsWith("}:events")) ?? "";
    const [oldest] = await redis.xrange(key, "-", "+", "COUNT", 1);
    const first = Number(oldest?.[1][1]);

    expect(MANY - first).toBeLessThan(MOST_EVENTS + 1_000);
    const ttl = await redis.pttl(key);
    expect([ttl > WATCH_INTEREST, ttl <= 2 * WATCH_INTEREST]).toEqual([true, true]);
    await redis.unlink(key);
    const { events, gap } = await context.engine.watch({ queue: MAIN, cursor, max: 10 });
    expect([events, gap]).toEqual([[], true]);
  });

  it("lines of a log are not written again for one more", async () => {
    await context.add();
    const session = await context.session();
    const lease = await session.next();
    const line = { at: 0, level: "info", message: "x".repeat(LONGEST_LOG_LINE) } as const;
    await session.report(lease, { lines: Array.from({ length: MOST_LOG_LINES }, () => line) });
    const { scripts } = await meter.of([], async () => session.report(lease, { lines: [line] }));

    expect(scripts.map(({ bytes }) => bytes < 55 * LONGEST_LOG_LINE)).toEqual([true]);
    await session.complete(lease);
    await context.control("remove", lease.id);
    expect(await entriesOf("log")).toBe(0);
  });
});

describe.skipIf(!inject("canStartRedis"))("a queue whose remover dies before it has notified the others", () => {
  it("notifies them with its next sweep", async () => {
    own = await openOwnRedis();
    ({ server, redis, context } = own);
    const id = await context.add();
    const dependent = await context.add({ queue: "other", after: [{ queue: MAIN, id, ifFailed: "continue" }] });
    const [prefix = ""] =
      /(?<={).*(?=\/)/.exec((await context.storage.leftovers?.())?.find((key) => key.includes("/")) ?? "") ?? [];
    await redis.acl("SETUSER", "default", "resetkeys", `~{${prefix}/${MAIN}}*`, `~{${prefix}}*`);
    expect(await context.engine.obliterate({ queue: MAIN, force: false })).toBe(true);
    await redis.acl("SETUSER", "default", "allkeys");
    expect(await context.state(dependent, "other")).toBe("blocked");
    await context.sweep();

    expect(await context.state(dependent, "other")).toBe("queued");
    expect((await context.storage.leftovers?.())?.filter((key) => key.includes(`/${MAIN}}`))).toEqual([]);
    await own.close();
  });
});

/** What a call is answered: how often a command was called for it, and how many bytes the server replied in all. */
async function replies<T>(
  command: string,
  call: () => Promise<T> | T,
): Promise<{ answer: T; calls: number; bytes: number }> {
  await call(); // sends the scripts
  const read = async (): Promise<[number, number]> => {
    const [stats, counts] = [await redis.info("stats"), await redis.info("commandstats")];
    const calls = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(counts)?.[1] ?? 0;
    return [Number(calls), Number(/total_net_output_bytes:(\d+)/.exec(stats)?.[1])];
  };
  const [calls, bytes] = await read();
  const answer = await call();
  const [after, total] = await read();
  return { answer, calls: after - calls, bytes: total - bytes };
}

/** How many stored jobs, with their inputs, scripts have read for a call. */
async function storedJobsRead<T>(call: () => Promise<T>): Promise<{ answer: T; read: number }> {
  let read = 0;
  let over = false;
  const monitor = await RedisMonitor.start(server.url, (heard) => {
    if (heard.source === "lua" && /^"hm?get" "[^"]*}:job"/i.test(heard.text)) read += heard.args.length - 2;
    if (/^"echo"/i.test(heard.text)) over = true;
  });
  const answer = await call();
  await redis.echo("end");
  await expect.poll(() => over).toBe(true);
  monitor.close();
  return { answer, read };
}

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

/** How many entries a structure of the queue has. */
async function entriesOf(name: string): Promise<number> {
  const key = (await context.storage.leftovers?.())?.find((one) => one.endsWith(`}:${name}`));
  if (key === undefined) return 0;
  const type = await redis.type(key);
  if (type === "list") return redis.llen(key);
  return type === "hash" ? redis.hlen(key) : redis.zcard(key);
}

/** Leases all jobs and ends them with this outcome. */
async function endAll(outcome: Outcome): Promise<void> {
  const session = await context.session({ ttl: 366 * DAY });
  for (let leases = await session.claim(500); leases.length > 0; leases = await session.claim(500)) {
    await session.exchange(leases.map((lease) => settlement(lease, outcome)));
  }
  await session.close();
}

/** Leases all jobs, in order. */
async function drain(session: TestSession): Promise<string[]> {
  const leased: string[] = [];
  for (let more = true; more;) {
    const answer = await session.exchange([], { max: 500 });
    leased.push(...answer.leases.map(({ id }) => id));
    ({ more } = answer);
  }
  return leased;
}

/** Sweeps as long as the answer says that there is more. */
async function sweepAll(): Promise<ScriptWork[]> {
  const work: ScriptWork[] = [];
  for (let more = true; more;) {
    const { answer, scripts } = await meter.of([], () => context.sweep(500));
    work.push(...scripts);
    ({ more } = answer);
  }
  return work;
}

async function controlAll(command: "cancel" | "retry", ids: readonly string[]): Promise<ScriptWork[]> {
  const work: ScriptWork[] = [];
  for (let from = 0; from < ids.length; from += 500) {
    const params = { refs: ids.slice(from, from + 500).map((id) => ({ queue: MAIN, id })), op: context.fresh("op") };
    const call = async (): Promise<unknown> =>
      command === "retry" ? context.retry(params) : context.engine[command](params);
    work.push(...(await meter.of([], call)).scripts);
  }
  return work;
}

interface Listing {
  readonly found: string[];
  readonly work: ScriptWork[];
  readonly pages: number;
}

/** The ids of a whole listing in pages of 50. */
async function listAll(filter: JobFilter): Promise<Listing> {
  const listing: Listing = { found: [], work: [], pages: 0 };
  let { pages } = listing;
  let cursor: string | null = null;
  do {
    const page: { filter: JobFilter; cursor: string | null; limit: number } = { filter, cursor, limit: 50 };
    const { answer, scripts } = await meter.of([], async (): Promise<JobPage> => context.engine.listJobs(page));
    listing.found.push(...answer.jobs.map(({ id }) => id));
    listing.work.push(...scripts);
    pages += 1;
    cursor = answer.cursor;
  } while (cursor !== null);
  return { ...listing, pages };
}

/** Expects every script to be short. */
function expectBounded(work: readonly ScriptWork[]): void {
  expect(Math.max(...work.map(({ entries }) => entries))).toBeLessThanOrEqual(MOST_ENTRIES);
  expect(Math.max(...work.map(({ commands }) => commands))).toBeLessThanOrEqual(MOST_COMMANDS);
}

/** Expects every page to cost about what it lists, wherever it is. */
function expectPages({ work, pages }: Listing, most: number): void {
  expect(pages).toBeLessThanOrEqual(MANY / 50 + 1);
  expect(Math.max(...work.map(({ entries }) => entries))).toBeLessThanOrEqual(most);
  expect(Math.max(...work.map(({ commands }) => commands))).toBeLessThanOrEqual(most);
}
