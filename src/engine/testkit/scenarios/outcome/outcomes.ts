/** What each outcome does to a job, and what is written down about every run. */
import assert from "node:assert/strict";
import { LARGEST_FAILURE, plainFailure } from "../../../../model/failure/failure.js";
import { MOST_ATTEMPT_RECORDS } from "../../../../model/job/job.js";
import { said } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";
import { BOOM } from "../../kit/test-session.js";

export const outcomes = scenarios("outcomes", [
  [
    "complete-keeps-result-and-time",
    "a job that completes keeps its result and the time",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      const lease = await session.next();
      kit.advance(250);
      assert.equal(await session.complete(lease, '{"ok":true}'), "applied");
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.result, job.attempt, job.worker], ["completed", '{"ok":true}', 1, null]);
      assert.equal(job.finishedAt, kit.clock.now());
      assert.equal(job.startedAt, kit.clock.now() - 250);
    },
  ],
  [
    "partial-keeps-its-half",
    "a job that half succeeds is partial and keeps its half",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      await session.settle(await session.next(), { kind: "partial", result: '"half"' });
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.result, job.attempt], ["partial", '"half"', 1]);
    },
  ],
  [
    "retry-after-time-asked-for",
    "a failed run is tried again after the time its worker asked for",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      await session.fail(await session.next(), 5_000);
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.attempt, job.runAt], ["delayed", 1, kit.clock.now() + 5_000]);
      kit.advance(4_999);
      assert.deepEqual(await session.claimIds(1), []);
      kit.advance(1);
      assert.equal((await session.next()).attempt, 2);
    },
  ],
  [
    "retry-at-once",
    "a failed run that is to be tried at once is queued again",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      await session.fail(await session.next(), 0);
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.attempt, job.runAt], ["queued", 1, kit.clock.now()]);
    },
  ],
  [
    "final-failure-ends",
    "a failure that is final ends the job, whatever attempts are left",
    async (kit) => {
      const id = await kit.add({ attempts: 10 });
      const session = await kit.session();
      await session.fail(await session.next(), null);
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.attempt], ["failed", 1]);
      assert.deepEqual(job.error, BOOM);
      assert.equal(job.finishedAt, kit.clock.now());
    },
  ],
  [
    "last-attempt-ends",
    "the last attempt ends the job, whatever its worker asked for",
    async (kit) => {
      const id = await kit.add({ attempts: 3 });
      const session = await kit.session();
      for (let run = 1; run <= 3; run += 1) await session.fail(await session.next(), 0);
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.attempt], ["failed", 3]);
      assert.deepEqual(await session.claimIds(1), []);
    },
  ],
  [
    "one-attempt-only",
    "a job with one attempt is not tried again",
    async (kit) => {
      const id = await kit.add({ attempts: 1 });
      const session = await kit.session();
      await session.fail(await session.next(), 1_000);
      assert.equal(await kit.state(id), "failed");
    },
  ],
  [
    "snooze-is-not-counted",
    "a snoozed job comes back later and the run does not count",
    async (kit) => {
      const id = await kit.add({ attempts: 1 });
      const session = await kit.session();
      await session.settle(await session.next(), { kind: "snooze", delay: 2_000 });
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.attempt, job.runAt], ["delayed", 0, kit.clock.now() + 2_000]);
      kit.advance(2_000);
      assert.equal((await session.next()).attempt, 1);
    },
  ],
  [
    "snooze-for-no-time",
    "a job snoozed for no time goes to the tail at once",
    async (kit) => {
      const [first, second] = await kit.addMany(2);
      const session = await kit.session();
      await session.settle(await session.next(), { kind: "snooze", delay: 0 });
      assert.equal(await kit.state(first ?? ""), "queued");
      assert.deepEqual(await session.claimIds(2), [second, first]);
    },
  ],
  [
    "handed-back-is-not-tried",
    "a job that is handed back has not been tried",
    async (kit) => {
      const id = await kit.add({ attempts: 1 });
      const session = await kit.session();
      await session.settle(await session.next(), { kind: "return" });
      const job = await kit.job(id);
      assert.deepEqual([job.state, job.attempt, job.crashes, job.worker], ["queued", 0, 0, null]);
      assert.equal((await session.next()).attempt, 1);
    },
  ],
  [
    "runs-are-written-down",
    "every run is written down: number, worker, times, outcome, error",
    async (kit) => {
      const id = await kit.add({ attempts: 9 });
      const start = kit.clock.now();
      const crane = await kit.session({ worker: { name: "crane" } });
      const winch = await kit.session({ worker: { name: "winch" } });
      const early = plainFailure("TypeError", "no such berth", "E_BERTH");
      const first = await crane.next();
      kit.advance(10);
      await crane.fail(first, 0, early);
      const second = await winch.next();
      kit.advance(20);
      await winch.settle(second, { kind: "snooze", delay: 0 });
      const third = await winch.next();
      await winch.settle(third, { kind: "return" });
      const fourth = await crane.next();
      kit.advance(30);
      await crane.complete(fourth);
      const { history } = await kit.job(id);
      assert.deepEqual(history, [
        { number: 1, worker: "crane", startedAt: start, endedAt: start + 10, outcome: "failed", error: early },
        { number: 2, worker: "winch", startedAt: start + 10, endedAt: start + 30, outcome: "snoozed", error: null },
        { number: 2, worker: "winch", startedAt: start + 30, endedAt: start + 30, outcome: "returned", error: null },
        { number: 2, worker: "crane", startedAt: start + 30, endedAt: start + 60, outcome: "completed", error: null },
      ]);
    },
  ],
  [
    "partial-and-cancelled-runs-written",
    "a partial run and a cancelled run are written down as such",
    async (kit) => {
      const half = await kit.add();
      const session = await kit.session();
      await session.settle(await session.next(), { kind: "partial", result: null });
      const stopped = await kit.add();
      await session.next();
      await kit.control("cancel", stopped);
      assert.equal((await kit.job(half)).history[0]?.outcome, "partial");
      assert.deepEqual((await kit.job(stopped)).history[0]?.outcome, "cancelled");
      assert.equal((await kit.job(stopped)).history.length, 1);
    },
  ],
  [
    "last-error-survives-completion",
    "the error of the last run that had one is kept, even when the job completes",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      await session.fail(await session.next(), 0, plainFailure("A", "first", "1"));
      await session.fail(await session.next(), 0, plainFailure("B", "second", "2"));
      await session.complete(await session.next());
      assert.equal((await kit.job(id)).error?.name, "B");
    },
  ],
  [
    "failure-at-most-16-kib",
    "a failure is stored in at most 16 KiB, whatever it was made of",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      const huge = { ...BOOM, name: "n".repeat(1_000_000), code: "\0".repeat(100_000), stack: "s".repeat(100_000) };
      await session.fail(await session.next(), null, {
        ...huge,
        cause: { ...huge, cause: huge },
        errors: [huge, huge],
      });
      const { error, history } = await kit.job(id);
      for (const stored of [error, history[0]?.error]) {
        assert.ok(stored?.name.startsWith("nnn"));
        assert.ok(Buffer.byteLength(JSON.stringify(stored)) <= LARGEST_FAILURE);
      }
    },
  ],
  [
    "failure-keeps-stack-and-cause",
    "a failure keeps its stack and what caused it",
    async (kit) => {
      const error = { ...BOOM, stack: "at x\n  at y", cause: { ...BOOM, message: "below", code: null } };
      const id = await kit.add();
      const session = await kit.session();
      await session.fail(await session.next(), null, error);
      assert.deepEqual((await kit.job(id)).error, error);
    },
  ],
  [
    "latest-runs-kept",
    `the latest ${MOST_ATTEMPT_RECORDS} runs are kept`,
    async (kit) => {
      const id = await kit.add({ attempts: 1_000 });
      const session = await kit.session();
      for (let run = 1; run <= MOST_ATTEMPT_RECORDS + 5; run += 1) await session.fail(await session.next(), 0);
      const { history, attempt } = await kit.job(id);
      assert.equal(history.length, MOST_ATTEMPT_RECORDS);
      assert.equal(history[0]?.number, 6);
      assert.equal(history.at(-1)?.number, MOST_ATTEMPT_RECORDS + 5);
      assert.equal(attempt, MOST_ATTEMPT_RECORDS + 5);
    },
  ],
  [
    "progress-starts-anew",
    "progress starts anew with every run",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      const lease = await session.next();
      await session.report(lease, { progress: said(80, "nearly") });
      await session.fail(lease, 0);
      assert.deepEqual((await kit.job(id)).progress, said(80, "nearly"));
      await session.next();
      assert.equal((await kit.job(id)).progress, null);
    },
  ],
  [
    "three-attempts-with-backoff",
    "attempts: 3 with waits of 5 s and 10 s runs at 0, 5 and 15 s and then fails",
    async (kit) => {
      const id = await kit.add({ attempts: 3 });
      const session = await kit.session({ ttl: 600_000 });
      const start = kit.clock.now();
      const ran: number[] = [];
      for (const wait of [5_000, 10_000, 20_000]) {
        const lease = await session.next();
        ran.push((lease.leasedAt - start) / 1_000);
        await session.fail(lease, wait);
        kit.advance(wait);
      }
      assert.deepEqual(ran, [0, 5, 15]);
      assert.equal(await kit.state(id), "failed");
    },
  ],
  [
    "last-error-survives-many-runs",
    "the last error is kept though many runs without one came after it",
    async (kit) => {
      const id = await kit.add({ attempts: 1_000 });
      const session = await kit.session();
      await session.fail(await session.next(), 0);
      for (let run = 0; run <= MOST_ATTEMPT_RECORDS; run += 1) {
        await session.settle(await session.next(), { kind: "snooze", delay: 0 });
      }
      assert.deepEqual((await kit.job(id)).error, BOOM);
    },
  ],
  [
    "good-run-survives-retry",
    "a run that ended well stays written down when the job is tried again",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      await session.complete(await session.next());
      const { history } = await kit.job(id);
      kit.advance(5);
      await kit.control("retry", id);
      assert.deepEqual((await kit.job(id)).history, history);
      await session.next();
      assert.deepEqual(
        (await kit.job(id)).history.map(({ number, outcome }) => [number, outcome]),
        [
          [1, "completed"],
          [1, null],
        ],
      );
    },
  ],
]);
