/** Leases end with their session: what happens to the jobs of a worker that died, and to those that kill workers. */
import assert from "node:assert/strict";
import { CRASH_LIMIT, WORKER_LOST } from "../../../../model/job/job.js";
import type { ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

/** Leases the next jobs to a session that is never heard of again, and recovers them. */
async function crash(context: ScenarioContext, max = 1): Promise<string[]> {
  const session = await context.session({ ttl: 1_000 });
  const ids = await session.claimIds(max);
  context.advance(1_000);
  await context.sweep();
  return ids;
}

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
    "recovered-is-a-suspect",
    "a recovered job is a suspect, and its lease says so",
    async (context) => {
      await context.add();
      await crash(context);
      const lease = await (await context.session()).next();
      assert.deepEqual([lease.suspect, lease.crashes, lease.attempt, lease.epoch], [true, 1, 1, 2]);
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
    "one-suspect-per-session",
    "a session gets one suspect at a time, and innocent jobs beside it",
    async (context) => {
      await context.addMany(3);
      const suspects = await crash(context, 3);
      const innocent = await context.addMany(2);
      const leased = await (await context.session()).claim(10);
      assert.equal(leased.filter((lease) => lease.suspect).length, 1);
      assert.deepEqual(leased.map((lease) => lease.id).toSorted(), [suspects[0] ?? "", ...innocent].toSorted());
      assert.equal((await context.counts()).queued, 2);
    },
  ],
  [
    "one-suspect-over-all-queues",
    "one suspect is leased over all queues of a claim",
    async (context) => {
      await context.add({ queue: "a" });
      await context.add({ queue: "b" });
      const dead = await context.session({ queues: ["a", "b"], ttl: 1_000 });
      await dead.claim(2);
      context.advance(1_000);
      assert.equal((await context.sweep(10, ["a", "b"])).recovered, 2);
      const session = await context.session({ queues: ["a", "b"] });
      assert.equal((await session.claim(2)).length, 1);
    },
  ],
  [
    "claim-without-suspects",
    "a claim that wants no suspect gets none",
    async (context) => {
      await context.add();
      await crash(context);
      const innocent = await context.add();
      assert.deepEqual(await (await context.session()).claimIds(5, { suspect: false }), [innocent]);
    },
  ],
  [
    "suspect-counts-as-queued",
    "a suspect counts as queued and has its place in line",
    async (context) => {
      const suspect = await context.add();
      await context.add();
      await crash(context);
      const last = await context.add();
      assert.equal((await context.counts()).queued, 3);
      assert.deepEqual([await context.position(suspect), await context.position(last)], [2, 3]);
    },
  ],
  [
    "suspicion-ends-with-run",
    "a suspect whose run ends is none any more, though its crash stays counted",
    async (context) => {
      await context.add();
      await crash(context);
      const session = await context.session();
      const lease = await session.next();
      await session.fail(lease, 0);
      const again = await session.next();
      assert.deepEqual([again.suspect, again.crashes], [false, 1]);
    },
  ],
  [
    "suspect-handed-back",
    "a suspect that is handed back stays a suspect, at the head of the line",
    async (context) => {
      const suspect = await context.add();
      await crash(context);
      const session = await context.session();
      const lease = await session.next();
      const [waiting] = await context.addMany(1);
      await session.settle(lease, { kind: "return" });
      const again = await session.claim(5);
      assert.deepEqual(
        again.map(({ id, suspect: flag }) => [id, flag]),
        [
          [suspect, true],
          [waiting, false],
        ],
      );
    },
  ],
  [
    "suspect-can-be-commanded",
    "a suspect can be cancelled, removed, given another priority and another time",
    async (context) => {
      const ids = await context.addMany(4);
      await crash(context, 4);
      const [cancelled = "", removed = "", urgent = "", later = ""] = ids;
      await context.control("cancel", cancelled);
      await context.control("remove", removed);
      await context.update(urgent, { priority: -5 });
      await context.update(later, { due: { in: 1_000 } });
      assert.deepEqual(await context.list(), [later, urgent, cancelled]);
      context.advance(1_000);
      await context.sweep();
      assert.deepEqual(await context.list(), [urgent, later, cancelled]);
    },
  ],
  [
    "too-many-deaths-are-lost",
    `a job whose worker died ${CRASH_LIMIT} times fails as lost with its workers`,
    async (context) => {
      const id = await context.add({ attempts: 10 });
      for (let death = 1; death <= CRASH_LIMIT; death += 1) await crash(context);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.crashes, job.attempt], ["failed", CRASH_LIMIT, 0]);
      assert.equal(job.error?.code, WORKER_LOST);
      assert.equal(job.history.at(-1)?.error?.code, WORKER_LOST);
      assert.deepEqual(
        job.history.map(({ outcome }) => outcome),
        ["crashed", "crashed", "crashed"],
      );
      assert.equal(job.finishedAt, context.clock.now());
      assert.deepEqual(await (await context.session()).claimIds(1), []);
    },
  ],
  [
    "poison-fails-alone",
    "a poison job among 50 fails alone, and its innocent neighbours complete",
    async (context) => {
      const ids = await context.addMany(51);
      const poison = ids[25] ?? "";
      for (let life = 0; life < 200 && (await context.state(poison)) !== "failed"; life += 1) {
        const session = await context.session({ ttl: 1_000 });
        let holdsSuspect = false;
        for (;;) {
          const leased = await session.claim(5, { suspect: !holdsSuspect });
          if (leased.length === 0) break;
          holdsSuspect ||= leased.some((lease) => lease.suspect);
          // The poison job takes the process with it before anything else of this claim ends.
          if (leased.some((lease) => lease.id === poison)) break;
          for (const lease of leased) {
            await session.complete(lease);
            if (lease.suspect) holdsSuspect = false;
          }
        }
        context.advance(1_000);
        await context.sweep();
      }
      const session = await context.session();
      for (let [lease] = await session.claim(); lease !== undefined; [lease] = await session.claim()) {
        await session.complete(lease);
      }
      const { completed, failed } = await context.counts();
      assert.deepEqual([completed, failed], [50, 1]);
      assert.equal((await context.job(poison)).error?.code, WORKER_LOST);
    },
  ],
  [
    "retried-by-hand-has-no-crashes",
    "a job that is tried again by hand has no crashes behind it",
    async (context) => {
      const id = await context.add();
      for (let death = 1; death <= CRASH_LIMIT; death += 1) await crash(context);
      await context.control("retry", id);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.crashes], ["queued", 0]);
      assert.equal((await (await context.session()).next()).suspect, false);
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
