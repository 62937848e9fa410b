/** Suspects, jobs whose workers died twice while they ran: a session gets one at a time, and the third death fails the job. */
import assert from "node:assert/strict";
import { CRASH_LIMIT, SUSPECT_FROM, WORKER_LOST } from "../../../../model/job/job.js";
import { crash, makeSuspects } from "../../context/lease-helpers.js";
import { scenarios } from "../../context/scenario.js";

export const suspects = scenarios("leases", [
  [
    "recovered-twice-is-a-suspect",
    "a job that was recovered twice is a suspect, and its lease says so",
    async (context) => {
      await context.add();
      const session = await context.session({ ttl: 1_000 });
      await session.next();
      context.advance(1_000);
      await context.sweep();
      const second = await (await context.session({ ttl: 1_000 })).next();
      context.advance(1_000);
      await context.sweep();
      const third = await (await context.session()).next();
      assert.deepEqual(
        [second, third].map(({ suspect, crashes, attempt, epoch }) => [suspect, crashes, attempt, epoch]),
        [
          [false, 1, 1, 2],
          [true, 2, 1, 3],
        ],
      );
    },
  ],
  [
    "recovered-once-run-together",
    "jobs that were recovered once run together again, in the order of their leases",
    async (context) => {
      const ids = await context.addMany(100);
      assert.deepEqual(await crash(context, 100), ids);
      const leased = await (await context.session()).claim(200);
      assert.deepEqual(
        leased.map(({ id }) => id),
        ids,
      );
      assert.deepEqual(new Set(leased.map(({ suspect, crashes }) => `${suspect} ${crashes}`)), new Set(["false 1"]));
    },
  ],
  [
    "one-suspect-per-session",
    "a session gets one suspect at a time, and innocent jobs beside it",
    async (context) => {
      await context.addMany(3);
      const suspects = await makeSuspects(context, 3);
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
      for (let death = 1; death <= SUSPECT_FROM; death += 1) {
        const dead = await context.session({ queues: ["a", "b"], ttl: 1_000 });
        await dead.claim(2);
        context.advance(1_000);
        assert.equal((await context.sweep(10, ["a", "b"])).recovered, 2);
      }
      const session = await context.session({ queues: ["a", "b"] });
      assert.equal((await session.claim(2)).length, 1);
    },
  ],
  [
    "claim-without-suspects",
    "a claim that wants no suspect gets none",
    async (context) => {
      await context.add();
      await makeSuspects(context);
      const innocent = await context.add();
      assert.deepEqual(await (await context.session()).claimIds(5, { suspect: false }), [innocent]);
    },
  ],
  [
    "suspect-counts-as-queued",
    "a suspect counts as queued and has its place in line",
    async (context) => {
      const suspect = await context.add();
      await crash(context);
      await context.add();
      await crash(context);
      const last = await context.add();
      assert.equal((await context.counts()).queued, 3);
      assert.deepEqual([await context.position(suspect), await context.position(last)], [2, 3]);
    },
  ],
  [
    "suspicion-ends-with-run",
    "a suspect whose run ends is none any more, though its crashes stay counted",
    async (context) => {
      await context.add();
      await makeSuspects(context);
      const session = await context.session();
      const lease = await session.next();
      await session.fail(lease, 0);
      const again = await session.next();
      assert.deepEqual([lease.suspect, again.suspect, again.crashes], [true, false, SUSPECT_FROM]);
    },
  ],
  [
    "suspect-handed-back",
    "a suspect that is handed back stays a suspect, at the head of the line",
    async (context) => {
      const suspect = await context.add();
      await makeSuspects(context);
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
      await makeSuspects(context, 4);
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
    "leased-ahead-outlives-two-deaths",
    "jobs that were leased with one that kills its worker at once, and never began, complete after two deaths; it fails at the third",
    async (context) => {
      const [poison = "", ...innocent] = await context.addMany(100);
      for (let death = 1; death <= 2; death += 1) assert.equal((await crash(context, 100)).length, 100);
      const alone = await context.session({ ttl: 1_000 });
      const third = await alone.claim(100);
      assert.deepEqual([third.map(({ id }) => id), third[0]?.suspect], [[poison], true]);
      context.advance(1_000);
      await context.sweep();
      assert.deepEqual([await context.state(poison), (await context.job(poison)).crashes], ["failed", CRASH_LIMIT]);
      const session = await context.session();
      for (let left = innocent.length; left > 0; left -= 1) {
        const leased = await session.claim(100);
        assert.equal(leased.length, 1, "one at a time");
        for (const lease of leased) await session.complete(lease);
      }
      assert.deepEqual([(await context.counts()).completed, (await context.counts()).failed], [innocent.length, 1]);
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
]);
