/** Listings: the same order on every engine, filters, and cursors that jobs may move under. */
import assert from "node:assert/strict";
import { plainFailure } from "../../../../model/failure/failure.js";
import { STATES } from "../../../../model/job/state.js";
import { MAIN, type Kit } from "../../kit/kit.js";
import { REACHABLE_STATES, reach } from "../../kit/reach.js";
import { scenarios } from "../../kit/scenario.js";

/** Reads the first page, lets something happen, and reads the rest. */
async function around(kit: Kit, limit: number, meanwhile: () => Promise<unknown>): Promise<string[]> {
  const first = await kit.engine.listJobs({ filter: {}, cursor: null, limit });
  await meanwhile();
  const ids = first.jobs.map((job) => job.id);
  for (let { cursor } = first; cursor !== null;) {
    const page = await kit.engine.listJobs({ filter: {}, cursor, limit });
    ids.push(...page.jobs.map((job) => job.id));
    ({ cursor } = page);
  }
  return ids;
}

export const list = scenarios("list", [
  [
    "nothing-to-list",
    "nothing is listed where there is nothing",
    async (kit) => {
      assert.deepEqual(await kit.engine.listJobs({ filter: {}, cursor: null, limit: 10 }), { jobs: [], cursor: null });
      assert.deepEqual(await kit.list({ queue: "nowhere" }), []);
    },
  ],
  [
    "queues-then-states",
    "queues come by name, and within a queue the states in their order",
    async (kit) => {
      const wanted: string[] = [];
      for (const queue of ["a", "b"]) {
        const session = await kit.session({ queues: [queue] });
        const done = await kit.add({ queue });
        await session.complete(await session.next());
        const failed = await kit.add({ queue });
        await session.fail(await session.next(), null);
        const active = await kit.add({ queue });
        await session.next();
        const cancelled = await kit.add({ queue });
        await kit.control("cancel", { queue, id: cancelled });
        const queued = await kit.add({ queue });
        const delayed = await kit.add({ queue, due: { in: 9_000 } });
        const blocked = await kit.add({ queue, hold: true });
        wanted.push(blocked, delayed, queued, active, done, failed, cancelled);
      }
      assert.deepEqual(await kit.list(), wanted);
    },
  ],
  [
    "blocked-by-creation-delayed-by-due",
    "blocked jobs come by creation, delayed ones by due time",
    async (kit) => {
      const held: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        held.push(await kit.add({ hold: true }));
        kit.advance(5);
      }
      const late = await kit.add({ due: { in: 3_000 } });
      const early = await kit.add({ due: { in: 1_000 } });
      assert.deepEqual(await kit.list(), [...held, early, late]);
    },
  ],
  [
    "queued-as-they-will-run",
    "queued jobs come in the order in which they will run, suspects among them",
    async (kit) => {
      const session = await kit.session({ ttl: 1_000 });
      const suspect = await kit.add();
      await session.next();
      const [a, b] = await kit.addMany(2);
      kit.advance(1_000);
      await kit.sweep();
      const last = await kit.add();
      const urgent = await kit.add({ priority: -1 });
      const wanted = [urgent, a, b, suspect, last];
      assert.deepEqual(await kit.list({ states: ["queued"] }), wanted);
      const next = await kit.session();
      const ran: string[] = [];
      while (ran.length < wanted.length) ran.push((await next.next()).id);
      assert.deepEqual(ran, wanted);
    },
  ],
  [
    "active-by-id",
    "active jobs come by id",
    async (kit) => {
      for (const id of ["c", "a", "b"]) await kit.add({ id, nonce: "n" });
      await (await kit.session()).claim(3);
      assert.deepEqual(await kit.list(), ["a", "b", "c"]);
    },
  ],
  [
    "ended-latest-first",
    "jobs that ended come the latest first, even within a millisecond",
    async (kit) => {
      const ids = await kit.addMany(4);
      const session = await kit.session();
      for (const lease of await session.claim(4)) await session.complete(lease);
      assert.deepEqual(await kit.list(), ids.toReversed());
    },
  ],
  [
    "any-page-size",
    "a listing of 1,000 jobs is the same with pages of any size",
    async (kit) => {
      await kit.addMany(300, { queue: "a" });
      await kit.addMany(300, { queue: "b", due: { in: 1_000 } });
      await kit.addMany(400, { queue: "b" });
      const session = await kit.session({ queues: ["b"] });
      for (const lease of await session.claim(50)) await session.complete(lease);
      const whole = await kit.list({}, 5_000);
      assert.equal(whole.length, 1_000);
      assert.deepEqual(await kit.list({}, 7), whole);
      assert.deepEqual(await kit.list({}, 250), whole);
    },
  ],
  [
    "filter-by-queue",
    "jobs are filtered by queue",
    async (kit) => {
      await kit.add({ queue: "a" });
      const id = await kit.add({ queue: "b" });
      assert.deepEqual(await kit.list({ queue: "b" }), [id]);
    },
  ],
  [
    "filter-by-states",
    "jobs are filtered by states, one or several",
    async (kit) => {
      const ids = new Map<string, string>();
      for (const state of REACHABLE_STATES) ids.set(state, (await reach(kit, state)).ref.id);
      for (const state of STATES) {
        const id = ids.get(state);
        assert.deepEqual(await kit.list({ states: [state] }), id === undefined ? [] : [id], state);
      }
      assert.equal((await kit.list({ states: ["failed", "queued", "expired"] })).length, 3);
      assert.deepEqual(await kit.list({ states: [] }), []);
    },
  ],
  [
    "filter-by-task",
    "jobs are filtered by task",
    async (kit) => {
      await kit.add({ task: "scan" });
      const id = await kit.add({ task: "scan.deep" });
      assert.deepEqual(await kit.list({ task: "scan.deep" }), [id]);
    },
  ],
  [
    "filter-by-tag",
    "jobs are filtered by tag, over queues and states",
    async (kit) => {
      await kit.add({ tags: ["user:4"] });
      const queued = await kit.add({ tags: ["x", "user:42"] });
      const delayed = await kit.add({ tags: ["user:42"], due: { in: 100 } });
      const elsewhere = await kit.add({ queue: "other", tags: ["user:42"] });
      assert.deepEqual(await kit.list({ tag: "user:42" }), [delayed, queued, elsewhere]);
      assert.deepEqual(await kit.list({ tag: "user:42", queue: MAIN, states: ["queued"] }), [queued]);
    },
  ],
  [
    "filter-by-fingerprint",
    "jobs are filtered by the fingerprint of their last error",
    async (kit) => {
      const ids = await kit.addMany(3);
      const session = await kit.session();
      const [a, b, c] = await session.claim(3);
      assert.ok(a && b && c);
      const timeout = plainFailure("Timeout", "after 10 s", "T");
      await session.fail(a, null, timeout);
      await session.fail(b, 5_000, timeout);
      await session.fail(c, null, plainFailure("Other", "x", "O"));
      assert.deepEqual(await kit.list({ fingerprint: timeout.fingerprint }), [ids[1], ids[0]]);
    },
  ],
  [
    "filter-by-piece-of-id",
    "jobs are filtered by a piece of their id, taken to the letter",
    async (kit) => {
      for (const id of ["job_1", "job-1", "xjob_1y", "JOB_1"]) await kit.add({ id, nonce: "n" });
      assert.deepEqual(await kit.list({ idContains: "job_1" }), ["job_1", "xjob_1y"]);
      assert.deepEqual(await kit.list({ idContains: "%" }), []);
      assert.deepEqual(await kit.list({ idContains: ".*" }), []);
    },
  ],
  [
    "filter-by-creation",
    "jobs are filtered by when they were created: from, included, to, excluded",
    async (kit) => {
      const start = kit.clock.now();
      const ids: string[] = [];
      for (let count = 0; count < 4; count += 1) {
        ids.push(await kit.add());
        kit.advance(10);
      }
      assert.deepEqual(await kit.list({ createdFrom: start + 10, createdBefore: start + 30 }), [ids[1], ids[2]]);
    },
  ],
  [
    "filter-by-all-conditions",
    "all conditions of a filter must hold",
    async (kit) => {
      await kit.add({ task: "a", tags: ["t"] });
      await kit.add({ task: "b" });
      const id = await kit.add({ task: "b", tags: ["t"] });
      assert.deepEqual(await kit.list({ task: "b", tag: "t", states: ["queued"], queue: MAIN, idContains: id }), [id]);
    },
  ],
  [
    "filter-that-few-match",
    "a filter that few jobs match finds them all, whatever the size of a page",
    async (kit) => {
      const rare: string[] = [];
      for (let part = 0; part < 4; part += 1) {
        await kit.addMany(120);
        rare.push(await kit.add({ task: "rare" }));
      }
      assert.deepEqual(await kit.list({ task: "rare" }, 3), rare);
    },
  ],
  [
    "same-as-read-one-by-one",
    "listed jobs are the same as jobs read one by one",
    async (kit) => {
      for (const state of REACHABLE_STATES) await reach(kit, state, { tags: ["t"], meta: '{"m":1}' });
      const { jobs } = await kit.engine.listJobs({ filter: {}, cursor: null, limit: 100 });
      assert.equal(jobs.length, REACHABLE_STATES.length);
      const refs = jobs.map(({ queue, id }) => ({ queue, id }));
      assert.deepEqual(await kit.engine.getJobs({ refs }), jobs);
    },
  ],
  [
    "leased-between-pages",
    "jobs that are leased between two pages neither hide nor repeat the others",
    async (kit) => {
      const ids = await kit.addMany(10);
      const session = await kit.session();
      const listed = await around(kit, 4, () => session.claim(2));
      assert.deepEqual(listed.slice(0, 10), ids);
      assert.deepEqual(listed.slice(10).toSorted(), ids.slice(0, 2).toSorted());
    },
  ],
  [
    "added-between-pages",
    "jobs that are added between two pages neither hide nor repeat the others",
    async (kit) => {
      const ids = await kit.addMany(6);
      const listed = await around(kit, 3, async () => {
        await kit.addMany(2, { priority: -1 });
        await kit.addMany(2, { hold: true });
      });
      assert.deepEqual(listed, ids);
    },
  ],
  [
    "removed-between-pages",
    "jobs that are removed between two pages neither hide nor repeat the others",
    async (kit) => {
      const ids = await kit.addMany(8);
      const listed = await around(kit, 4, async () => {
        for (const index of [0, 1, 5]) await kit.control("remove", ids[index] ?? "");
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
    async (kit) => {
      const ids = await kit.addMany(6);
      const listed = await around(kit, 3, () => kit.control("remove", ids[2] ?? ""));
      assert.deepEqual(listed, ids);
    },
  ],
  [
    "ended-between-pages",
    "jobs that end between two pages neither hide nor repeat those that had ended",
    async (kit) => {
      const ids = await kit.addMany(9);
      const session = await kit.session();
      const leased = await session.claim(9);
      for (const lease of leased.slice(0, 6)) await session.complete(lease);
      const running = leased.slice(6);
      const listed = await around(kit, 5, async () => {
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
    async (kit) => {
      const keep = { age: 1_000, count: null };
      const old = await kit.addMany(4, { retention: { completed: keep, failed: keep } });
      const session = await kit.session({ ttl: 60_000 });
      for (const lease of await session.claim(4)) await session.complete(lease);
      kit.advance(900);
      const young = await kit.addMany(4);
      for (const lease of await session.claim(4)) await session.complete(lease);
      const listed = await around(kit, 3, async () => {
        kit.advance(100);
        await kit.sweep();
      });
      assert.deepEqual(listed, young.toReversed());
      assert.equal(await kit.find(old[0] ?? ""), null);
    },
  ],
  [
    "foreign-cursor-refused",
    "a cursor that was not made by a listing is refused",
    async (kit) => {
      await assert.rejects(
        async () => kit.engine.listJobs({ filter: {}, cursor: "rubbish", limit: 10 }),
        (error: unknown) => error instanceof Error && error.name === "InvalidInput" && /cursor/.test(error.message),
      );
    },
  ],
]);
