/** Leases end with their session: the jobs of a worker that died are recovered once, by any sweep, to the tail of their line. */
import assert from "node:assert/strict";
import { crash } from "../../context/lease-helpers.js";
import { scenarios } from "../../context/scenario.js";

export const leases = scenarios("leases", [
  [
    "live-session-left-alone",
    "the jobs of a session that lives are left alone",
    async (context) => {
      const id = await context.add();
      const session = await context.session({ ttl: 1_000 });
      await session.next();
      for (let beat = 0; beat < 5; beat += 1) {
        context.advance(999);
        assert.equal((await session.heartbeat()).alive, true);
        assert.equal((await context.sweep()).recovered, 0);
      }
      assert.equal(await context.state(id), "active");
    },
  ],
  [
    "crashes-are-not-attempts",
    "the jobs of a session that ended its time are queued again, as crashes and not as attempts",
    async (context) => {
      const ids = await context.addMany(3);
      const session = await context.session({ ttl: 1_000, worker: { name: "gone" } });
      await session.claim(3);
      context.advance(1_000);
      assert.equal((await context.sweep()).recovered, 3);
      for (const id of ids) {
        const job = await context.job(id);
        assert.deepEqual([job.state, job.attempt, job.crashes, job.worker], ["queued", 0, 1, null]);
        assert.equal(job.runAt, context.clock.now());
        assert.deepEqual(
          job.history.map(({ number, worker, outcome, error }) => [number, worker, outcome, error]),
          [[1, "gone", "crashed", null]],
        );
      }
    },
  ],
  [
    "alive-to-last-millisecond",
    "a session is alive to the last millisecond of its time and dead after it",
    async (context) => {
      await context.add();
      const session = await context.session({ ttl: 1_000 });
      await session.next();
      context.advance(999);
      assert.equal((await context.sweep()).recovered, 0);
      context.advance(1);
      assert.equal((await context.sweep()).recovered, 1);
    },
  ],
  [
    "recovered-once-by-many-sweeps",
    "jobs are recovered once, however many sweep",
    async (context) => {
      const id = await context.add();
      await (await context.session({ ttl: 1_000 })).next();
      context.advance(1_000);
      const other = await context.open();
      const sweeps = await Promise.all(
        [context.engine, other, context.engine].map(async (engine) => engine.sweep({ queues: ["main"], limit: 10 })),
      );
      assert.equal(
        sweeps.reduce((sum, { recovered }) => sum + recovered, 0),
        1,
      );
      assert.equal((await context.job(id)).crashes, 1);
    },
  ],
  [
    "recovered-to-tail",
    "a recovered job goes to the tail of its priority",
    async (context) => {
      const [first, second, third] = await context.addMany(3);
      assert.deepEqual(await crash(context), [first]);
      assert.deepEqual(await context.list({ states: ["queued"] }), [second, third, first]);
      assert.deepEqual(await (await context.session()).claimIds(5), [second, third, first]);
    },
  ],
  [
    "later-jobs-behind-recovered",
    "jobs that come later stand behind a recovered one",
    async (context) => {
      const first = await context.add();
      await crash(context);
      const later = await context.add();
      const session = await context.session();
      assert.deepEqual(await session.claimIds(2), [first, later]);
    },
  ],
  [
    "recovered-of-lower-number-first",
    "a recovered job of a lower number still runs first",
    async (context) => {
      const urgent = await context.add({ priority: -1 });
      await crash(context);
      const usual = await context.add();
      assert.deepEqual(await (await context.session()).claimIds(5), [urgent, usual]);
    },
  ],
  [
    "dead-session-of-two-queues",
    "a session that died with jobs of two queues loses those of each to its own sweep",
    async (context) => {
      const a = await context.add({ queue: "a" });
      const b = await context.add({ queue: "b" });
      const session = await context.session({ queues: ["a", "b"], ttl: 1_000 });
      await session.claim(2);
      context.advance(1_000);
      assert.equal((await context.sweep(10, ["a"])).recovered, 1);
      assert.deepEqual([await context.state(a, "a"), await context.state(b, "b")], ["queued", "active"]);
      assert.equal((await context.sweep(10, ["b"])).recovered, 1);
      assert.equal(await context.state(b, "b"), "queued");
    },
  ],
  [
    "sweep-limit-on-recovery",
    "a sweep recovers no more jobs than it may, and says that there are more",
    async (context) => {
      await context.addMany(5);
      await (await context.session({ ttl: 1_000 })).claim(5);
      context.advance(1_000);
      const first = await context.sweep(3);
      assert.deepEqual([first.recovered, first.more], [3, true]);
      const second = await context.sweep(3);
      assert.deepEqual([second.recovered, second.more], [2, false]);
      assert.equal((await context.counts()).queued, 5);
    },
  ],
  [
    "recovered-as-leased",
    "jobs of dead sessions are recovered in the order in which they were leased, whosever they were",
    async (context) => {
      const sessions = [await context.session({ ttl: 1_000 }), await context.session({ ttl: 1_000 })];
      const leased: string[] = [];
      for (const id of ["d", "a", "c", "b"]) {
        await context.add({ id, nonce: "n", tags: id === "c" ? ["tag"] : [] });
        leased.push(...((await sessions[leased.length % 2]?.claimIds(1)) ?? []));
      }
      context.advance(1_000);
      const recovered: string[] = [];
      while (recovered.length < leased.length) {
        assert.equal((await context.sweep(1)).recovered, 1);
        recovered.push(...(await context.list({ states: ["queued"] })).filter((id) => !recovered.includes(id)));
      }
      assert.deepEqual([leased, recovered], [["d", "a", "c", "b"], leased]);
    },
  ],
  [
    "1200-recovered",
    "1,200 jobs of a dead session are all recovered",
    async (context) => {
      await context.addMany(1_200);
      await (await context.session({ ttl: 1_000 })).claim(1_200);
      context.advance(1_000);
      let recovered = 0;
      for (let answer = await context.sweep(500); answer.recovered > 0; answer = await context.sweep(500)) {
        recovered += answer.recovered;
      }
      assert.equal(recovered, 1_200);
      assert.equal((await context.counts()).queued, 1_200);
    },
  ],
]);
