/** Who runs next: priorities, first come first served within them, heads and tails of the line. */
import assert from "node:assert/strict";
import { scenarios } from "../../kit/scenario.js";

export const order = scenarios("order", [
  [
    "first-come-first-run",
    "jobs of one priority run in the order in which they came",
    async (kit) => {
      const ids = [await kit.add(), ...(await kit.addMany(3)), await kit.add()];
      assert.deepEqual(await (await kit.session()).claimIds(10), ids);
    },
  ],
  [
    "over-connections-and-claims",
    "the order holds over connections and over claims",
    async (kit) => {
      const other = await kit.open();
      const ids: string[] = [];
      for (const engine of [kit.engine, other, other, kit.engine]) {
        const spec = kit.spec();
        await engine.enqueue({ jobs: [spec] });
        ids.push(spec.id);
      }
      const mine = await kit.session();
      const theirs = await kit.session({ engine: other });
      const leased = [...(await theirs.claimIds(1)), ...(await mine.claimIds(2)), ...(await theirs.claimIds(5))];
      assert.deepEqual(leased, ids);
    },
  ],
  [
    "lower-priority-number-first",
    "a lower priority number runs first: negative, then zero, then positive",
    async (kit) => {
      const given = [5, 0, -5, 100_000, -100_000, 0, 5, -5];
      const ids: string[] = [];
      for (const priority of given) ids.push(await kit.add({ priority }));
      const wanted = [4, 2, 7, 1, 5, 0, 6, 3].map((index) => ids[index]);
      assert.deepEqual(await (await kit.session()).claimIds(10), wanted);
    },
  ],
  [
    "within-each-priority",
    "jobs of every priority run in the order in which they came among themselves",
    async (kit) => {
      const early = await kit.addMany(3, { priority: 2 });
      const usual = await kit.addMany(3);
      const late = await kit.addMany(3, { priority: 2 });
      assert.deepEqual(await (await kit.session()).claimIds(10), [...usual, ...early, ...late]);
    },
  ],
  [
    "queues-of-claim-in-turn",
    "of several queues the next is asked only for what those before it did not have",
    async (kit) => {
      const [low] = await kit.addMany(3, { queue: "low" });
      const high = await kit.addMany(2, { queue: "high" });
      const session = await kit.session({ queues: ["high", "low"] });
      assert.deepEqual(await session.claimIds(3), [...high, low]);
    },
  ],
  [
    "queue-order-of-claim",
    "the order of the queues is that of the claim, not of the session",
    async (kit) => {
      await kit.add({ queue: "a" });
      const id = await kit.add({ queue: "b" });
      const session = await kit.session({ queues: ["a", "b"] });
      assert.deepEqual(await session.claimIds(1, { queues: ["b", "a"] }), [id]);
    },
  ],
  [
    "claim-for-some-queues",
    "a claim for some of the session's queues takes nothing from the others",
    async (kit) => {
      await kit.add({ queue: "a" });
      const id = await kit.add({ queue: "b" });
      const session = await kit.session({ queues: ["a", "b"] });
      assert.deepEqual(await session.claimIds(9, { queues: ["b"] }), [id]);
    },
  ],
  [
    "immediate-retry-to-tail",
    "a job that is tried again at once goes to the tail",
    async (kit) => {
      const [first, ...rest] = await kit.addMany(3);
      const session = await kit.session();
      await session.fail(await session.next(), 0);
      assert.deepEqual(await session.claimIds(5), [...rest, first]);
    },
  ],
  [
    "handed-back-to-head",
    "a job that is handed back goes to the head",
    async (kit) => {
      const ids = await kit.addMany(3);
      const session = await kit.session();
      await session.settle(await session.next(), { kind: "return" });
      assert.deepEqual(await session.claimIds(5), ids);
    },
  ],
  [
    "last-handed-back-first",
    "of jobs handed back one by one the last stands first",
    async (kit) => {
      const [a, b, c] = await kit.addMany(3);
      const session = await kit.session();
      for (const lease of await session.claim(2)) await session.settle(lease, { kind: "return" });
      assert.deepEqual(await session.claimIds(5), [b, a, c]);
    },
  ],
  [
    "handed-back-within-its-priority",
    "a job that is handed back stands at the head of its own priority",
    async (kit) => {
      const [first, second] = await kit.addMany(2, { priority: 5 });
      const session = await kit.session();
      const lease = await session.next();
      const usual = await kit.add();
      await session.settle(lease, { kind: "return" });
      assert.deepEqual(await session.claimIds(5), [usual, first, second]);
    },
  ],
  [
    "due-job-joins-tail",
    "a delayed job joins the tail when its time comes",
    async (kit) => {
      const delayed = await kit.add({ due: { in: 1_000 } });
      const waiting = await kit.add();
      kit.advance(1_000);
      const session = await kit.session();
      const later = session.claimIds(5);
      assert.deepEqual(await later, [waiting, delayed]);
    },
  ],
  [
    "delayed-in-order-of-times",
    "delayed jobs become ready in the order of their times",
    async (kit) => {
      const third = await kit.add({ due: { in: 3_000 } });
      const first = await kit.add({ due: { in: 1_000 } });
      const second = await kit.add({ due: { in: 2_000 } });
      kit.advance(5_000);
      assert.deepEqual(await (await kit.session()).claimIds(5), [first, second, third]);
    },
  ],
  [
    "delayed-keeps-priority",
    "a delayed job keeps its priority",
    async (kit) => {
      const urgent = await kit.add({ due: { in: 1_000 }, priority: -1 });
      const usual = await kit.add();
      kit.advance(1_000);
      assert.deepEqual(await (await kit.session()).claimIds(5), [urgent, usual]);
    },
  ],
  [
    "retried-by-hand-to-tail",
    "a job that is queued again by hand goes to the tail",
    async (kit) => {
      const [first, ...rest] = await kit.addMany(3);
      const session = await kit.session();
      await session.fail(await session.next(), null);
      await kit.control("retry", first ?? "");
      assert.deepEqual(await session.claimIds(5), [...rest, first]);
    },
  ],
  [
    "changed-priority-to-tail",
    "a job whose priority is changed goes to the tail of its new line",
    async (kit) => {
      const [a, b, c] = await kit.addMany(3);
      const urgent = await kit.add({ priority: -1 });
      await kit.update(c ?? "", { priority: -1 });
      assert.deepEqual(await (await kit.session()).claimIds(5), [urgent, c, a, b]);
    },
  ],
  [
    "same-priority-keeps-place",
    "a job that is given the priority it has keeps its place",
    async (kit) => {
      const ids = await kit.addMany(3);
      await kit.update(ids[0] ?? "", { priority: 0, input: '"new"' });
      assert.deepEqual(await (await kit.session()).claimIds(5), ids);
    },
  ],
]);
