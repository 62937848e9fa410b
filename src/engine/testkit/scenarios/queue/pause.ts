/** Pausing a queue: nothing is leased from it, everything else goes on. */
import assert from "node:assert/strict";
import { MAIN, said } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

export const pause = scenarios("pause", [
  [
    "gives-no-leases",
    "a paused queue gives no leases, on any connection",
    async (kit) => {
      await kit.addMany(3);
      await kit.engine.pause({ queue: MAIN });
      assert.deepEqual(await (await kit.session()).claimIds(5), []);
      assert.deepEqual(await (await kit.session({ engine: await kit.open() })).claimIds(5), []);
      assert.equal((await kit.counts()).queued, 3);
    },
  ],
  [
    "gives-no-suspects",
    "a paused queue gives no suspects either",
    async (kit) => {
      await kit.add();
      await (await kit.session({ ttl: 1_000 })).next();
      kit.advance(1_000);
      await kit.sweep();
      await kit.engine.pause({ queue: MAIN });
      assert.deepEqual(await (await kit.session()).claimIds(1), []);
    },
  ],
  [
    "resumed-gives-in-order",
    "a queue that is resumed gives what it has, in order",
    async (kit) => {
      const ids = await kit.addMany(3);
      await kit.engine.pause({ queue: MAIN });
      await kit.engine.resume({ queue: MAIN });
      assert.deepEqual(await (await kit.session()).claimIds(5), ids);
    },
  ],
  [
    "other-queues-of-claim",
    "the other queues of a claim are leased from",
    async (kit) => {
      await kit.add({ queue: "a" });
      const id = await kit.add({ queue: "b" });
      await kit.engine.pause({ queue: "a" });
      const session = await kit.session({ queues: ["a", "b"] });
      assert.deepEqual(await session.claimIds(5), [id]);
    },
  ],
  [
    "running-jobs-go-on",
    "jobs that run when a queue is paused run to their end",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      const lease = await session.next();
      await kit.engine.pause({ queue: MAIN });
      assert.equal(await session.report(lease, { progress: said(50, null) }), "applied");
      assert.equal((await session.heartbeat()).alive, true);
      assert.equal(await session.complete(lease), "applied");
      assert.equal(await kit.state(id), "completed");
    },
  ],
  [
    "accepts-promotes-and-recovers",
    "a paused queue accepts jobs, promotes them and recovers them",
    async (kit) => {
      const running = await kit.add();
      await (await kit.session({ ttl: 1_000 })).next();
      await kit.engine.pause({ queue: MAIN });
      const delayed = await kit.add({ due: { in: 500 } });
      kit.advance(1_000);
      const { promoted, recovered } = await kit.sweep();
      assert.deepEqual([promoted, recovered], [1, 1]);
      assert.deepEqual([await kit.state(running), await kit.state(delayed)], ["queued", "queued"]);
    },
  ],
  [
    "says-whether-paused",
    "a queue says whether it is paused",
    async (kit) => {
      await kit.add();
      const paused = async (): Promise<boolean | undefined> =>
        (await kit.engine.queues()).find(({ name }) => name === MAIN)?.paused;
      await kit.engine.pause({ queue: MAIN });
      assert.equal(await paused(), true);
      await kit.engine.resume({ queue: MAIN });
      assert.equal(await paused(), false);
    },
  ],
  [
    "paused-before-any-job",
    "a queue can be paused before it has any job",
    async (kit) => {
      await kit.engine.pause({ queue: MAIN });
      await kit.add();
      assert.deepEqual(await (await kit.session()).claimIds(1), []);
    },
  ],
  [
    "exchange-again-while-paused",
    "an exchange sent again answers its leases though the queue was paused meanwhile",
    async (kit) => {
      await kit.add();
      const session = await kit.session();
      const first = await session.exchange([], {});
      await kit.engine.pause({ queue: MAIN });
      assert.deepEqual((await session.resend()).leases, first.leases);
    },
  ],
]);
