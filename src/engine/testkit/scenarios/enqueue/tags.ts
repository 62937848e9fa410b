/** Totals for a tag: how many of its jobs are in each state, exact after every move. */
import assert from "node:assert/strict";
import { STATES, type JobState } from "../../../../model/job/state.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { reach } from "../../context/reach.js";
import { scenarios } from "../../context/scenario.js";

/** The states of the jobs with a tag that are counted at all. */
async function totals(
  context: ScenarioContext,
  tag: string,
  queue?: string,
): Promise<Partial<Record<JobState, number>>> {
  const counts = await context.engine.tagTotals({ tag, ...(queue === undefined ? {} : { queue }) });
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

export const tags = scenarios("tags", [
  [
    "unused-tag-counts-nothing",
    "a tag that no job has counts nothing, in all ten states",
    async (context) => {
      await context.add({ tags: ["some"] });
      const counts = await context.engine.tagTotals({ tag: "none" });
      assert.equal(Object.keys(counts).length, 10);
      assert.deepEqual(new Set(Object.values(counts)), new Set([0]));
    },
  ],
  [
    "counted-over-all-queues",
    "jobs of a tag are counted by state, over all queues",
    async (context) => {
      for (const state of STATES) await reach(context, state, { tags: ["user:42"] });
      await reach(context, "completed", { tags: ["user:42"] });
      assert.deepEqual(await totals(context, "user:42"), {
        blocked: 1,
        delayed: 1,
        queued: 1,
        active: 1,
        completed: 2,
        partial: 1,
        failed: 1,
        cancelled: 1,
        superseded: 1,
        expired: 1,
      });
    },
  ],
  [
    "counted-in-one-queue",
    "jobs of a tag are counted in one queue",
    async (context) => {
      await context.add({ queue: "a", tags: ["t"] });
      await context.add({ queue: "a", tags: ["t"], hold: true });
      await context.add({ queue: "b", tags: ["t"] });
      assert.deepEqual(await totals(context, "t", "a"), { queued: 1, blocked: 1 });
      assert.deepEqual(await totals(context, "t", "c"), {});
    },
  ],
  [
    "counted-under-each-tag",
    "a job is counted under each of its tags",
    async (context) => {
      await context.add({ tags: ["a", "b"] });
      await context.add({ tags: ["b"] });
      assert.deepEqual([await totals(context, "a"), await totals(context, "b")], [{ queued: 1 }, { queued: 2 }]);
    },
  ],
  [
    "totals-follow-life",
    "totals follow a job through its whole life",
    async (context) => {
      const id = await context.add({ tags: ["t"], hold: true, due: { in: 1_000 } });
      const session = await context.session({ ttl: 5_000 });
      assert.deepEqual(await totals(context, "t"), { blocked: 1 });
      await context.control("release", id);
      assert.deepEqual(await totals(context, "t"), { delayed: 1 });
      context.advance(1_000);
      await context.sweep();
      assert.deepEqual(await totals(context, "t"), { queued: 1 });
      const lease = await session.next();
      assert.deepEqual(await totals(context, "t"), { active: 1 });
      await session.fail(lease, 500);
      assert.deepEqual(await totals(context, "t"), { delayed: 1 });
      await context.control("promote", id);
      await session.next();
      context.advance(5_000);
      await context.sweep();
      assert.deepEqual(await totals(context, "t"), { queued: 1 });
      await context.control("cancel", id);
      assert.deepEqual(await totals(context, "t"), { cancelled: 1 });
      await context.control("retry", id);
      const last = await context.session();
      await last.complete(await last.next());
      assert.deepEqual(await totals(context, "t"), { completed: 1 });
      await context.control("remove", id);
      assert.deepEqual(await totals(context, "t"), {});
    },
  ],
  [
    "totals-follow-changed-tags",
    "totals follow the tags of a job when they are changed",
    async (context) => {
      const id = await context.add({ tags: ["old", "both"] });
      await context.update(id, { tags: ["both", "new"] });
      assert.deepEqual(
        [await totals(context, "old"), await totals(context, "both"), await totals(context, "new")],
        [{}, { queued: 1 }, { queued: 1 }],
      );
      await context.update(id, { tags: [] });
      assert.deepEqual([await totals(context, "both"), await totals(context, "new")], [{}, {}]);
      const session = await context.session();
      await session.complete(await session.next());
      assert.deepEqual(await totals(context, "new"), {});
    },
  ],
  [
    "totals-forget-retention",
    "totals forget what retention removes",
    async (context) => {
      const keep = { age: 1_000, count: null };
      await context.addMany(3, { tags: ["t"], retention: { completed: keep, failed: keep } });
      const session = await context.session();
      await session.complete(await session.next());
      await session.fail(await session.next(), null);
      context.advance(1_000);
      await context.sweep();
      assert.deepEqual(await totals(context, "t"), { queued: 1 });
    },
  ],
  [
    "totals-forget-obliterated-queue",
    "totals forget an obliterated queue and keep the others",
    async (context) => {
      await context.add({ queue: "a", tags: ["t"] });
      await context.add({ queue: "b", tags: ["t"] });
      await context.engine.obliterate({ queue: "a", force: false });
      assert.deepEqual(await totals(context, "t"), { queued: 1 });
    },
  ],
  [
    "totals-of-1200",
    "totals are right for 1,200 jobs that move together",
    async (context) => {
      await context.addMany(1_200, { tags: ["many", "more"] });
      const session = await context.session();
      await session.claimMany(700);
      assert.deepEqual(await totals(context, "many"), { queued: 500, active: 700 });
      await session.close();
      assert.deepEqual(await totals(context, "more", MAIN), { queued: 1_200 });
    },
  ],
]);
