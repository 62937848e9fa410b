/** Obliterating a queue: nothing of it is left, and a queue of that name starts as if there had been none. */
import assert from "node:assert/strict";
import type { Checkpoint } from "../../../../model/job/checkpoint.js";
import { MAIN, type Kit } from "../../kit/kit.js";
import { said } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";
import type { TestSession } from "../../kit/test-session.js";

/** What a run leaves. */
const CHECKPOINT: Checkpoint = {
  seq: 1,
  kind: "step",
  name: "s",
  key: null,
  value: "1",
  at: 1,
  took: 1,
  counters: null,
};

/** Fills a queue with everything a queue can have; answers a session that still holds a job of it. */
async function fill(kit: Kit): Promise<TestSession> {
  const rules = { age: 60_000, count: 5 };
  const common = { tags: ["user:42", "{braces}"], retention: { completed: rules, failed: rules } };
  await kit.engine.watch({ queue: MAIN, cursor: null, max: 1 });
  const dead = await kit.session({ ttl: 1_000 });
  await kit.addMany(3, common);
  await dead.claim(2);
  kit.advance(1_000);
  await kit.sweep();
  const session = await kit.session();
  await kit.addMany(4, { ...common, unique: null, priority: -3 });
  const [first, second, third] = await session.claim(3);
  assert.ok(first && second && third);
  for (const lease of [first, second, third]) await session.report(lease, { checkpoints: [CHECKPOINT] });
  await session.report(first, { meta: "{}", lines: [{ at: 0, level: "info", message: "x" }] });
  await session.complete(first, "1");
  await session.fail(second, null);
  await kit.add({ ...common, after: [{ queue: MAIN, id: second.id, ifFailed: "fail" }] });
  await kit.add({ ...common, after: [{ queue: MAIN, id: third.id, ifFailed: "continue" }] });
  const flow = await kit.add({ ...common, role: "flow" });
  const membership = { queue: MAIN, id: flow, node: "n", parent: null, weight: 1, ifFailed: "fail" } as const;
  await kit.add({ ...common, hold: true, flow: membership });
  await kit.engine.commitFlow({ queue: MAIN, id: flow, members: 1 });
  await kit.add({ ...common, hold: true, ttl: 90_000 });
  await kit.add({ ...common, due: { in: 5_000 } });
  for (const until of ["started", "finished", 5_000] as const) {
    await kit.add({ ...common, priority: 7, unique: { key: `k-${until}`, until, onConflict: "join" } });
  }
  await kit.control("cancel", await kit.add(common));
  await kit.addMany(2, { ...common, supersedes: "requirement-7" });
  await kit.engine.pause({ queue: MAIN });
  return session;
}

