// A transaction keeps its process, and all others from the file. So it changes a bounded number of rows, whatever a command has
// to do: the rest is done in transactions after it. `LONGSHORE_BOUNDS=1000000` tries it with more.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Checkpoint } from "../../../src/model/job/report/checkpoint.js";
import type { JobSpec } from "../../../src/model/job/job.js";
import { loadDriver } from "../../../src/engine/sqlite/database/driver.js";
import { ScenarioContext, MAIN } from "../../../src/engine/testkit/context/scenario-context.js";
import { BOOM } from "../../../src/engine/testkit/context/test-session.js";
import { sqliteStorage } from "./sqlite-storage.js";
import { TransactionMeter } from "./transaction-meter.js";

const MANY = Number(process.env["LONGSHORE_BOUNDS"] ?? 20_000);
/** A flow has no more members than this. */
const MEMBERS = Math.min(MANY, 9_990);
/**
 * What one transaction may change: 2,000 rows of an obliterated queue, or of its flows with a message each, or 250 messages of a
 * few rows each, or 500 jobs with three tags. Unbounded it would be the 20,000, several times.
 */
const MOST_ROWS = 4_100;
/** A claim promotes 500 jobs, and expires 200, of three rows each. */
const MOST_CLAIMED = 1_200;

let storage: ReturnType<typeof sqliteStorage>;
let context: ScenarioContext;
let meter: TransactionMeter;

beforeEach(async () => {
  storage = sqliteStorage();
  context = await ScenarioContext.create(storage);
  meter = TransactionMeter.begin();
});

afterEach(async () => {
  meter.end();
  await context.dispose();
});

/** Enqueues jobs, 500 a call, all calls at once; answers their ids. */
async function addMany(count: number, change: (index: number) => Partial<JobSpec>): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, index) => context.spec(change(index)));
  const calls = Array.from({ length: Math.ceil(count / 500) }, (_, call) => jobs.slice(call * 500, (call + 1) * 500));
  await Promise.all(calls.map(async (part) => context.engine.enqueue({ jobs: part })));
  return jobs.map(({ id }) => id);
}

/** A flow of many members, all held. */
async function addFlow(queue = MAIN): Promise<string> {
  const id = await context.add({ role: "flow" });
  const flow = { queue: MAIN, id, node: "n", parent: null, weight: 1, ifFailed: "fail" } as const;
  await addMany(MEMBERS, () => ({ queue, hold: true, flow }));
  return id;
}

/** The checkpoint of a step. */
function step(seq: number): Checkpoint {
  return { seq, kind: "step", name: `s${seq}`, key: null, value: "1", at: 0, took: 1, counters: null };
}

/** The command took several transactions, none of which changed too much. */
function expectBounded(least: number, most = MOST_ROWS): void {
  const rows = meter.take();
  expect(Math.max(...rows)).toBeLessThanOrEqual(most);
  expect(rows.length).toBeGreaterThanOrEqual(least);
}

