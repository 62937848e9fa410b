/** What each outcome does to a job, and what its history records of every run. */
import assert from "node:assert/strict";
import { LARGEST_FAILURE, plainFailure } from "../../../../model/failure/failure.js";
import { MOST_ATTEMPT_RECORDS } from "../../../../model/job/job.js";
import { RAN_BY_UNKNOWN } from "../../../contract/worker/builds.js";
import { progressOf } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM } from "../../context/test-session.js";

export const outcomes = scenarios("outcomes", [
  [
    "complete-keeps-result-and-time",
    "a job that completes keeps its result and the time",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      context.advance(250);
      assert.equal(await session.complete(lease, '{"ok":true}'), "applied");
      const job = await context.job(id);
      assert.deepEqual([job.state, job.result, job.attempt, job.worker], ["completed", '{"ok":true}', 1, null]);
      assert.equal(job.finishedAt, context.clock.now());
      assert.equal(job.startedAt, context.clock.now() - 250);
    },
  ],
  [
    "partial-keeps-its-half",
    "a job that half succeeds is partial and keeps its half",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.settle(await session.next(), { kind: "partial", result: '"half"' });
      const job = await context.job(id);
      assert.deepEqual([job.state, job.result, job.attempt], ["partial", '"half"', 1]);
    },
  ],
  [
    "retry-after-time-asked-for",
    "a failed run is tried again after the time its worker asked for",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.fail(await session.next(), 5_000);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.runAt], ["delayed", 1, context.clock.now() + 5_000]);
      context.advance(4_999);
      assert.deepEqual(await session.claimIds(1), []);
      context.advance(1);
      assert.equal((await session.next()).attempt, 2);
    },
  ],
  [
    "retry-at-once",
    "a failed run that is to be tried at once is queued again",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.fail(await session.next(), 0);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.runAt], ["queued", 1, context.clock.now()]);
    },
  ],
  [
    "final-failure-ends",
    "a failure that is final ends the job, whatever attempts are left",
    async (context) => {
      const id = await context.add({ attempts: 10 });
      const session = await context.session();
      await session.fail(await session.next(), null);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt], ["failed", 1]);
      assert.deepEqual(job.error, BOOM);
      assert.equal(job.finishedAt, context.clock.now());
    },
  ],
  [
    "last-attempt-ends",
    "the last attempt ends the job, whatever its worker asked for",
    async (context) => {
      const id = await context.add({ attempts: 3 });
      const session = await context.session();
      for (let run = 1; run <= 3; run += 1) await session.fail(await session.next(), 0);
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt], ["failed", 3]);
      assert.deepEqual(await session.claimIds(1), []);
    },
  ],
  [
    "one-attempt-only",
    "a job with one attempt is not tried again",
    async (context) => {
      const id = await context.add({ attempts: 1 });
      const session = await context.session();
      await session.fail(await session.next(), 1_000);
      assert.equal(await context.state(id), "failed");
    },
  ],
  [
    "snooze-is-not-counted",
    "a snoozed job comes back later and the run does not count",
    async (context) => {
      const id = await context.add({ attempts: 1 });
      const session = await context.session();
      await session.settle(await session.next(), { kind: "snooze", delay: 2_000 });
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.runAt], ["delayed", 0, context.clock.now() + 2_000]);
      context.advance(2_000);
      assert.equal((await session.next()).attempt, 1);
    },
  ],
  [
    "snooze-for-no-time",
    "a job snoozed for no time goes to the tail at once",
    async (context) => {
      const [first, second] = await context.addMany(2);
      const session = await context.session();
      await session.settle(await session.next(), { kind: "snooze", delay: 0 });
      assert.equal(await context.state(first ?? ""), "queued");
      assert.deepEqual(await session.claimIds(2), [second, first]);
    },
  ],
  [
    "handed-back-is-not-tried",
    "a job that is handed back has not been tried",
    async (context) => {
      const id = await context.add({ attempts: 1 });
      const session = await context.session();
      await session.settle(await session.next(), { kind: "return" });
      const job = await context.job(id);
      assert.deepEqual([job.state, job.attempt, job.crashes, job.worker], ["queued", 0, 0, null]);
      assert.equal((await session.next()).attempt, 1);
    },
  ],
  [
    "runs-are-written-down",
    "every run is written down: number, worker, times, outcome, error",
    async (context) => {
      const id = await context.add({ attempts: 9 });
      const start = context.clock.now();
      const crane = await context.session({ worker: { name: "crane" } });
      const winch = await context.session({ worker: { name: "winch" } });
      const early = plainFailure("TypeError", "no such berth", "E_BERTH");
      const first = await crane.next();
      context.advance(10);
      await crane.fail(first, 0, early);
      const second = await winch.next();
      context.advance(20);
      await winch.settle(second, { kind: "snooze", delay: 0 });
      const third = await winch.next();
      await winch.settle(third, { kind: "return" });
      const fourth = await crane.next();
      context.advance(30);
      await crane.complete(fourth);
      const { history } = await context.job(id);
      const runs = [
        { number: 1, worker: "crane", startedAt: start, endedAt: start + 10, outcome: "failed", error: early },
        { number: 2, worker: "winch", startedAt: start + 10, endedAt: start + 30, outcome: "snoozed", error: null },
        { number: 2, worker: "winch", startedAt: start + 30, endedAt: start + 30, outcome: "returned", error: null },
        { number: 2, worker: "crane", startedAt: start + 30, endedAt: start + 60, outcome: "completed", error: null },
      ];
      assert.deepEqual(
        history,
        runs.map((run) => ({ ...RAN_BY_UNKNOWN, ...run })),
      );
    },
  ],
  [
    "partial-and-cancelled-runs-written",
    "a partial run and a cancelled run are written down as such",
    async (context) => {
      const half = await context.add();
      const session = await context.session();
      await session.settle(await session.next(), { kind: "partial", result: null });
      const stopped = await context.add();
      await session.next();
      await context.control("cancel", stopped);
      assert.equal((await context.job(half)).history[0]?.outcome, "partial");
      assert.deepEqual((await context.job(stopped)).history[0]?.outcome, "cancelled");
      assert.equal((await context.job(stopped)).history.length, 1);
    },
  ],
  [
    "last-error-survives-completion",
    "the error of the last run that had one is kept, even when the job completes",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.fail(await session.next(), 0, plainFailure("A", "first", "1"));
      await session.fail(await session.next(), 0, plainFailure("B", "second", "2"));
      await session.complete(await session.next());
      assert.equal((await context.job(id)).error?.name, "B");
    },
  ],
  [
    "failure-at-most-16-kib",
    "a failure is stored in at most 16 KiB, whatever it was made of",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const huge = { ...BOOM, name: "n".repeat(1_000_000), code: "\0".repeat(100_000), stack: "s".repeat(100_000) };
      await session.fail(await session.next(), null, {
        ...huge,
        cause: { ...huge, cause: huge },
        errors: [huge, huge],
      });
      const { error, history } = await context.job(id);
      for (const stored of [error, history[0]?.error]) {
        assert.ok(stored?.name.startsWith("nnn"));
        assert.ok(Buffer.byteLength(JSON.stringify(stored)) <= LARGEST_FAILURE);
      }
    },
  ],
  [
    "failure-keeps-stack-and-cause",
    "a failure keeps its stack and what caused it",
    async (context) => {
      const error = { ...BOOM, stack: "at x\n  at y", cause: { ...BOOM, message: "below", code: null } };
      const id = await context.add();
      const session = await context.session();
      await session.fail(await session.next(), null, error);
      assert.deepEqual((await context.job(id)).error, error);
    },
  ],
  [
    "latest-runs-kept",
    `the latest ${MOST_ATTEMPT_RECORDS} runs are kept`,
    async (context) => {
      const id = await context.add({ attempts: 1_000 });
      const session = await context.session();
      for (let run = 1; run <= MOST_ATTEMPT_RECORDS + 5; run += 1) await session.fail(await session.next(), 0);
      const { history, attempt } = await context.job(id);
      assert.equal(history.length, MOST_ATTEMPT_RECORDS);
      assert.equal(history[0]?.number, 6);
      assert.equal(history.at(-1)?.number, MOST_ATTEMPT_RECORDS + 5);
      assert.equal(attempt, MOST_ATTEMPT_RECORDS + 5);
    },
  ],
  [
    "progress-starts-anew",
    "progress starts anew with every run",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await session.next();
      await session.report(lease, { progress: progressOf(80, "nearly") });
      await session.fail(lease, 0);
      assert.deepEqual((await context.job(id)).progress, progressOf(80, "nearly"));
      await session.next();
      assert.equal((await context.job(id)).progress, null);
    },
  ],
  [
    "three-attempts-with-backoff",
    "attempts: 3 with waits of 5 s and 10 s runs at 0, 5 and 15 s and then fails",
    async (context) => {
      const id = await context.add({ attempts: 3 });
      const session = await context.session({ ttl: 600_000 });
      const start = context.clock.now();
      const ran: number[] = [];
      for (const wait of [5_000, 10_000, 20_000]) {
        const lease = await session.next();
        ran.push((lease.leasedAt - start) / 1_000);
        await session.fail(lease, wait);
        context.advance(wait);
      }
      assert.deepEqual(ran, [0, 5, 15]);
      assert.equal(await context.state(id), "failed");
    },
  ],
  [
    "last-error-survives-many-runs",
    "the last error is kept though many runs without one came after it",
    async (context) => {
      const id = await context.add({ attempts: 1_000 });
      const session = await context.session();
      await session.fail(await session.next(), 0);
      for (let run = 0; run <= MOST_ATTEMPT_RECORDS; run += 1) {
        await session.settle(await session.next(), { kind: "snooze", delay: 0 });
      }
      assert.deepEqual((await context.job(id)).error, BOOM);
    },
  ],
  [
    "last-error-with-braces-survives",
    "the last error is kept whatever its message is, though many runs without one came after it",
    async (context) => {
      for (const message of ["a { b", "a } b", '"error":{}}', '\\"{\n']) {
        const id = await context.add({ attempts: 1_000, priority: 1 });
        const session = await context.session();
        const error = plainFailure("Error", message, "E_BRACE");
        await session.fail(await session.next(), 0, error);
        for (let run = 0; run <= MOST_ATTEMPT_RECORDS; run += 1) {
          await session.settle(await session.next(), { kind: "snooze", delay: 0 });
        }
        assert.deepEqual((await context.job(id)).error, error);
        await session.complete(await session.next());
      }
    },
  ],
  [
    "good-run-survives-retry",
    "a run that ended well stays written down when the job is tried again",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      await session.complete(await session.next());
      const { history } = await context.job(id);
      context.advance(5);
      await context.control("retry", id);
      assert.deepEqual((await context.job(id)).history, history);
      await session.next();
      assert.deepEqual(
        (await context.job(id)).history.map(({ number, outcome }) => [number, outcome]),
        [
          [1, "completed"],
          [1, null],
        ],
      );
    },
  ],
]);
