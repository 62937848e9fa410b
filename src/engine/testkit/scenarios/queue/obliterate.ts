/** Obliterating a queue: nothing of it is left, and a queue of that name starts as if there had been none. */
import assert from "node:assert/strict";
import type { Checkpoint } from "../../../../model/job/report/checkpoint.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { TestSession } from "../../context/test-session.js";

/** The checkpoints of a run. */
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
async function fill(context: ScenarioContext): Promise<TestSession> {
  const rules = { age: 60_000, count: 5 };
  const common = { tags: ["user:42", "{braces}"], retention: { completed: rules, failed: rules } };
  await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
  const dead = await context.session({ ttl: 1_000 });
  await context.addMany(3, common);
  await dead.claim(2);
  context.advance(1_000);
  await context.sweep();
  const session = await context.session();
  await context.addMany(4, { ...common, unique: null, priority: -3 });
  const [first, second, third] = await session.claim(3);
  assert.ok(first && second && third);
  for (const lease of [first, second, third]) await session.report(lease, { checkpoints: [CHECKPOINT] });
  await session.report(first, { meta: "{}", lines: [{ at: 0, level: "info", message: "x" }] });
  await session.complete(first, "1");
  await session.fail(second, null);
  await context.add({ ...common, after: [{ queue: MAIN, id: second.id, ifFailed: "fail" }] });
  await context.add({ ...common, after: [{ queue: MAIN, id: third.id, ifFailed: "continue" }] });
  const flow = await context.add({ ...common, role: "flow" });
  const membership = { queue: MAIN, id: flow, node: "n", parent: null, weight: 1, ifFailed: "fail" } as const;
  await context.add({ ...common, hold: true, flow: membership });
  await context.engine.commitFlow({ queue: MAIN, id: flow, members: 1 });
  await context.add({ ...common, hold: true, ttl: 90_000 });
  await context.add({ ...common, due: { in: 5_000 } });
  for (const until of ["started", "finished", 5_000] as const) {
    await context.add({ ...common, priority: 7, unique: { key: `k-${until}`, until, onConflict: "join" } });
  }
  await context.control("cancel", await context.add(common));
  await context.addMany(2, { ...common, supersedes: "requirement-7" });
  await context.engine.pause({ queue: MAIN });
  return session;
}

export const obliterate = scenarios("obliterate", [
  [
    "running-jobs-need-force",
    "a queue with running jobs is not obliterated without force, and nothing of it changes",
    async (context) => {
      await context.addMany(3);
      const session = await context.session();
      const lease = await session.next();
      const before = await context.engine.queues();
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: false }), false);
      assert.deepEqual(await context.engine.queues(), before);
      assert.equal(await session.complete(lease), "applied");
    },
  ],
  [
    "without-running-jobs",
    "a queue in which nothing runs is obliterated",
    async (context) => {
      const id = await context.add();
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: false }), true);
      assert.equal(await context.find(id), null);
      assert.deepEqual(await context.engine.queues(), []);
      assert.deepEqual(await context.list(), []);
      assert.deepEqual(await context.engine.findJobs({ ids: [id] }), [null]);
    },
  ],
  [
    "force-takes-running-jobs",
    "with force, running jobs go with their queue",
    async (context) => {
      await fill(context);
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: true }), true);
      assert.deepEqual(await context.engine.queues(), []);
      assert.deepEqual(await context.list(), []);
      assert.deepEqual(new Set(Object.values(await context.engine.tagTotals({ tag: "user:42" }))), new Set([0]));
    },
  ],
  [
    "nothing-left-of-queue",
    "no key and no row of an obliterated queue is left",
    async (context) => {
      await fill(context);
      assert.ok(context.storage.leftovers);
      assert.notDeepEqual(await context.storage.leftovers(), [], "there was something to remove");
      await context.engine.obliterate({ queue: MAIN, force: true });
      assert.deepEqual(await context.storage.leftovers(), []);
    },
    "leftovers",
  ],
  [
    "late-worker-brings-nothing-back",
    "nothing that a worker of an obliterated queue still does brings back a key or a row",
    async (context) => {
      const session = await fill(context);
      const held = { queue: MAIN, id: (await context.list({ states: ["active"] }))[0] ?? "", epoch: 1 };
      await context.engine.obliterate({ queue: MAIN, force: true });
      await session.heartbeat();
      await session.report(held, { progress: progressOf(1, null) });
      await session.complete(held);
      await session.exchange([], {});
      await session.close();
      await context.sweep();
      await context.control("cancel", held);
      await context.engine.logs(held);
      await context.position(held.id);
      assert.ok(context.storage.leftovers);
      assert.deepEqual(await context.storage.leftovers(), []);
    },
    "leftovers",
  ],
  [
    "nothing-left-after-single-removals",
    "no key and no row is left of a queue whose jobs were all removed one by one",
    async (context) => {
      await fill(context);
      // What runs cannot be removed, nor a flow that has not ended.
      for (const id of await context.list()) await context.control("cancel", id);
      for (const id of await context.list()) await context.control("remove", id);
      assert.deepEqual(await context.list(), []);
      await context.engine.obliterate({ queue: MAIN, force: false });
      assert.ok(context.storage.leftovers);
      assert.deepEqual(await context.storage.leftovers(), []);
    },
    "leftovers",
  ],
  [
    "name-starts-afresh",
    "a queue of that name starts afresh: not paused, no counts, every id free",
    async (context) => {
      await context.add({ id: "mine", nonce: "n1" });
      await fill(context);
      await context.engine.obliterate({ queue: MAIN, force: true });
      await context.add({ id: "mine", nonce: "n2", input: '"new"' });
      assert.deepEqual(await context.list(), ["mine"]);
      const lease = await (await context.session()).next();
      assert.deepEqual([lease.id, lease.body?.input, lease.attempt, lease.suspect], ["mine", '"new"', 1, false]);
    },
  ],
  [
    "other-queues-left-alone",
    "other queues are left alone",
    async (context) => {
      const id = await context.add({ queue: "other", tags: ["user:42"] });
      await fill(context);
      await context.engine.obliterate({ queue: MAIN, force: true });
      assert.deepEqual(await context.list(), [id]);
      assert.equal((await context.engine.tagTotals({ tag: "user:42" })).queued, 1);
    },
  ],
  [
    "queue-with-same-prefix",
    "a queue whose name starts with that of the obliterated one is left alone",
    async (context) => {
      const ids = [await context.add({ queue: "a:b" }), await context.add({ queue: "ab" })];
      await context.add({ queue: "a" });
      await context.engine.obliterate({ queue: "a", force: false });
      assert.deepEqual(await context.list(), ids);
    },
  ],
  [
    "2500-jobs",
    "a queue of 2,500 jobs is obliterated whole",
    async (context) => {
      await context.addMany(2_000, { tags: ["t"] });
      await context.addMany(500, { priority: 1, due: { in: 5_000 } });
      assert.equal(await context.engine.obliterate({ queue: MAIN, force: false }), true);
      assert.deepEqual(await context.engine.queues(), []);
      assert.equal((await context.engine.tagTotals({ tag: "t" })).queued, 0);
    },
  ],
]);
