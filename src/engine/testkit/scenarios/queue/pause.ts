/** Pausing a queue: nothing is leased from it, everything else goes on. */
import assert from "node:assert/strict";
import { MAIN, progressOf } from "../../context/scenario-context.js";
import { makeSuspects } from "../../context/lease-helpers.js";
import { scenarios } from "../../context/scenario.js";

export const pause = scenarios("pause", [
  [
    "gives-no-leases",
    "a paused queue gives no leases, on any connection",
    async (context) => {
      await context.addMany(3);
      await context.engine.pause({ queue: MAIN });
      assert.deepEqual(await (await context.session()).claimIds(5), []);
      assert.deepEqual(await (await context.session({ engine: await context.open() })).claimIds(5), []);
      assert.equal((await context.counts()).queued, 3);
    },
  ],
  [
    "gives-no-suspects",
    "a paused queue gives no suspects either",
    async (context) => {
      await context.add();
      await makeSuspects(context);
      await context.engine.pause({ queue: MAIN });
      assert.deepEqual(await (await context.session()).claimIds(1), []);
    },
  ],
  [
    "resumed-gives-in-order",
    "a queue that is resumed gives what it has, in order",
    async (context) => {
      const ids = await context.addMany(3);
      await context.engine.pause({ queue: MAIN });
      await context.engine.resume({ queue: MAIN });
      assert.deepEqual(await (await context.session()).claimIds(5), ids);
    },
  ],
  [
    "says-since-when",
    "a queue says since when it is paused, also when it is paused once more",
    async (context) => {
      await context.add();
      const pausedAt = async (): Promise<number | null | undefined> =>
        (await context.engine.queues({ names: [MAIN] }))[0]?.pausedAt;
      assert.equal(await pausedAt(), null);
      const from = await context.engine.now();
      await context.engine.pause({ queue: MAIN });
      const since = (await pausedAt()) ?? 0;
      assert.ok(since >= from && since <= (await context.engine.now()));
      context.advance(5_000);
      await context.engine.pause({ queue: MAIN });
      assert.equal(await pausedAt(), since);
      await context.engine.resume({ queue: MAIN });
      assert.equal(await pausedAt(), null);
    },
  ],
  [
    "other-queues-of-claim",
    "the other queues of a claim are leased from",
    async (context) => {
      await context.add({ queue: "a" });
      const id = await context.add({ queue: "b" });
      await context.engine.pause({ queue: "a" });
      const session = await context.session({ queues: ["a", "b"] });
      assert.deepEqual(await session.claimIds(5), [id]);
    },
  ],
  [
    "running-jobs-go-on",
    "jobs that run when a queue is paused run to their end",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await context.engine.pause({ queue: MAIN });
      assert.equal(await session.report(lease, { progress: progressOf(50, null) }), "applied");
      assert.equal((await session.heartbeat()).alive, true);
      assert.equal(await session.complete(lease), "applied");
      assert.equal(await context.state(id), "completed");
    },
  ],
  [
    "accepts-promotes-and-recovers",
    "a paused queue accepts jobs, promotes them and recovers them",
    async (context) => {
      const running = await context.add();
      await (await context.session({ ttl: 1_000 })).next();
      await context.engine.pause({ queue: MAIN });
      const delayed = await context.add({ due: { in: 500 } });
      context.advance(1_000);
      const { promoted, recovered } = await context.sweep();
      assert.deepEqual([promoted, recovered], [1, 1]);
      assert.deepEqual([await context.state(running), await context.state(delayed)], ["queued", "queued"]);
    },
  ],
  [
    "says-whether-paused",
    "a queue says whether it is paused",
    async (context) => {
      await context.add();
      const paused = async (): Promise<boolean | undefined> =>
        (await context.engine.queues()).find(({ name }) => name === MAIN)?.paused;
      await context.engine.pause({ queue: MAIN });
      assert.equal(await paused(), true);
      await context.engine.resume({ queue: MAIN });
      assert.equal(await paused(), false);
    },
  ],
  [
    "paused-before-any-job",
    "a queue can be paused before it has any job",
    async (context) => {
      await context.engine.pause({ queue: MAIN });
      await context.add();
      assert.deepEqual(await (await context.session()).claimIds(1), []);
    },
  ],
  [
    "resume-makes-no-queue",
    "a queue that does not exist does not come into being by being resumed, watched or not; one that was paused is there",
    async (context) => {
      const { engine } = context;
      const names = async (): Promise<string[]> => (await engine.queues()).map(({ name }) => name);
      await engine.resume({ queue: MAIN });
      const { cursor } = await engine.watch({ queue: MAIN, cursor: null, max: 1 });
      await engine.resume({ queue: MAIN });
      assert.deepEqual(await names(), []);
      assert.deepEqual((await engine.watch({ queue: MAIN, cursor, max: 10 })).events, []);
      await engine.pause({ queue: MAIN });
      assert.deepEqual(await names(), [MAIN]);
      await engine.resume({ queue: MAIN });
      assert.deepEqual(await names(), [MAIN]);
      await engine.obliterate({ queue: MAIN, force: false });
      await engine.resume({ queue: MAIN });
      assert.deepEqual(await names(), []);
    },
  ],
  [
    "known-to-exchanges",
    "an exchange says which of the queues it asks are paused, also when it only settles",
    async (context) => {
      const queues = ["a", "b"];
      for (const queue of queues) await context.addMany(2, { queue });
      const session = await context.session({ queues });
      const [first, ...rest] = await session.claim(4);
      assert.equal((await session.exchange([], { queues, max: 1 })).paused, undefined);
      for (const queue of queues) await context.engine.pause({ queue });
      const ends = rest.concat(first ?? []).map(({ queue, id, epoch }) => ({
        ...{ queue, id, epoch },
        outcome: { kind: "complete", result: null } as const,
      }));
      const ofB = ends.filter(({ queue }) => queue === "b");
      assert.deepEqual((await session.exchange(ofB, null)).paused, ["b"]);
      assert.deepEqual((await session.exchange([], { queues, max: 1 })).paused, ["a", "b"]);
      await context.engine.resume({ queue: "a" });
      assert.deepEqual((await session.exchange([], { queues, max: 1 })).paused, ["b"]);
    },
  ],
  [
    "exchange-again-while-paused",
    "an exchange sent again answers its leases though the queue was paused meanwhile",
    async (context) => {
      await context.add();
      const session = await context.session();
      const first = await session.exchange([], {});
      await context.engine.pause({ queue: MAIN });
      assert.deepEqual((await session.resend()).leases, first.leases);
    },
  ],
]);
