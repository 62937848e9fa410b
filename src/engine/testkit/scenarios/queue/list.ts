/** Listings: the same order on every engine, in pages of any size, and cursors that stay valid while jobs change. */
import assert from "node:assert/strict";
import type { ScenarioContext } from "../../context/scenario-context.js";
import { crash } from "../../context/lease-helpers.js";
import { scenarios } from "../../context/scenario.js";

/** Reads the first page, lets something happen, and reads the rest. */
async function around(context: ScenarioContext, limit: number, meanwhile: () => Promise<unknown>): Promise<string[]> {
  const first = await context.engine.listJobs({ filter: {}, cursor: null, limit });
  await meanwhile();
  const ids = first.jobs.map((job) => job.id);
  for (let { cursor } = first; cursor !== null;) {
    const page = await context.engine.listJobs({ filter: {}, cursor, limit });
    ids.push(...page.jobs.map((job) => job.id));
    ({ cursor } = page);
  }
  return ids;
}

export const list = scenarios("list", [
  [
    "nothing-to-list",
    "nothing is listed where there is nothing",
    async (context) => {
      assert.deepEqual(await context.engine.listJobs({ filter: {}, cursor: null, limit: 10 }), {
        jobs: [],
        cursor: null,
        looked: 0,
      });
      assert.deepEqual(await context.list({ queue: "nowhere" }), []);
    },
  ],
  [
    "queues-then-states",
    "queues come by name, and within a queue the states in their order",
    async (context) => {
      const wanted: string[] = [];
      for (const queue of ["a", "b"]) {
        const session = await context.session({ queues: [queue] });
        const done = await context.add({ queue });
        await session.complete(await session.next());
        const failed = await context.add({ queue });
        await session.fail(await session.next(), null);
        const active = await context.add({ queue });
        await session.next();
        const cancelled = await context.add({ queue });
        await context.control("cancel", { queue, id: cancelled });
        const queued = await context.add({ queue });
        const delayed = await context.add({ queue, due: { in: 9_000 } });
        const blocked = await context.add({ queue, hold: true });
        wanted.push(blocked, delayed, queued, active, done, failed, cancelled);
      }
      assert.deepEqual(await context.list(), wanted);
    },
  ],
  [
    "blocked-by-creation-delayed-by-due",
    "blocked jobs come by creation, delayed ones by due time",
    async (context) => {
      const held: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        held.push(await context.add({ hold: true }));
        context.advance(5);
      }
      const late = await context.add({ due: { in: 3_000 } });
      const early = await context.add({ due: { in: 1_000 } });
      assert.deepEqual(await context.list(), [...held, early, late]);
    },
  ],
  [
    "queued-as-they-will-run",
    "queued jobs come in the order in which they will run, suspects among them",
    async (context) => {
      const suspect = await context.add();
      await crash(context);
      const session = await context.session({ ttl: 1_000 });
      await session.next();
      const [a, b] = await context.addMany(2);
      context.advance(1_000);
      await context.sweep();
      const last = await context.add();
      const urgent = await context.add({ priority: -1 });
      const wanted = [urgent, a, b, suspect, last];
      assert.deepEqual(await context.list({ states: ["queued"] }), wanted);
      const next = await context.session();
      const ran: string[] = [];
      while (ran.length < wanted.length) ran.push((await next.next()).id);
      assert.deepEqual(ran, wanted);
    },
  ],
  [
    "active-by-lease",
    "active jobs come as they were leased, those of one claim by id, in pages of any size",
    async (context) => {
      for (const id of ["f", "e", "d", "c"]) await context.add({ id, nonce: "n" });
      for (const id of ["b", "a"]) await context.add({ id, nonce: "n", tags: ["tag"] });
      const session = await context.session();
      await session.claim(3);
      const [c] = await session.claim(2);
      await session.claim(1);
      assert.deepEqual(await context.list(), ["d", "e", "f", "b", "c", "a"]);
      for (const limit of [1, 2, 4]) assert.deepEqual(await context.list({}, limit), ["d", "e", "f", "b", "c", "a"]);
      assert.ok(c);
      // A job that is given a record of its own meanwhile keeps its place.
      await session.report(c, { meta: "{}" });
      assert.deepEqual(await context.list({}, 2), ["d", "e", "f", "b", "c", "a"]);
    },
  ],
  [
    "ended-latest-first",
    "jobs that ended come the latest first, even within a millisecond",
    async (context) => {
      const ids = await context.addMany(4);
      const session = await context.session();
      for (const lease of await session.claim(4)) await session.complete(lease);
      assert.deepEqual(await context.list(), ids.toReversed());
    },
  ],
  [
    "any-page-size",
    "a listing of 1,000 jobs is the same with pages of any size",
    async (context) => {
      await context.addMany(300, { queue: "a" });
      await context.addMany(300, { queue: "b", due: { in: 1_000 } });
      await context.addMany(400, { queue: "b" });
      const session = await context.session({ queues: ["b"] });
      for (const lease of await session.claim(50)) await session.complete(lease);
      const whole = await context.list({}, 5_000);
      assert.equal(whole.length, 1_000);
      assert.deepEqual(await context.list({}, 7), whole);
      assert.deepEqual(await context.list({}, 250), whole);
    },
  ],
  [
    "leased-between-pages",
    "jobs that are leased between two pages neither hide nor repeat the others",
    async (context) => {
      const ids = await context.addMany(10);
      const session = await context.session();
      const listed = await around(context, 4, () => session.claim(2));
      assert.deepEqual(listed.slice(0, 10), ids);
      assert.deepEqual(listed.slice(10).toSorted(), ids.slice(0, 2).toSorted());
    },
  ],
  [
    "added-between-pages",
    "jobs that are added between two pages neither hide nor repeat the others",
    async (context) => {
      const ids = await context.addMany(6);
      const listed = await around(context, 3, async () => {
        await context.addMany(2, { priority: -1 });
        await context.addMany(2, { hold: true });
      });
      assert.deepEqual(listed, ids);
    },
  ],
  [
    "removed-between-pages",
    "jobs that are removed between two pages neither hide nor repeat the others",
    async (context) => {
      const ids = await context.addMany(8);
      const listed = await around(context, 4, async () => {
        for (const index of [0, 1, 5]) await context.control("remove", ids[index] ?? "");
      });
      assert.deepEqual(
        listed,
        ids.filter((_id, index) => index !== 5),
      );
    },
  ],
  [
    "last-of-page-removed",
    "a page goes on where the one before ended though its last job is gone",
    async (context) => {
      const ids = await context.addMany(6);
      const listed = await around(context, 3, () => context.control("remove", ids[2] ?? ""));
      assert.deepEqual(listed, ids);
    },
  ],
  [
    "ended-between-pages",
    "jobs that end between two pages neither hide nor repeat those that had ended",
    async (context) => {
      const ids = await context.addMany(9);
      const session = await context.session();
      const leased = await session.claim(9);
      for (const lease of leased.slice(0, 6)) await session.complete(lease);
      const running = leased.slice(6);
      const listed = await around(context, 5, async () => {
        for (const lease of running) await session.complete(lease);
      });
      // Three that ran, then six that had ended, the latest first; what ended meanwhile stands before the cursor.
      const ended = ids.slice(0, 6).toReversed();
      assert.deepEqual(listed.slice(3), ended);
    },
  ],
  [
    "finished-removed-between-pages",
    "finished jobs that are removed between two pages neither hide nor repeat the others",
    async (context) => {
      const keep = { age: 1_000, count: null };
      const old = await context.addMany(4, { retention: { completed: keep, failed: keep } });
      const session = await context.session({ ttl: 60_000 });
      for (const lease of await session.claim(4)) await session.complete(lease);
      context.advance(900);
      const young = await context.addMany(4);
      for (const lease of await session.claim(4)) await session.complete(lease);
      const listed = await around(context, 3, async () => {
        context.advance(100);
        await context.sweep();
      });
      assert.deepEqual(listed, young.toReversed());
      assert.equal(await context.find(old[0] ?? ""), null);
    },
  ],
  [
    "foreign-cursor-refused",
    "a cursor that was not made by a listing is refused",
    async (context) => {
      await assert.rejects(
        async () => context.engine.listJobs({ filter: {}, cursor: "rubbish", limit: 10 }),
        (error: unknown) => error instanceof Error && error.name === "InvalidInput" && /cursor/.test(error.message),
      );
    },
  ],
]);
