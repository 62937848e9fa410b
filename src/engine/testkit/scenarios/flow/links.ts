/** Links between jobs stay: dependencies after a retry, what retention keeps for them, runs that wait for other jobs. */
import assert from "node:assert/strict";
import type { JobSpec } from "../../../../model/job/job.js";
import { DEFAULT_RETENTION } from "../../../../model/job/retention.js";
import { after, DAY, ends, OTHER, pair, stateOf, take } from "../../context/dependency-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const links = scenarios("links", [
  [
    "both-retried-wait-again",
    "a job that failed for its dependency waits for it again when both are retried",
    async (context) => {
      const [first, second] = await pair(context, "fail");
      const session = await context.session();
      await session.fail(await take(session, first), null);
      await context.control("retry", first);
      const answer = await context.control("retry", { queue: OTHER, id: second });
      assert.deepEqual(answer, { outcome: "applied", state: "blocked" });
      assert.deepEqual(await ends(context, second), [null]);
      await session.complete(await take(session, first));
      assert.equal(await stateOf(context, second), "queued");
    },
  ],
  [
    "retried-alone-fails-again",
    "a job that failed for its dependency fails again when it alone is retried",
    async (context) => {
      const [first, second] = await pair(context, "fail");
      const session = await context.session();
      await session.fail(await take(session, first), null);
      await context.control("retry", { queue: OTHER, id: second });
      assert.equal(await stateOf(context, second), "failed");
      await context.control("retry", first);
      assert.equal(await stateOf(context, second), "failed", "a retry is of one job");
    },
  ],
  [
    "retry-skips-what-succeeded",
    "a retried job does not wait again for what succeeded",
    async (context) => {
      const [one = "", two = ""] = await context.addMany(2);
      const last = await context.add({ queue: OTHER, after: after([one, two]) });
      const session = await context.session({ queues: [MAIN, OTHER] });
      const [first, second] = await session.claim(2);
      assert.ok(first && second);
      await session.complete(first);
      await session.complete(second);
      await session.fail(await take(session, last), null);
      const answer = await context.control("retry", { queue: OTHER, id: last });
      assert.equal(answer.state, "queued");
    },
  ],
  [
    "age-waits-for-dependents",
    "a dependency is kept beyond its age while a job depends on it, and is removed after that",
    async (context) => {
      const [first, second] = await pair(context, "fail", { retention: longer(10) });
      const session = await context.session({ queues: [MAIN, OTHER], ttl: 100 * DAY });
      await session.complete(await take(session, first), '"kept"');
      await session.complete(await take(session, second));
      context.advance(2 * DAY);
      await context.sweep(100, [MAIN, OTHER]);
      assert.equal((await context.job(first)).result, '"kept"');
      context.advance(8 * DAY);
      await context.sweep(100, [MAIN, OTHER]);
      assert.equal(await context.find(second, OTHER), null);
      await context.sweep(100, [MAIN, OTHER]);
      assert.equal(await context.find(first), null);
    },
  ],
  [
    "count-waits-for-dependents",
    "a dependency that is kept by count, or not at all, stays while a job depends on it",
    async (context) => {
      const none = { completed: { age: DAY, count: 0 }, failed: { age: DAY, count: 0 } };
      const first = await context.add({ retention: none });
      const second = await context.add({ after: after([first]), retention: none });
      const session = await context.session();
      await session.complete(await take(session, first));
      await context.sweep();
      assert.equal(await context.state(first), "completed");
      await session.complete(await take(session, second));
      await context.sweep();
      await context.sweep();
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "ended-kept-once-depended-on",
    "an ended job is kept from the moment a job depends on it",
    async (context) => {
      const own = longer(2);
      const [plain = ""] = await context.addMany(1);
      const session = await context.session({ ttl: 100 * DAY });
      await session.complete(await take(session, plain));
      const special = await context.add({ retention: own });
      await session.complete(await take(session, special));
      const last = await context.add({ after: after([plain, special]), retention: longer(9) });
      await session.complete(await take(session, last));
      context.advance(3 * DAY);
      await context.sweep();
      assert.deepEqual((await context.list()).toSorted(), [plain, special, last].toSorted());
      await context.control("remove", last);
      await context.sweep();
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "obliterated-queue-counts-as-removed",
    "an obliterated queue counts as removed, and keeps nothing from going",
    async (context) => {
      const first = await context.add({ queue: OTHER });
      const waits = await context.add({ after: after([first], "continue", OTHER) });
      const kept = await context.add();
      await context.add({ queue: OTHER, after: after([kept]) });
      const session = await context.session({ ttl: 100 * DAY });
      await session.complete(await take(session, kept));
      await context.engine.obliterate({ queue: OTHER, force: true });
      assert.equal(await context.state(waits), "queued");
      assert.deepEqual(await context.engine.dependents({ queue: MAIN, id: kept }), []);
      context.advance(2 * DAY);
      await context.sweep();
      assert.equal(await context.find(kept), null);
    },
  ],
  [
    "run-waits-for-others",
    "a run may ask for other jobs to end first, gives its slot back and runs again after them",
    async (context) => {
      const id = await context.add({ attempts: 1 });
      const session = await context.session({ queues: [MAIN, OTHER] });
      const lease = await take(session, id);
      const children = await context.addMany(2, { queue: OTHER });
      const refs = children.map((child) => ({ queue: OTHER, id: child }));
      assert.equal(await session.report(lease, { after: refs }), "applied");
      assert.equal(await session.settle(lease, { kind: "wait" }), "applied");
      const waiting = await context.job(id);
      assert.deepEqual([waiting.state, waiting.attempt], ["blocked", 0]);
      assert.equal(waiting.history[0]?.outcome, "waited");
      const [first, second] = await session.claim(2);
      assert.ok(first && second);
      await session.complete(first);
      assert.equal(await context.state(id), "blocked");
      await session.fail(second, null);
      assert.equal(await context.state(id), "queued", "whatever their end");
      const again = await take(session, id);
      assert.equal(again.attempt, 1, "the first run did not count");
      await session.complete(again);
    },
  ],
  [
    "run-asks-for-ended-jobs",
    "a run that asks for jobs that have ended is queued again at once; asked twice is asked once",
    async (context) => {
      const child = await context.add();
      const session = await context.session();
      await session.complete(await take(session, child));
      const id = await context.add();
      const lease = await take(session, id);
      for (let sent = 0; sent < 2; sent += 1) await session.report(lease, { after: [{ queue: MAIN, id: child }] });
      await session.settle(lease, { kind: "wait" });
      assert.equal(await context.state(id), "queued");
      assert.deepEqual(await context.engine.dependencies({ queue: MAIN, id }), [
        { queue: MAIN, id: child, ifFailed: "continue", state: "completed" },
      ]);
    },
  ],
  [
    "held-and-retried-waits-for-asked",
    "a job that was held, cancelled and retried is held no more: it waits for what its run asks for, and runs",
    async (context) => {
      const id = await context.add({ hold: true });
      await context.control("cancel", id);
      await context.control("retry", id);
      const session = await context.session();
      const lease = await take(session, id);
      const child = await context.add({ queue: OTHER });
      await session.report(lease, { after: [{ queue: OTHER, id: child }] });
      await session.settle(lease, { kind: "wait" });
      await context.control("cancel", { queue: OTHER, id: child });
      assert.equal(await context.state(id), "queued");
    },
  ],
  [
    "asked-for-survives-death",
    "dependencies that a run added survive the death of its worker",
    async (context) => {
      const id = await context.add();
      const session = await context.session({ ttl: 1_000 });
      const lease = await take(session, id);
      const child = await context.add({ queue: OTHER });
      await session.report(lease, { after: [{ queue: OTHER, id: child }] });
      context.advance(1_000);
      await context.sweep();
      const next = await context.session();
      const again = await take(next, id);
      await next.settle(again, { kind: "wait" });
      assert.equal(await context.state(id), "blocked");
      await context.control("cancel", { queue: OTHER, id: child });
      assert.equal(await context.state(id), "queued");
    },
  ],
  [
    "report-without-lease-asks-nothing",
    "a report without the lease asks for nothing",
    async (context) => {
      const id = await context.add();
      const session = await context.session();
      const lease = await take(session, id);
      const late = { ...lease, epoch: lease.epoch + 1 };
      assert.equal(await session.report(late, { after: [{ queue: MAIN, id: "x" }] }), "stale");
      assert.deepEqual(await context.engine.dependencies({ queue: MAIN, id }), []);
    },
  ],
  [
    "same-job-linked-once",
    "the same job sent again is linked once",
    async (context) => {
      const first = await context.add();
      const spec = context.spec({ after: after([first]) });
      for (let sent = 0; sent < 2; sent += 1) {
        const [answer] = await context.engine.enqueue({ jobs: [spec] });
        assert.deepEqual(answer, { id: spec.id, outcome: "created", state: "blocked" });
      }
      const session = await context.session();
      await session.complete(await take(session, first));
      const [again] = await context.engine.enqueue({ jobs: [spec] });
      assert.equal(again?.state, "queued");
    },
  ],
  [
    "enqueued-with-dependency-in-call",
    "a job waits for a dependency that is enqueued in the same call",
    async (context) => {
      const first = context.spec();
      const second = context.spec({ after: after([first.id]) });
      const third = context.spec({ queue: OTHER, after: after([second.id]) });
      await context.engine.enqueue({ jobs: [third, first, second] });
      assert.equal(await context.state(second.id), "blocked");
      assert.equal(await stateOf(context, third.id), "blocked");
      const session = await context.session();
      await session.complete(await take(session, first.id));
      await session.complete(await take(session, second.id));
      assert.equal(await stateOf(context, third.id), "queued");
    },
  ],
  [
    "500-for-one-and-back",
    "five hundred jobs wait for one, and one for five hundred",
    async (context) => {
      const first = await context.add();
      const many = await context.addMany(700, { queue: OTHER, after: after([first]) });
      const last = await context.add({ after: after(many, "fail", OTHER) });
      const session = await context.session({ queues: [MAIN, OTHER] });
      await session.complete(await take(session, first));
      const leases = await session.claimMany(700);
      assert.deepEqual(
        leases.map(({ id }) => id),
        many.toSorted(),
        "in the order of their ids",
      );
      await session.exchange(leases.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome: DONE })));
      await take(session, last);
    },
  ],
  [
    "dependency-ending-wakes",
    "a worker that waits for work is woken when a dependency ends in another queue",
    async (context) => {
      const [first, second] = await pair(context, "fail");
      const session = await context.session();
      const lease = await take(session, first);
      const other = await context.open();
      const woken = other.awaitWork({ queues: [OTHER], timeout: 1_000_000, signal: new AbortController().signal });
      await session.complete(lease);
      await context.resolves("the wait for work", woken);
      assert.equal(await stateOf(context, second), "queued");
    },
  ],
]);

const DONE = { kind: "complete", result: null } as const;

/** Kept for some days. */
function longer(days: number): JobSpec["retention"] {
  const age = days * DAY;
  return { completed: { ...DEFAULT_RETENTION.completed, age }, failed: { ...DEFAULT_RETENTION.failed, age } };
}
