/** Upkeep: a sweep promotes due jobs, expires late ones, and answers when the next sweep is due. */
import assert from "node:assert/strict";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const upkeep = scenarios("upkeep", [
  [
    "sweep-promotes-what-is-due",
    "a sweep promotes the jobs that are due and leaves the others",
    async (context) => {
      const due = await context.add({ due: { in: 1_000 } });
      const later = await context.add({ due: { in: 1_001 } });
      context.advance(1_000);
      assert.equal((await context.sweep()).promoted, 1);
      assert.deepEqual([await context.state(due), await context.state(later)], ["queued", "delayed"]);
    },
  ],
  [
    "promoted-keeps-due-time",
    "a promoted job keeps the time at which it was due",
    async (context) => {
      const id = await context.add({ due: { in: 1_000 } });
      const due = context.clock.now() + 1_000;
      context.advance(5_000);
      await context.sweep();
      assert.equal((await context.job(id)).runAt, due);
    },
  ],
  [
    "ttl-expires-waiting",
    "a job that does not start within its ttl expires, whether it is queued, delayed or blocked",
    async (context) => {
      const ids = [
        await context.add({ ttl: 1_000 }),
        await context.add({ ttl: 1_000, due: { in: 50_000 } }),
        await context.add({ ttl: 1_000, hold: true }),
      ];
      context.advance(999);
      assert.equal((await context.sweep()).expired, 0);
      context.advance(1);
      assert.equal((await context.sweep()).expired, 3);
      for (const id of ids) {
        const job = await context.job(id);
        assert.deepEqual([job.state, job.finishedAt], ["expired", context.clock.now()]);
      }
    },
  ],
  [
    "ttl-over-is-not-leased",
    "a job whose ttl is over is not leased, though no sweep has run",
    async (context) => {
      const late = await context.add({ ttl: 1_000 });
      const usual = await context.add();
      context.advance(1_000);
      assert.deepEqual(await (await context.session()).claimIds(5), [usual]);
      assert.equal(await context.state(late), "expired");
    },
  ],
  [
    "started-in-time-does-not-expire",
    "a job that started in time does not expire, even when it waits again",
    async (context) => {
      const id = await context.add({ ttl: 1_000 });
      const session = await context.session();
      const lease = await session.next();
      context.advance(5_000);
      await context.sweep();
      assert.equal(await context.state(id), "active");
      await session.fail(lease, 0);
      context.advance(5_000);
      assert.equal((await context.sweep()).expired, 0);
      assert.equal(await context.state(id), "queued");
    },
  ],
  [
    "retried-expired-has-no-ttl",
    "an expired job that is tried again has no ttl",
    async (context) => {
      const id = await context.add({ ttl: 1_000 });
      context.advance(1_000);
      await context.sweep();
      await context.control("retry", id);
      context.advance(50_000);
      assert.equal((await context.sweep()).expired, 0);
      assert.deepEqual(await (await context.session()).claimIds(1), [id]);
    },
  ],
  [
    "changed-time-keeps-ttl",
    "changing a job's time does not change its ttl",
    async (context) => {
      const id = await context.add({ ttl: 1_000 });
      await context.update(id, { due: { in: 5_000 } });
      context.advance(1_000);
      await context.sweep();
      assert.equal(await context.state(id), "expired");
    },
  ],
  [
    "sweep-says-next-due",
    "a sweep says when the next thing is due: a delayed job, a ttl, the end of a session",
    async (context) => {
      assert.equal((await context.sweep()).nextDue, null);
      const now = context.clock.now();
      await context.add({ due: { in: 90_000 } });
      assert.equal((await context.sweep()).nextDue, now + 90_000);
      await context.add({ ttl: 60_000 });
      assert.equal((await context.sweep()).nextDue, now + 60_000);
      const session = await context.session({ ttl: 30_000 });
      assert.equal((await context.sweep()).nextDue, now + 30_000);
      await session.close();
      assert.equal((await context.sweep()).nextDue, now + 60_000);
    },
  ],
  [
    "stopped-sweep-goes-on",
    "a sweep that was stopped by its bound says so and goes on next time",
    async (context) => {
      const ids = await context.addMany(5, { due: { in: 1_000 } });
      context.advance(1_000);
      const first = await context.sweep(3);
      assert.deepEqual([first.promoted, first.more], [3, true]);
      const second = await context.sweep(3);
      assert.deepEqual([second.promoted, second.more], [2, false]);
      assert.deepEqual((await context.list({ states: ["queued"] })).toSorted(), ids.toSorted());
    },
  ],
  [
    "bound-per-kind-of-work",
    "the bound holds for each kind of work by itself",
    async (context) => {
      await context.addMany(2, { due: { in: 1_000 } });
      await context.addMany(2, { ttl: 1_000, hold: true });
      context.advance(1_000);
      const { promoted, expired, more } = await context.sweep(2);
      assert.deepEqual([promoted, expired, more], [2, 2, true]);
    },
  ],
  [
    "only-the-queues-given",
    "a sweep tends the queues it is given and no other",
    async (context) => {
      const a = await context.add({ queue: "a", due: { in: 1_000 } });
      const b = await context.add({ queue: "b", due: { in: 1_000 } });
      context.advance(1_000);
      const { promoted, nextDue } = await context.sweep(10, ["a"]);
      assert.deepEqual([promoted, nextDue], [1, null]);
      assert.deepEqual([await context.state(a, "a"), await context.state(b, "b")], ["queued", "delayed"]);
    },
  ],
  [
    "several-queues-add-up",
    "a sweep adds up what it did in several queues",
    async (context) => {
      await context.addMany(2, { queue: "a", due: { in: 1_000 } });
      await context.addMany(3, { queue: "b", due: { in: 1_000 } });
      context.advance(1_000);
      assert.equal((await context.sweep(10, ["a", "b"])).promoted, 5);
    },
  ],
  [
    "missing-queue-needs-none",
    "a queue that does not exist needs no sweeping, and does not exist afterwards",
    async (context) => {
      assert.deepEqual(await context.sweep(10, ["nowhere"]), {
        promoted: 0,
        recovered: 0,
        expired: 0,
        removed: 0,
        schedules: [],
        overdue: [],
        nextDue: null,
        nextRemoval: null,
        more: false,
      });
      assert.deepEqual(await context.engine.queues(), []);
    },
  ],
  [
    "several-sweeps-at-once",
    "several that sweep at once do everything once",
    async (context) => {
      await context.addMany(40, { due: { in: 1_000 } });
      const engines = [context.engine, await context.open(), await context.open()];
      context.advance(1_000);
      const answers = await Promise.all(engines.map(async (engine) => engine.sweep({ queues: [MAIN], limit: 100 })));
      assert.equal(
        answers.reduce((sum, { promoted }) => sum + promoted, 0),
        40,
      );
      assert.equal((await context.counts()).queued, 40);
    },
  ],
  [
    "1200-promoted-in-order",
    "1,200 jobs that are due at once are all promoted, in order",
    async (context) => {
      const ids = await context.addMany(1_200, { due: { in: 1_000 } });
      context.advance(1_000);
      const session = await context.session();
      const leased: string[] = [];
      for (let batch = await session.claimIds(500); batch.length > 0; batch = await session.claimIds(500)) {
        leased.push(...batch);
      }
      assert.deepEqual(leased, ids);
    },
  ],
]);
