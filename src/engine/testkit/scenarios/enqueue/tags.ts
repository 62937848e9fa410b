/** Totals for a tag: how many of its jobs are in each state, right through every move. */
import assert from "node:assert/strict";
import type { JobState } from "../../../../model/job/state.js";
import { MAIN, type Kit } from "../../kit/kit.js";
import { REACHABLE_STATES, reach } from "../../kit/reach.js";
import { scenarios } from "../../kit/scenario.js";

/** The states of the jobs with a tag that are counted at all. */
async function totals(kit: Kit, tag: string, queue?: string): Promise<Partial<Record<JobState, number>>> {
  const counts = await kit.engine.tagTotals({ tag, ...(queue === undefined ? {} : { queue }) });
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

export const tags = scenarios("tags", [
  [
    "unused-tag-counts-nothing",
    "a tag that no job has counts nothing, in all ten states",
    async (kit) => {
      await kit.add({ tags: ["some"] });
      const counts = await kit.engine.tagTotals({ tag: "none" });
      assert.equal(Object.keys(counts).length, 10);
      assert.deepEqual(new Set(Object.values(counts)), new Set([0]));
    },
  ],
  [
    "counted-over-all-queues",
    "jobs of a tag are counted by state, over all queues",
    async (kit) => {
      for (const state of REACHABLE_STATES) await reach(kit, state, { tags: ["user:42"] });
      await reach(kit, "completed", { tags: ["user:42"] });
      assert.deepEqual(await totals(kit, "user:42"), {
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
    async (kit) => {
      await kit.add({ queue: "a", tags: ["t"] });
      await kit.add({ queue: "a", tags: ["t"], hold: true });
      await kit.add({ queue: "b", tags: ["t"] });
      assert.deepEqual(await totals(kit, "t", "a"), { queued: 1, blocked: 1 });
      assert.deepEqual(await totals(kit, "t", "c"), {});
    },
  ],
  [
    "counted-under-each-tag",
    "a job is counted under each of its tags",
    async (kit) => {
      await kit.add({ tags: ["a", "b"] });
      await kit.add({ tags: ["b"] });
      assert.deepEqual([await totals(kit, "a"), await totals(kit, "b")], [{ queued: 1 }, { queued: 2 }]);
    },
  ],
  [
    "totals-follow-life",
    "totals follow a job through its whole life",
    async (kit) => {
      const id = await kit.add({ tags: ["t"], hold: true, due: { in: 1_000 } });
      const session = await kit.session({ ttl: 5_000 });
      assert.deepEqual(await totals(kit, "t"), { blocked: 1 });
      await kit.control("release", id);
      assert.deepEqual(await totals(kit, "t"), { delayed: 1 });
      kit.advance(1_000);
      await kit.sweep();
      assert.deepEqual(await totals(kit, "t"), { queued: 1 });
      const lease = await session.next();
      assert.deepEqual(await totals(kit, "t"), { active: 1 });
      await session.fail(lease, 500);
      assert.deepEqual(await totals(kit, "t"), { delayed: 1 });
      await kit.control("promote", id);
      await session.next();
      kit.advance(5_000);
      await kit.sweep();
      assert.deepEqual(await totals(kit, "t"), { queued: 1 });
      await kit.control("cancel", id);
      assert.deepEqual(await totals(kit, "t"), { cancelled: 1 });
      await kit.control("retry", id);
      const last = await kit.session();
      await last.complete(await last.next());
      assert.deepEqual(await totals(kit, "t"), { completed: 1 });
      await kit.control("remove", id);
      assert.deepEqual(await totals(kit, "t"), {});
    },
  ],
  [
    "totals-follow-changed-tags",
    "totals follow the tags of a job when they are changed",
    async (kit) => {
      const id = await kit.add({ tags: ["old", "both"] });
      await kit.update(id, { tags: ["both", "new"] });
      assert.deepEqual(
        [await totals(kit, "old"), await totals(kit, "both"), await totals(kit, "new")],
        [{}, { queued: 1 }, { queued: 1 }],
      );
      await kit.update(id, { tags: [] });
      assert.deepEqual([await totals(kit, "both"), await totals(kit, "new")], [{}, {}]);
      const session = await kit.session();
      await session.complete(await session.next());
      assert.deepEqual(await totals(kit, "new"), {});
    },
  ],
  [
    "totals-forget-retention",
    "totals forget what retention removes",
    async (kit) => {
      const keep = { age: 1_000, count: null };
      await kit.addMany(3, { tags: ["t"], retention: { completed: keep, failed: keep } });
      const session = await kit.session();
      await session.complete(await session.next());
      await session.fail(await session.next(), null);
      kit.advance(1_000);
      await kit.sweep();
      assert.deepEqual(await totals(kit, "t"), { queued: 1 });
    },
  ],
  [
    "totals-forget-obliterated-queue",
    "totals forget an obliterated queue and keep the others",
    async (kit) => {
      await kit.add({ queue: "a", tags: ["t"] });
      await kit.add({ queue: "b", tags: ["t"] });
      await kit.engine.obliterate({ queue: "a", force: false });
      assert.deepEqual(await totals(kit, "t"), { queued: 1 });
    },
  ],
  [
    "totals-of-1200",
    "totals are right for 1,200 jobs that move together",
    async (kit) => {
      await kit.addMany(1_200, { tags: ["many", "more"] });
      const session = await kit.session();
      await session.claim(700);
      assert.deepEqual(await totals(kit, "many"), { queued: 500, active: 700 });
      await session.close();
      assert.deepEqual(await totals(kit, "more", MAIN), { queued: 1_200 });
    },
  ],
]);
