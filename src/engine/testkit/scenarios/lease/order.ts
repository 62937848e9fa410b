/** The running order: by priority, first come first served within each, and where in the line a job is put. */
import assert from "node:assert/strict";
import { scenarios } from "../../context/scenario.js";

export const order = scenarios("order", [
  [
    "first-come-first-run",
    "jobs of one priority run in the order in which they came",
    async (context) => {
      const ids = [await context.add(), ...(await context.addMany(3)), await context.add()];
      assert.deepEqual(await (await context.session()).claimIds(10), ids);
    },
  ],
  [
    "over-connections-and-claims",
    "the order holds over connections and over claims",
    async (context) => {
      const other = await context.open();
      const ids: string[] = [];
      for (const engine of [context.engine, other, other, context.engine]) {
        const spec = context.spec();
        await engine.enqueue({ jobs: [spec] });
        ids.push(spec.id);
      }
      const mine = await context.session();
      const theirs = await context.session({ engine: other });
      const leased = [...(await theirs.claimIds(1)), ...(await mine.claimIds(2)), ...(await theirs.claimIds(5))];
      assert.deepEqual(leased, ids);
    },
  ],
  [
    "lower-priority-number-first",
    "a lower priority number runs first: negative, then zero, then positive",
    async (context) => {
      const given = [5, 0, -5, 100_000, -100_000, 0, 5, -5];
      const ids: string[] = [];
      for (const priority of given) ids.push(await context.add({ priority }));
      const wanted = [4, 2, 7, 1, 5, 0, 6, 3].map((index) => ids[index]);
      assert.deepEqual(await (await context.session()).claimIds(10), wanted);
    },
  ],
  [
    "within-each-priority",
    "jobs of every priority run in the order in which they came among themselves",
    async (context) => {
      const early = await context.addMany(3, { priority: 2 });
      const usual = await context.addMany(3);
      const late = await context.addMany(3, { priority: 2 });
      assert.deepEqual(await (await context.session()).claimIds(10), [...usual, ...early, ...late]);
    },
  ],
  [
    "queues-of-claim-in-turn",
    "a claim asks each queue only for the jobs that the queues before it did not have",
    async (context) => {
      const [low] = await context.addMany(3, { queue: "low" });
      const high = await context.addMany(2, { queue: "high" });
      const session = await context.session({ queues: ["high", "low"] });
      assert.deepEqual(await session.claimIds(3), [...high, low]);
    },
  ],
  [
    "queue-order-of-claim",
    "the order of the queues is that of the claim, not of the session",
    async (context) => {
      await context.add({ queue: "a" });
      const id = await context.add({ queue: "b" });
      const session = await context.session({ queues: ["a", "b"] });
      assert.deepEqual(await session.claimIds(1, { queues: ["b", "a"] }), [id]);
    },
  ],
  [
    "claim-for-some-queues",
    "a claim for some of the session's queues takes nothing from the others",
    async (context) => {
      await context.add({ queue: "a" });
      const id = await context.add({ queue: "b" });
      const session = await context.session({ queues: ["a", "b"] });
      assert.deepEqual(await session.claimIds(9, { queues: ["b"] }), [id]);
    },
  ],
  [
    "immediate-retry-to-tail",
    "a job that is tried again at once goes to the tail",
    async (context) => {
      const [first, ...rest] = await context.addMany(3);
      const session = await context.session();
      await session.fail(await session.next(), 0);
      assert.deepEqual(await session.claimIds(5), [...rest, first]);
    },
  ],
  [
    "handed-back-to-head",
    "a job that is handed back goes to the head",
    async (context) => {
      const ids = await context.addMany(3);
      const session = await context.session();
      await session.settle(await session.next(), { kind: "return" });
      assert.deepEqual(await session.claimIds(5), ids);
    },
  ],
  [
    "last-handed-back-first",
    "the last of several jobs that are handed back one by one is first in line",
    async (context) => {
      const [a, b, c] = await context.addMany(3);
      const session = await context.session();
      for (const lease of await session.claim(2)) await session.settle(lease, { kind: "return" });
      assert.deepEqual(await session.claimIds(5), [b, a, c]);
    },
  ],
  [
    "handed-back-within-its-priority",
    "a job that is handed back goes to the head of its own priority",
    async (context) => {
      const [first, second] = await context.addMany(2, { priority: 5 });
      const session = await context.session();
      const lease = await session.next();
      const usual = await context.add();
      await session.settle(lease, { kind: "return" });
      assert.deepEqual(await session.claimIds(5), [usual, first, second]);
    },
  ],
  [
    "due-job-joins-tail",
    "a delayed job joins the tail when its time comes",
    async (context) => {
      const delayed = await context.add({ due: { in: 1_000 } });
      const waiting = await context.add();
      context.advance(1_000);
      const session = await context.session();
      const later = session.claimIds(5);
      assert.deepEqual(await later, [waiting, delayed]);
    },
  ],
  [
    "delayed-in-order-of-times",
    "delayed jobs become ready in the order of their times",
    async (context) => {
      const third = await context.add({ due: { in: 3_000 } });
      const first = await context.add({ due: { in: 1_000 } });
      const second = await context.add({ due: { in: 2_000 } });
      context.advance(5_000);
      assert.deepEqual(await (await context.session()).claimIds(5), [first, second, third]);
    },
  ],
  [
    "delayed-keeps-priority",
    "a delayed job keeps its priority",
    async (context) => {
      const urgent = await context.add({ due: { in: 1_000 }, priority: -1 });
      const usual = await context.add();
      context.advance(1_000);
      assert.deepEqual(await (await context.session()).claimIds(5), [urgent, usual]);
    },
  ],
  [
    "retried-by-hand-to-tail",
    "a job that is queued again by hand goes to the tail",
    async (context) => {
      const [first, ...rest] = await context.addMany(3);
      const session = await context.session();
      await session.fail(await session.next(), null);
      await context.control("retry", first ?? "");
      assert.deepEqual(await session.claimIds(5), [...rest, first]);
    },
  ],
  [
    "changed-priority-to-tail",
    "a job whose priority is changed goes to the tail of its new line",
    async (context) => {
      const [a, b, c] = await context.addMany(3);
      const urgent = await context.add({ priority: -1 });
      await context.update(c ?? "", { priority: -1 });
      assert.deepEqual(await (await context.session()).claimIds(5), [urgent, c, a, b]);
    },
  ],
  [
    "same-priority-keeps-place",
    "a job that is given the priority it has keeps its place",
    async (context) => {
      const ids = await context.addMany(3);
      await context.update(ids[0] ?? "", { priority: 0, input: '"new"' });
      assert.deepEqual(await (await context.session()).claimIds(5), ids);
    },
  ],
]);
