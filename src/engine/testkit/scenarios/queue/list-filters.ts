/** Filters of listings, one by one and together, and that a listing says the same of a job as reading it does. */
import assert from "node:assert/strict";
import { plainFailure } from "../../../../model/failure/failure.js";
import { STATES } from "../../../../model/job/state.js";
import { MAIN } from "../../context/scenario-context.js";
import { reach } from "../../context/reach.js";
import { scenarios } from "../../context/scenario.js";

export const listFilters = scenarios("list", [
  [
    "filter-by-queue",
    "jobs are filtered by queue",
    async (context) => {
      await context.add({ queue: "a" });
      const id = await context.add({ queue: "b" });
      assert.deepEqual(await context.list({ queue: "b" }), [id]);
    },
  ],
  [
    "filter-by-states",
    "jobs are filtered by states, one or several",
    async (context) => {
      const ids = new Map<string, string>();
      for (const state of STATES) ids.set(state, (await reach(context, state)).ref.id);
      for (const state of STATES) {
        const id = ids.get(state);
        assert.deepEqual(await context.list({ states: [state] }), id === undefined ? [] : [id], state);
      }
      assert.equal((await context.list({ states: ["failed", "queued", "expired"] })).length, 3);
      assert.deepEqual(await context.list({ states: [] }), []);
    },
  ],
  [
    "filter-by-task",
    "jobs are filtered by task",
    async (context) => {
      await context.add({ task: "scan" });
      const id = await context.add({ task: "scan.deep" });
      assert.deepEqual(await context.list({ task: "scan.deep" }), [id]);
    },
  ],
  [
    "filter-by-tag",
    "jobs are filtered by tag, over queues and states",
    async (context) => {
      await context.add({ tags: ["user:4"] });
      const queued = await context.add({ tags: ["x", "user:42"] });
      const delayed = await context.add({ tags: ["user:42"], due: { in: 100 } });
      const elsewhere = await context.add({ queue: "other", tags: ["user:42"] });
      assert.deepEqual(await context.list({ tag: "user:42" }), [delayed, queued, elsewhere]);
      assert.deepEqual(await context.list({ tag: "user:42", queue: MAIN, states: ["queued"] }), [queued]);
    },
  ],
  [
    "filter-by-fingerprint",
    "jobs are filtered by the fingerprint of their last error",
    async (context) => {
      const ids = await context.addMany(3);
      const session = await context.session();
      const [a, b, c] = await session.claim(3);
      assert.ok(a && b && c);
      const timeout = plainFailure("Timeout", "after 10 s", "T");
      await session.fail(a, null, timeout);
      await session.fail(b, 5_000, timeout);
      await session.fail(c, null, plainFailure("Other", "x", "O"));
      assert.deepEqual(await context.list({ fingerprint: timeout.fingerprint }), [ids[1], ids[0]]);
    },
  ],
  [
    "filter-by-piece-of-id",
    "jobs are filtered by a piece of their id, taken to the letter",
    async (context) => {
      for (const id of ["job_1", "job-1", "xjob_1y", "JOB_1"]) await context.add({ id, nonce: "n" });
      assert.deepEqual(await context.list({ idContains: "job_1" }), ["job_1", "xjob_1y"]);
      assert.deepEqual(await context.list({ idContains: "%" }), []);
      assert.deepEqual(await context.list({ idContains: ".*" }), []);
    },
  ],
  [
    "filter-by-creation",
    "jobs are filtered by when they were created: from, included, to, excluded",
    async (context) => {
      const start = context.clock.now();
      const ids: string[] = [];
      for (let count = 0; count < 4; count += 1) {
        ids.push(await context.add());
        context.advance(10);
      }
      assert.deepEqual(await context.list({ createdFrom: start + 10, createdBefore: start + 30 }), [ids[1], ids[2]]);
    },
  ],
  [
    "filter-by-all-conditions",
    "all conditions of a filter must hold",
    async (context) => {
      await context.add({ task: "a", tags: ["t"] });
      await context.add({ task: "b" });
      const id = await context.add({ task: "b", tags: ["t"] });
      assert.deepEqual(await context.list({ task: "b", tag: "t", states: ["queued"], queue: MAIN, idContains: id }), [
        id,
      ]);
    },
  ],
  [
    "filter-that-few-match",
    "a filter that few jobs match finds them all, whatever the size of a page",
    async (context) => {
      const rare: string[] = [];
      for (let part = 0; part < 4; part += 1) {
        await context.addMany(120);
        rare.push(await context.add({ task: "rare" }));
      }
      assert.deepEqual(await context.list({ task: "rare" }, 3), rare);
    },
  ],
  [
    "same-as-read-one-by-one",
    "listed jobs are the same as jobs read one by one",
    async (context) => {
      for (const state of STATES) await reach(context, state, { tags: ["t"], meta: '{"m":1}' });
      const { jobs } = await context.engine.listJobs({ filter: {}, cursor: null, limit: 100 });
      assert.equal(jobs.length, STATES.length);
      const refs = jobs.map(({ queue, id }) => ({ queue, id }));
      assert.deepEqual(await context.engine.getJobs({ refs }), jobs);
    },
  ],
]);
