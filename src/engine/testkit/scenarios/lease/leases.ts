/** Leases end with their session: what happens to the jobs of a worker that died, and to those that kill workers. */
import assert from "node:assert/strict";
import { CRASH_LIMIT, WORKER_LOST } from "../../../../model/job/job.js";
import type { Kit } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

/** Leases the next jobs to a session that is never heard of again, and recovers them. */
async function crash(kit: Kit, max = 1): Promise<string[]> {
  const session = await kit.session({ ttl: 1_000 });
  const ids = await session.claimIds(max);
  kit.advance(1_000);
  await kit.sweep();
  return ids;
}

export const leases = scenarios("leases", [
  [
    "live-session-left-alone",
    "the jobs of a session that lives are left alone",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session({ ttl: 1_000 });
      await session.next();
      for (let beat = 0; beat < 5; beat += 1) {
        kit.advance(999);
        assert.equal((await session.heartbeat()).alive, true);
        assert.equal((await kit.sweep()).recovered, 0);
      }
      assert.equal(await kit.state(id), "active");
    },
  ],
  [
    "crashes-are-not-attempts",
    "the jobs of a session that ended its time are queued again, as crashes and not as attempts",
    async (kit) => {
      const ids = await kit.addMany(3);
      const session = await kit.session({ ttl: 1_000, worker: { name: "gone" } });
      await session.claim(3);
      kit.advance(1_000);
      assert.equal((await kit.sweep()).recovered, 3);
      for (const id of ids) {
        const job = await kit.job(id);
        assert.deepEqual([job.state, job.attempt, job.crashes, job.worker], ["queued", 0, 1, null]);
        assert.equal(job.runAt, kit.clock.now());
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
    async (kit) => {
      await kit.add();
      const session = await kit.session({ ttl: 1_000 });
      await session.next();
      kit.advance(999);
      assert.equal((await kit.sweep()).recovered, 0);
      kit.advance(1);
      assert.equal((await kit.sweep()).recovered, 1);
    },
  ],
  [
    "recovered-once-by-many-sweeps",
    "jobs are recovered once, however many sweep",
    async (kit) => {
      const id = await kit.add();
      await (await kit.session({ ttl: 1_000 })).next();
      kit.advance(1_000);
      const other = await kit.open();
      const sweeps = await Promise.all(
        [kit.engine, other, kit.engine].map(async (engine) => engine.sweep({ queues: ["main"], limit: 10 })),
      );
      assert.equal(
        sweeps.reduce((sum, { recovered }) => sum + recovered, 0),
        1,
      );
      assert.equal((await kit.job(id)).crashes, 1);
    },
  ],
  [
    "recovered-is-a-suspect",
    "a recovered job is a suspect, and its lease says so",
    async (kit) => {
      await kit.add();
      await crash(kit);
      const lease = await (await kit.session()).next();
      assert.deepEqual([lease.suspect, lease.crashes, lease.attempt, lease.epoch], [true, 1, 1, 2]);
    },
  ],
  [
    "recovered-to-tail",
    "a recovered job goes to the tail of its priority",
    async (kit) => {
      const [first, second, third] = await kit.addMany(3);
      assert.deepEqual(await crash(kit), [first]);
      assert.deepEqual(await kit.list({ states: ["queued"] }), [second, third, first]);
      assert.deepEqual(await (await kit.session()).claimIds(5), [second, third, first]);
    },
  ],
  [
    "later-jobs-behind-recovered",
    "jobs that come later stand behind a recovered one",
    async (kit) => {
      const first = await kit.add();
      await crash(kit);
      const later = await kit.add();
      const session = await kit.session();
      assert.deepEqual(await session.claimIds(2), [first, later]);
    },
  ],
  [
    "recovered-of-lower-number-first",
    "a recovered job of a lower number still runs first",
    async (kit) => {
      const urgent = await kit.add({ priority: -1 });
      await crash(kit);
      const usual = await kit.add();
      assert.deepEqual(await (await kit.session()).claimIds(5), [urgent, usual]);
    },
  ],
  [
    "one-suspect-per-session",
    "a session gets one suspect at a time, and innocent jobs beside it",
    async (kit) => {
      await kit.addMany(3);
      const suspects = await crash(kit, 3);
      const innocent = await kit.addMany(2);
      const leased = await (await kit.session()).claim(10);
      assert.equal(leased.filter((lease) => lease.suspect).length, 1);
      assert.deepEqual(leased.map((lease) => lease.id).toSorted(), [suspects[0] ?? "", ...innocent].toSorted());
      assert.equal((await kit.counts()).queued, 2);
    },
  ],
  [
    "one-suspect-over-all-queues",
    "one suspect is leased over all queues of a claim",
    async (kit) => {
      await kit.add({ queue: "a" });
      await kit.add({ queue: "b" });
      const dead = await kit.session({ queues: ["a", "b"], ttl: 1_000 });
      await dead.claim(2);
      kit.advance(1_000);
      assert.equal((await kit.sweep(10, ["a", "b"])).recovered, 2);
      const session = await kit.session({ queues: ["a", "b"] });
      assert.equal((await session.claim(2)).length, 1);
    },
  ],
  [
    "claim-without-suspects",
    "a claim that wants no suspect gets none",
    async (kit) => {
      await kit.add();
      await crash(kit);
      const innocent = await kit.add();
      assert.deepEqual(await (await kit.session()).claimIds(5, { suspect: false }), [innocent]);
    },
  ],
  [
    "suspect-counts-as-queued",
    "a suspect counts as queued and has its place in line",
    async (kit) => {
      const suspect = await kit.add();
      await kit.add();
      await crash(kit);
      const last = await kit.add();
      assert.equal((await kit.counts()).queued, 3);
      assert.deepEqual([await kit.position(suspect), await kit.position(last)], [2, 3]);
    },
  ],
  [
    "suspicion-ends-with-run",
    "a suspect whose run ends is none any more, though its crash stays counted",
    async (kit) => {
      await kit.add();
      await crash(kit);
      const session = await kit.session();
      const lease = await session.next();
      await session.fail(lease, 0);
      const again = await session.next();
      assert.deepEqual([again.suspect, again.crashes], [false, 1]);
    },
  ],
  [
    "suspect-handed-back",
    "a suspect that is handed back stays a suspect, at the head of the line",
    async (kit) => {
      const suspect = await kit.add();
      await crash(kit);
      const session = await kit.session();
      const lease = await session.next();
      const [waiting] = await kit.addMany(1);
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
    async (kit) => {
      const ids = await kit.addMany(4);
      await crash(kit, 4);
      const [cancelled = "", removed = "", urgent = "", later = ""] = ids;
      await kit.control("cancel", cancelled);
      await kit.control("remove", removed);
      await kit.update(urgent, { priority: -5 });
      await kit.update(later, { due: { in: 1_000 } });
      assert.deepEqual(await kit.list(), [later, urgent, cancelled]);
      kit.advance(1_000);
      await kit.sweep();
      assert.deepEqual(await kit.list(), [urgent, later, cancelled]);
    },
  ],
  [
    "too-many-deaths-are-lost",
    `a job whose worker died ${CRASH_LIMIT} times fails as lost with its workers`,
    async (kit) => {
      const id = await kit.add({ attempts: 10 });
      for (let death = 1; death <= CRASH_LIMIT; death += 1) await crash(kit);
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.crashes, job.attempt], ["failed", CRASH_LIMIT, 0]);
      assert.equal(job.error?.code, WORKER_LOST);
      assert.equal(job.history.at(-1)?.error?.code, WORKER_LOST);
      assert.deepEqual(
        job.history.map(({ outcome }) => outcome),
        ["crashed", "crashed", "crashed"],
      );
      assert.equal(job.finishedAt, kit.clock.now());
      assert.deepEqual(await (await kit.session()).claimIds(1), []);
    },
  ],
  [
    "poison-fails-alone",
    "a poison job among 50 fails alone, and its innocent neighbours complete",
    async (kit) => {
      const ids = await kit.addMany(51);
      const poison = ids[25] ?? "";
      for (let life = 0; life < 200 && (await kit.state(poison)) !== "failed"; life += 1) {
        const session = await kit.session({ ttl: 1_000 });
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
        kit.advance(1_000);
        await kit.sweep();
      }
      const session = await kit.session();
      for (let [lease] = await session.claim(); lease !== undefined; [lease] = await session.claim()) {
        await session.complete(lease);
      }
      const { completed, failed } = await kit.counts();
      assert.deepEqual([completed, failed], [50, 1]);
      assert.equal((await kit.job(poison)).error?.code, WORKER_LOST);
    },
  ],
  [
    "retried-by-hand-has-no-crashes",
    "a job that is tried again by hand has no crashes behind it",
    async (kit) => {
      const id = await kit.add();
      for (let death = 1; death <= CRASH_LIMIT; death += 1) await crash(kit);
      await kit.control("retry", id);
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.crashes], ["queued", 0]);
      assert.equal((await (await kit.session()).next()).suspect, false);
    },
  ],
  [
    "dead-session-of-two-queues",
    "a session that died with jobs of two queues loses those of each to its own sweep",
    async (kit) => {
      const a = await kit.add({ queue: "a" });
      const b = await kit.add({ queue: "b" });
      const session = await kit.session({ queues: ["a", "b"], ttl: 1_000 });
      await session.claim(2);
      kit.advance(1_000);
      assert.equal((await kit.sweep(10, ["a"])).recovered, 1);
      assert.deepEqual([await kit.state(a, "a"), await kit.state(b, "b")], ["queued", "active"]);
      assert.equal((await kit.sweep(10, ["b"])).recovered, 1);
      assert.equal(await kit.state(b, "b"), "queued");
    },
  ],
  [
    "sweep-limit-on-recovery",
    "a sweep recovers no more jobs than it may, and says that there are more",
    async (kit) => {
      await kit.addMany(5);
      await (await kit.session({ ttl: 1_000 })).claim(5);
      kit.advance(1_000);
      const first = await kit.sweep(3);
      assert.deepEqual([first.recovered, first.more], [3, true]);
      const second = await kit.sweep(3);
      assert.deepEqual([second.recovered, second.more], [2, false]);
      assert.equal((await kit.counts()).queued, 5);
    },
  ],
  [
    "1200-recovered",
    "1,200 jobs of a dead session are all recovered",
    async (kit) => {
      await kit.addMany(1_200);
      await (await kit.session({ ttl: 1_000 })).claim(1_200);
      kit.advance(1_000);
      let recovered = 0;
      for (let answer = await kit.sweep(500); answer.recovered > 0; answer = await kit.sweep(500)) {
        recovered += answer.recovered;
      }
      assert.equal(recovered, 1_200);
      assert.equal((await kit.counts()).queued, 1_200);
    },
  ],
]);