describe("a transaction changes a bounded number of rows", () => {
  it("when a flow begins, is cancelled, queued again and removed", { timeout: 240_000 }, async () => {
    const id = await addFlow();
    expectBounded(MEMBERS / 500);
    await context.engine.commitFlow({ queue: MAIN, id, members: MEMBERS });
    expectBounded(MEMBERS / 250);
    await context.control("cancel", id);
    expectBounded(MEMBERS / 250);
    await context.control("retry", id);
    expectBounded(MEMBERS / 250);
    await context.control("cancel", id);
    meter.take();
    await context.control("remove", id);
    expectBounded(MEMBERS / 250);

    expect((await context.counts()).cancelled).toBe(MEMBERS);
  });

  it("when the queue of a flow with members in another one is obliterated", { timeout: 240_000 }, async () => {
    const id = await addFlow("other");
    await context.engine.commitFlow({ queue: MAIN, id, members: MEMBERS });
    meter.take();
    await context.engine.obliterate({ queue: MAIN, force: true });
    expectBounded(MEMBERS / 250);

    expect((await context.counts("other")).cancelled).toBe(MEMBERS);
  });

  it("when a job that many wait for is removed", { timeout: 240_000 }, async () => {
    const id = await context.add();
    await addMany(MANY, () => ({ after: [{ queue: MAIN, id, ifFailed: "cancel" }] }));
    meter.take();
    await context.control("remove", id);
    expectBounded(MANY / 250);

    expect((await context.counts()).cancelled).toBe(MANY);
  });

  it(
    "when the ends of many jobs wait to be added up, each of another task and minute",
    { timeout: 240_000 },
    async () => {
      await context.add();
      const database = (await loadDriver())(storage.path, { timeout: 5_000 });
      const insert = database.prepare("INSERT INTO tallies (queue, number, minute, ends) VALUES (1, ?, ?, ?)");
      const minute = Math.floor(context.clock.now() / 60_000);
      database.exec("BEGIN");
      for (let number = 1; number <= MANY / 10; number += 1) {
        const lines = Array.from({ length: 10 }, (_, line) => [
          `task-${number % 90}-${line}`,
          "c",
          1,
          5,
          5,
          2,
          1,
          34,
          1,
        ]);
        insert.run(number, minute - (number % 1_400), JSON.stringify(lines));
      }
      database.exec("COMMIT");
      database.close();
      meter.take();
      await context.sweep();
      expectBounded(1);
      const totals = await context.engine.totals({});
      expectBounded(MANY / 1_000 - 2);

      expect(totals.reduce((sum, { figures }) => sum + figures.count, 0)).toBe(MANY);
      expect(totals).toHaveLength(65);
    },
  );

  it("when jobs are enqueued in many calls at once, and their queue is obliterated", { timeout: 240_000 }, async () => {
    await addMany(MANY, (index) => ({ tags: ["a:1", "b:2", `c:${index}`], input: `"${"x".repeat(1_200)}"` }));
    expectBounded(MANY / 500);
    await context.engine.obliterate({ queue: MAIN, force: true });
    expectBounded(MANY / 500);

    expect((await storage.leftovers?.())?.length).toBe(0);
  });

  it(
    "when many have expired: in sweeps, and in the exchange that finds them at the head",
    { timeout: 240_000 },
    async () => {
      await addMany(MANY, () => ({ ttl: 1_000 }));
      const last = await context.add();
      const session = await context.session({ ttl: 3_600_000 });
      context.advance(1_000);
      meter.take();
      await context.sweep(MANY / 2);
      expectBounded(MANY / 2 / 200);
      while ((await session.claimIds(1)).length === 0);
      expectBounded(MANY / 2 / 1_000);

      expect(await context.counts()).toMatchObject({ expired: MANY, active: 1 });
      expect(await context.state(last)).toBe("active");
    },
  );

  it.each([1, 500])(
    "when many have expired or are due in many queues, and a worker of all of them claims %i at a time",
    { timeout: 240_000 },
    async (max) => {
      const queues = Array.from({ length: 20 }, (_, index) => `queue-${index}`);
      const each = Math.ceil(MANY / queues.length);
      for (const queue of queues) {
        await addMany(each, (index) => ({ queue, ttl: 1_000, priority: index % 7 }));
        await addMany(each, () => ({ queue, due: { in: 1_000 }, ttl: 500 }));
      }
      const last = await context.add({ queue: "queue-19" });
      const session = await context.session({ queues, ttl: 3_600_000 });
      context.advance(2_000);
      meter.take();
      const leased: string[] = [];
      for (let more = true; more;) {
        const answer = await session.exchange([], { max });
        leased.push(...answer.leases.map(({ id }) => id));
        more = answer.more || (answer.nextDue ?? Infinity) <= context.clock.now();
      }
      expectBounded((2 * MANY) / 1_000, MOST_CLAIMED);

      expect(leased).toEqual([last]);
    },
  );

  it("when a session closes that holds many jobs", { timeout: 240_000 }, async () => {
    const ids = await addMany(MANY, () => ({ tags: ["a:1"] }));
    const session = await context.session();
    for (let claimed = 0; claimed < MANY; claimed += 500) await session.claim(500);
    meter.take();
    await session.close();
    expectBounded(MANY / 250);

    expect(await context.counts()).toMatchObject({ active: 0, queued: MANY });
    expect(await context.list({ states: ["queued"] }, 500)).toEqual(ids);
  });

  it.each(["removes", "sweeps"])(
    "when someone %s jobs with long logs and many runs and checkpoints",
    { timeout: 240_000 },
    async (verb) => {
      const [jobs, runs] = [MANY / 2_000, 20];
      const retention = { completed: { age: 0, count: null }, failed: { age: 0, count: null } };
      const ids = await addMany(jobs, () => ({ attempts: runs + 1, ...(verb === "sweeps" && { retention }) }));
      const session = await context.session({ ttl: 3_600_000 });
      const line = { at: 0, level: "info", message: "x".repeat(100) } as const;
      const [lines, steps] = [1_000, 980];
      for (let run = 0; run <= runs; run += 1) {
        for (const lease of await session.claim(jobs)) {
          if (run < runs) {
            await session.settle(lease, { kind: "fail", error: BOOM, retryIn: 0 });
            continue;
          }
          const checkpoints = Array.from({ length: steps }, (_, index) => step(index + 1));
          await session.report(lease, { lines: Array.from({ length: lines }, () => line), checkpoints });
          await session.complete(lease);
        }
        context.advance(1);
      }
      meter.take();
      if (verb === "sweeps") await context.sweep(500);
      else await context.engine.remove({ refs: ids.map((id) => ({ queue: MAIN, id })), op: "o" });
      expectBounded(MANY / 2_000);

      expect(
        (await storage.leftovers?.())?.filter((row) => /^(?:jobs|logs|attempts|checkpoints|obliterated) /.test(row)),
      ).toEqual([]);
    },
  );

  it.each(["begin anew", "get other inputs"])(
    "when jobs with many checkpoints %s: their next runs find their own alone",
    { timeout: 240_000 },
    async (what) => {
      const ids = await addMany(MANY / 1_000, () => ({ attempts: 2 }));
      const session = await context.session({ ttl: 3_600_000 });
      for (const lease of await session.claim(ids.length)) {
        // The first has nearly as many as a job may.
        const count = lease.id === ids[0] ? 9_800 : 980;
        for (let from = 1; from <= count; from += 490) {
          await session.report(lease, { checkpoints: Array.from({ length: 490 }, (_, index) => step(from + index)) });
        }
        await session.settle(lease, { kind: "fail", error: BOOM, retryIn: what === "begin anew" ? null : 0 });
      }
      const refs = ids.map((id) => ({ queue: MAIN, id }));
      meter.take();
      if (what === "begin anew") await context.engine.retry({ refs, op: "o", fromStart: true });
      else await context.engine.update({ refs, op: "o", patch: { input: "2" } });
      // Those of the first alone are ten times what one transaction may remove.
      expectBounded(5);

      const leases = await session.claim(ids.length);
      expect(leases.map(({ checkpoints }) => checkpoints)).toEqual(ids.map(() => false));
      for (const lease of leases) await session.report(lease, { checkpoints: [{ ...step(1), value: "2" }, step(2)] });
      expect(await context.engine.checkpoints(refs[0] ?? { queue: MAIN, id: "" })).toEqual([
        { ...step(1), value: "2" },
        step(2),
      ]);
      expect((await storage.leftovers?.())?.filter((row) => row.startsWith("stale_checkpoints "))).toEqual([]);
    },
  );

  it("when the sessions of many jobs are dead", { timeout: 240_000 }, async () => {
    await addMany(MANY, () => ({}));
    const session = await context.session({ ttl: 1_000 });
    for (let claimed = 0; claimed < MANY; claimed += 500) await session.claim(500);
    context.advance(60_000);
    meter.take();
    await context.sweep(MANY);
    expectBounded(MANY / 200);

    expect(await context.counts()).toMatchObject({ active: 0, queued: MANY });
  });
});