export const obliterate = scenarios("obliterate", [
  [
    "running-jobs-need-force",
    "a queue with running jobs is not obliterated without force, and nothing of it changes",
    async (kit) => {
      await kit.addMany(3);
      const session = await kit.session();
      const lease = await session.next();
      const before = await kit.engine.queues();
      assert.equal(await kit.engine.obliterate({ queue: MAIN, force: false }), false);
      assert.deepEqual(await kit.engine.queues(), before);
      assert.equal(await session.complete(lease), "applied");
    },
  ],
  [
    "without-running-jobs",
    "a queue in which nothing runs is obliterated",
    async (kit) => {
      const id = await kit.add();
      assert.equal(await kit.engine.obliterate({ queue: MAIN, force: false }), true);
      assert.equal(await kit.find(id), null);
      assert.deepEqual(await kit.engine.queues(), []);
      assert.deepEqual(await kit.list(), []);
      assert.deepEqual(await kit.engine.findJobs({ ids: [id] }), [null]);
    },
  ],
  [
    "force-takes-running-jobs",
    "with force, running jobs go with their queue",
    async (kit) => {
      await fill(kit);
      assert.equal(await kit.engine.obliterate({ queue: MAIN, force: true }), true);
      assert.deepEqual(await kit.engine.queues(), []);
      assert.deepEqual(await kit.list(), []);
      assert.deepEqual(new Set(Object.values(await kit.engine.tagTotals({ tag: "user:42" }))), new Set([0]));
    },
  ],
  [
    "nothing-left-of-queue",
    "no key and no row of an obliterated queue is left",
    async (kit) => {
      await fill(kit);
      assert.ok(kit.storage.leftovers);
      assert.notDeepEqual(await kit.storage.leftovers(), [], "there was something to remove");
      await kit.engine.obliterate({ queue: MAIN, force: true });
      assert.deepEqual(await kit.storage.leftovers(), []);
    },
    "leftovers",
  ],
  [
    "late-worker-brings-nothing-back",
    "nothing that a worker of an obliterated queue still does brings back a key or a row",
    async (kit) => {
      const session = await fill(kit);
      const held = { queue: MAIN, id: (await kit.list({ states: ["active"] }))[0] ?? "", epoch: 1 };
      await kit.engine.obliterate({ queue: MAIN, force: true });
      await session.heartbeat();
      await session.report(held, { progress: said(1, null) });
      await session.complete(held);
      await session.exchange([], {});
      await session.close();
      await kit.sweep();
      await kit.control("cancel", held);
      await kit.engine.logs(held);
      await kit.position(held.id);
      assert.ok(kit.storage.leftovers);
      assert.deepEqual(await kit.storage.leftovers(), []);
    },
    "leftovers",
  ],
  [
    "nothing-left-after-single-removals",
    "no key and no row is left of a queue whose jobs were all removed one by one",
    async (kit) => {
      await fill(kit);
      // What runs cannot be removed, nor a flow that has not ended.
      for (const id of await kit.list()) await kit.control("cancel", id);
      for (const id of await kit.list()) await kit.control("remove", id);
      assert.deepEqual(await kit.list(), []);
      await kit.engine.obliterate({ queue: MAIN, force: false });
      assert.ok(kit.storage.leftovers);
      assert.deepEqual(await kit.storage.leftovers(), []);
    },
    "leftovers",
  ],
  [
    "name-starts-afresh",
    "a queue of that name starts afresh: not paused, no counts, every id free",
    async (kit) => {
      await kit.add({ id: "mine", nonce: "n1" });
      await fill(kit);
      await kit.engine.obliterate({ queue: MAIN, force: true });
      await kit.add({ id: "mine", nonce: "n2", input: '"new"' });
      assert.deepEqual(await kit.list(), ["mine"]);
      const lease = await (await kit.session()).next();
      assert.deepEqual([lease.id, lease.body?.input, lease.attempt, lease.suspect], ["mine", '"new"', 1, false]);
    },
  ],
  [
    "other-queues-left-alone",
    "other queues are left alone",
    async (kit) => {
      const id = await kit.add({ queue: "other", tags: ["user:42"] });
      await fill(kit);
      await kit.engine.obliterate({ queue: MAIN, force: true });
      assert.deepEqual(await kit.list(), [id]);
      assert.equal((await kit.engine.tagTotals({ tag: "user:42" })).queued, 1);
    },
  ],
  [
    "queue-with-same-prefix",
    "a queue whose name starts with that of the obliterated one is left alone",
    async (kit) => {
      const ids = [await kit.add({ queue: "a:b" }), await kit.add({ queue: "ab" })];
      await kit.add({ queue: "a" });
      await kit.engine.obliterate({ queue: "a", force: false });
      assert.deepEqual(await kit.list(), ids);
    },
  ],
  [
    "2500-jobs",
    "a queue of 2,500 jobs is obliterated whole",
    async (kit) => {
      await kit.addMany(2_000, { tags: ["t"] });
      await kit.addMany(500, { priority: 1, due: { in: 5_000 } });
      assert.equal(await kit.engine.obliterate({ queue: MAIN, force: false }), true);
      assert.deepEqual(await kit.engine.queues(), []);
      assert.equal((await kit.engine.tagTotals({ tag: "t" })).queued, 0);
    },
  ],
]);
