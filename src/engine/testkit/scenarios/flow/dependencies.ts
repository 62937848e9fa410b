/** Jobs that wait for others: when they start, which commands they take until then, and how they are listed. */
import assert from "node:assert/strict";
import { after, ends, OTHER, pair, stateOf, take } from "../../context/dependency-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const dependencies = scenarios("dependencies", [
  [
    "waits-in-own-queue",
    "a job waits for another one of its queue, and is queued when that has completed",
    async (context) => {
      const first = await context.add();
      const second = await context.add({ after: after([first]) });
      assert.equal(await context.state(second), "blocked");
      const session = await context.session();
      const lease = await take(session, first);
      assert.deepEqual(await session.claimIds(5), [], "nothing else may run");
      context.advance(500);
      await session.complete(lease);
      const record = await context.job(second);
      assert.equal(record.state, "queued");
      assert.equal(record.runAt, context.clock.now(), "it became ready just now");
      await take(session, second);
    },
  ],
  [
    "waits-on-another-queue",
    "a job waits for one of another queue",
    async (context) => {
      const [first, second] = await pair(context, "fail");
      assert.equal(await stateOf(context, second), "blocked");
      const session = await context.session({ queues: [MAIN, OTHER] });
      await session.complete(await take(session, first), '{"x":1}');
      assert.equal(await stateOf(context, second), "queued");
      const lease = await take(session, second);
      assert.equal(lease.queue, OTHER);
      assert.deepEqual(lease.body?.after, after([first]), "the lease says what it waited for");
    },
  ],
  [
    "waits-for-all-of-many",
    "a job waits for all of many, in several queues, whatever the order in which they end",
    async (context) => {
      const here = await context.addMany(3);
      const there = await context.addMany(3, { queue: OTHER });
      const waits = [...after(here), ...after(there, "fail", OTHER)];
      const last = await context.add({ queue: "third", after: waits });
      const session = await context.session({ queues: [OTHER, MAIN] });
      const leases = await session.claim(6);
      for (const lease of leases) {
        assert.equal(await context.state(last, "third"), "blocked");
        await session.complete(lease);
      }
      assert.equal(await context.state(last, "third"), "queued");
    },
  ],
  [
    "partial-is-success",
    "a partial result is a success",
    async (context) => {
      const [first, second] = await pair(context, "fail");
      const session = await context.session();
      await session.settle(await take(session, first), { kind: "partial", result: "1" });
      assert.equal(await stateOf(context, second), "queued");
      assert.deepEqual(await ends(context, second), ["partial"]);
    },
  ],
  [
    "retrying-is-waited-for",
    "a job that fails and is tried again is waited for",
    async (context) => {
      const [first, second] = await pair(context, "fail");
      const session = await context.session();
      await session.fail(await take(session, first), 0);
      assert.equal(await stateOf(context, second), "blocked");
      await session.complete(await take(session, first));
      assert.equal(await stateOf(context, second), "queued");
    },
  ],
  [
    "due-later-is-delayed-then",
    "a job that waits can be due later, and is delayed then",
    async (context) => {
      const [first, second] = await pair(context, "fail", { due: { in: 60_000 } });
      const session = await context.session();
      await session.complete(await take(session, first));
      assert.equal(await stateOf(context, second), "delayed");
      context.advance(60_000);
      await context.sweep(10, [OTHER]);
      assert.equal(await stateOf(context, second), "queued");
    },
  ],
  [
    "held-and-waiting",
    "a job that is held and waits starts when both are over, in either order",
    async (context) => {
      const [first, second] = await pair(context, "fail", { hold: true });
      const third = await context.add({ hold: true, after: after([first]) });
      const released = await context.control("release", third);
      assert.deepEqual(released, { outcome: "applied", state: "blocked" });
      const session = await context.session();
      await session.complete(await take(session, first));
      assert.equal(await stateOf(context, second), "blocked");
      assert.equal(await context.state(third), "queued");
      assert.equal((await context.control("release", { queue: OTHER, id: second })).outcome, "applied");
      assert.equal(await stateOf(context, second), "queued");
    },
  ],
  [
    "waiting-cannot-be-released",
    "a job that only waits cannot be released",
    async (context) => {
      const [, second] = await pair(context, "fail");
      const answer = await context.control("release", { queue: OTHER, id: second });
      assert.deepEqual(answer, { outcome: "wrong-state", state: "blocked" });
    },
  ],
  [
    "waiting-can-end-early",
    "a job that waits can be cancelled, can expire and be removed; no job waits for one that is gone",
    async (context) => {
      const first = await context.add();
      const second = await context.add({ after: after([first]) });
      const third = await context.add({ after: after([first]), ttl: 1_000 });
      const fourth = await context.add({ after: after([first]) });
      await context.control("cancel", second);
      context.advance(1_000);
      await context.sweep();
      await context.control("remove", fourth);
      assert.equal(await context.state(second), "cancelled");
      assert.equal(await context.state(third), "expired");
      assert.equal(await context.find(fourth), null);
      const session = await context.session();
      await session.complete(await take(session, first));
      assert.equal(await context.state(second), "cancelled");
      assert.equal(await context.state(third), "expired");
      const refs = await context.engine.dependents({ queue: MAIN, id: first });
      assert.deepEqual(
        refs.map(({ id }) => id),
        [second, third].toSorted(),
      );
    },
  ],
  [
    "lease-and-record-say-links",
    "a lease and a record have the dependencies of a job and its references to their results",
    async (context) => {
      const first = await context.add();
      const references = [{ at: ["page", 0], from: { queue: MAIN, id: first }, take: ["html"] }];
      const id = await context.add({ after: after([first], "continue"), references, input: '{"page":[null]}' });
      const record = await context.job(id);
      assert.deepEqual([record.after, record.references], [after([first], "continue"), references]);
      assert.deepEqual([record.role, record.flow], ["job", null]);
      const session = await context.session();
      await session.complete(await take(session, first));
      const { body } = await take(session, id);
      assert.deepEqual([body?.after, body?.references, body?.input], [record.after, references, '{"page":[null]}']);
    },
  ],
  [
    "new-input-still-waits",
    "a job with a new input takes nothing from its dependencies, and waits for them all the same",
    async (context) => {
      const first = await context.add();
      const references = [{ at: ["page"], from: { queue: MAIN, id: first }, take: [] }];
      const id = await context.add({ after: after([first]), references });
      await context.update(id, { input: '{"page":"given"}' });
      const record = await context.job(id);
      assert.deepEqual([record.input, record.references, record.after], ['{"page":"given"}', [], after([first])]);
      assert.equal(record.state, "blocked");
    },
  ],
  [
    "listed-by-queue-and-id",
    "dependencies and dependents are listed by queue and id; a job without any, or a missing one, has none",
    async (context) => {
      const first = await context.add({ id: "b" });
      const second = await context.add({ id: "a", queue: OTHER });
      const last = await context.add({ id: "z", after: [...after([first]), ...after([second], "cancel", OTHER)] });
      await context.add({ id: "y", queue: OTHER, after: after([first]) });
      assert.deepEqual(await context.engine.dependencies({ queue: MAIN, id: last }), [
        { queue: MAIN, id: "b", ifFailed: "fail", state: null },
        { queue: OTHER, id: "a", ifFailed: "cancel", state: null },
      ]);
      assert.deepEqual(await context.engine.dependents({ queue: MAIN, id: first }), [
        { queue: MAIN, id: "z" },
        { queue: OTHER, id: "y" },
      ]);
      assert.deepEqual(await context.engine.dependencies({ queue: MAIN, id: first }), []);
      assert.deepEqual(await context.engine.dependents({ queue: MAIN, id: last }), []);
      assert.deepEqual(await context.engine.dependents({ queue: "nowhere", id: "nobody" }), []);
    },
  ],
]);
