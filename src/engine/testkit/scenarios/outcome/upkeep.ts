/** Upkeep: what is due is promoted, what came too late expires, and whoever sweeps knows when to come again. */
import assert from "node:assert/strict";
import { MAIN } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

export const upkeep = scenarios("upkeep", [
  [
    "sweep-promotes-what-is-due",
    "a sweep makes ready what is due and leaves the rest",
    async (kit) => {
      const due = await kit.add({ due: { in: 1_000 } });
      const later = await kit.add({ due: { in: 1_001 } });
      kit.advance(1_000);
      assert.equal((await kit.sweep()).promoted, 1);
      assert.deepEqual([await kit.state(due), await kit.state(later)], ["queued", "delayed"]);
    },
  ],
  [
    "promoted-keeps-due-time",
    "a promoted job keeps the time at which it was due",
    async (kit) => {
      const id = await kit.add({ due: { in: 1_000 } });
      const due = kit.clock.now() + 1_000;
      kit.advance(5_000);
      await kit.sweep();
      assert.equal((await kit.job(id)).runAt, due);
    },
  ],
  [
    "ttl-expires-waiting",
    "a job that does not start within its ttl expires, whether it is queued, delayed or blocked",
    async (kit) => {
      const ids = [
        await kit.add({ ttl: 1_000 }),
        await kit.add({ ttl: 1_000, due: { in: 50_000 } }),
        await kit.add({ ttl: 1_000, hold: true }),
      ];
      kit.advance(999);
      assert.equal((await kit.sweep()).expired, 0);
      kit.advance(1);
      assert.equal((await kit.sweep()).expired, 3);
      for (const id of ids) {
        const job = await kit.job(id);
        assert.deepEqual([job.state, job.finishedAt], ["expired", kit.clock.now()]);
      }
    },
  ],
  [
    "ttl-over-is-not-leased",
    "a job whose ttl is over is not leased, though nobody has swept",
    async (kit) => {
      const late = await kit.add({ ttl: 1_000 });
      const usual = await kit.add();
      kit.advance(1_000);
      assert.deepEqual(await (await kit.session()).claimIds(5), [usual]);
      assert.equal(await kit.state(late), "expired");
    },
  ],
  [
    "started-in-time-does-not-expire",
    "a job that started in time does not expire, even when it waits again",
    async (kit) => {
      const id = await kit.add({ ttl: 1_000 });
      const session = await kit.session();
      const lease = await session.next();
      kit.advance(5_000);
      await kit.sweep();
      assert.equal(await kit.state(id), "active");
      await session.fail(lease, 0);
      kit.advance(5_000);
      assert.equal((await kit.sweep()).expired, 0);
      assert.equal(await kit.state(id), "queued");
    },
  ],
  [
    "retried-expired-has-no-ttl",
    "an expired job that is tried again has no ttl",
    async (kit) => {
      const id = await kit.add({ ttl: 1_000 });
      kit.advance(1_000);
      await kit.sweep();
      await kit.control("retry", id);
      kit.advance(50_000);
      assert.equal((await kit.sweep()).expired, 0);
      assert.deepEqual(await (await kit.session()).claimIds(1), [id]);
    },
  ],
  [
    "changed-time-keeps-ttl",
    "changing a job's time does not change its ttl",
    async (kit) => {
      const id = await kit.add({ ttl: 1_000 });
      await kit.update(id, { due: { in: 5_000 } });
      kit.advance(1_000);
      await kit.sweep();
      assert.equal(await kit.state(id), "expired");
    },
  ],
  [
    "sweep-says-next-due",
    "a sweep says when the next thing is due: a delayed job, a ttl, the end of a session",
    async (kit) => {
      assert.equal((await kit.sweep()).nextDue, null);
      const now = kit.clock.now();
      await kit.add({ due: { in: 90_000 } });
      assert.equal((await kit.sweep()).nextDue, now + 90_000);
      await kit.add({ ttl: 60_000 });
      assert.equal((await kit.sweep()).nextDue, now + 60_000);
      const session = await kit.session({ ttl: 30_000 });
      assert.equal((await kit.sweep()).nextDue, now + 30_000);
      await session.close();
      assert.equal((await kit.sweep()).nextDue, now + 60_000);
    },
  ],
  [
    "stopped-sweep-goes-on",
    "a sweep that was stopped by its bound says so and goes on next time",
    async (kit) => {
      const ids = await kit.addMany(5, { due: { in: 1_000 } });
      kit.advance(1_000);
      const first = await kit.sweep(3);
      assert.deepEqual([first.promoted, first.more], [3, true]);
      const second = await kit.sweep(3);
      assert.deepEqual([second.promoted, second.more], [2, false]);
      assert.deepEqual((await kit.list({ states: ["queued"] })).toSorted(), ids.toSorted());
    },
  ],
  [
    "bound-per-kind-of-work",
    "the bound holds for each kind of work by itself",
    async (kit) => {
      await kit.addMany(2, { due: { in: 1_000 } });
      await kit.addMany(2, { ttl: 1_000, hold: true });
      kit.advance(1_000);
      const { promoted, expired, more } = await kit.sweep(2);
      assert.deepEqual([promoted, expired, more], [2, 2, true]);
    },
  ],
  [
    "only-the-queues-given",
    "a sweep tends the queues it is given and no other",
    async (kit) => {
      const a = await kit.add({ queue: "a", due: { in: 1_000 } });
      const b = await kit.add({ queue: "b", due: { in: 1_000 } });
      kit.advance(1_000);
      const { promoted, nextDue } = await kit.sweep(10, ["a"]);
      assert.deepEqual([promoted, nextDue], [1, null]);
      assert.deepEqual([await kit.state(a, "a"), await kit.state(b, "b")], ["queued", "delayed"]);
    },
  ],
  [
    "several-queues-add-up",
    "a sweep adds up what it did in several queues",
    async (kit) => {
      await kit.addMany(2, { queue: "a", due: { in: 1_000 } });
      await kit.addMany(3, { queue: "b", due: { in: 1_000 } });
      kit.advance(1_000);
      assert.equal((await kit.sweep(10, ["a", "b"])).promoted, 5);
    },
  ],
  [
    "missing-queue-needs-none",
    "a queue that does not exist needs no sweeping, and does not exist afterwards",
    async (kit) => {
      assert.deepEqual(await kit.sweep(10, ["nowhere"]), {
        promoted: 0,
        recovered: 0,
        expired: 0,
        removed: 0,
        schedules: [],
        overdue: [],
        nextDue: null,
        more: false,
      });
      assert.deepEqual(await kit.engine.queues(), []);
    },
  ],
  [
    "several-sweeps-at-once",
    "several that sweep at once do everything once",
    async (kit) => {
      await kit.addMany(40, { due: { in: 1_000 } });
      const engines = [kit.engine, await kit.open(), await kit.open()];
      kit.advance(1_000);
      const answers = await Promise.all(engines.map(async (engine) => engine.sweep({ queues: [MAIN], limit: 100 })));
      assert.equal(
        answers.reduce((sum, { promoted }) => sum + promoted, 0),
        40,
      );
      assert.equal((await kit.counts()).queued, 40);
    },
  ],
  [
    "1200-promoted-in-order",
    "1,200 jobs that are due at once are all promoted, in order",
    async (kit) => {
      const ids = await kit.addMany(1_200, { due: { in: 1_000 } });
      kit.advance(1_000);
      const session = await kit.session();
      const leased: string[] = [];
      for (let batch = await session.claimIds(500); batch.length > 0; batch = await session.claimIds(500)) {
        leased.push(...batch);
      }
      assert.deepEqual(leased, ids);
    },
  ],
]);
