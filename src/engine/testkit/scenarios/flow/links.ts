/** Links between jobs stay: dependencies after a retry, what retention keeps for them, runs that wait for other jobs. */
import assert from "node:assert/strict";
import type { JobSpec } from "../../../../model/job/job.js";
import { DEFAULT_RETENTION } from "../../../../model/job/retention.js";
import { after, DAY, ends, OTHER, pair, stateOf, take } from "../../kit/dependency-words.js";
import { MAIN } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

export const links = scenarios("links", [
  [
    "both-retried-wait-again",
    "a job that failed for its dependency waits for it again when both are retried",
    async (kit) => {
      const [first, second] = await pair(kit, "fail");
      const session = await kit.session();
      await session.fail(await take(session, first), null);
      await kit.control("retry", first);
      const answer = await kit.control("retry", { queue: OTHER, id: second });
      assert.deepEqual(answer, { outcome: "applied", state: "blocked" });
      assert.deepEqual(await ends(kit, second), [null]);
      await session.complete(await take(session, first));
      assert.equal(await stateOf(kit, second), "queued");
    },
  ],
  [
    "retried-alone-fails-again",
    "a job that failed for its dependency fails again when it alone is retried",
    async (kit) => {
      const [first, second] = await pair(kit, "fail");
      const session = await kit.session();
      await session.fail(await take(session, first), null);
      await kit.control("retry", { queue: OTHER, id: second });
      assert.equal(await stateOf(kit, second), "failed");
      await kit.control("retry", first);
      assert.equal(await stateOf(kit, second), "failed", "a retry is of one job");
    },
  ],
  [
    "retry-skips-what-succeeded",
    "a retried job does not wait again for what succeeded",
    async (kit) => {
      const [one = "", two = ""] = await kit.addMany(2);
      const last = await kit.add({ queue: OTHER, after: after([one, two]) });
      const session = await kit.session({ queues: [MAIN, OTHER] });
      const [first, second] = await session.claim(2);
      assert.ok(first && second);
      await session.complete(first);
      await session.complete(second);
      await session.fail(await take(session, last), null);
      const answer = await kit.control("retry", { queue: OTHER, id: last });
      assert.equal(answer.state, "queued");
    },
  ],
  [
    "age-waits-for-dependents",
    "a dependency is kept beyond its age while something depends on it, and goes after that",
    async (kit) => {
      const [first, second] = await pair(kit, "fail", { retention: longer(10) });
      const session = await kit.session({ queues: [MAIN, OTHER], ttl: 100 * DAY });
      await session.complete(await take(session, first), '"kept"');
      await session.complete(await take(session, second));
      kit.advance(2 * DAY);
      await kit.sweep(100, [MAIN, OTHER]);
      assert.equal((await kit.job(first)).result, '"kept"');
      kit.advance(8 * DAY);
      await kit.sweep(100, [MAIN, OTHER]);
      assert.equal(await kit.find(second, OTHER), null);
      await kit.sweep(100, [MAIN, OTHER]);
      assert.equal(await kit.find(first), null);
    },
  ],
  [
    "count-waits-for-dependents",
    "a dependency that is kept by count, or not at all, stays while something depends on it",
    async (kit) => {
      const none = { completed: { age: DAY, count: 0 }, failed: { age: DAY, count: 0 } };
      const first = await kit.add({ retention: none });
      const second = await kit.add({ after: after([first]), retention: none });
      const session = await kit.session();
      await session.complete(await take(session, first));
      await kit.sweep();
      assert.equal(await kit.state(first), "completed");
      await session.complete(await take(session, second));
      await kit.sweep();
      await kit.sweep();
      assert.deepEqual(await kit.list(), []);
    },
  ],
  [
    "ended-kept-once-depended-on",
    "a job that had ended is kept from the moment something depends on it",
    async (kit) => {
      const own = longer(2);
      const [plain = ""] = await kit.addMany(1);
      const session = await kit.session({ ttl: 100 * DAY });
      await session.complete(await take(session, plain));
      const special = await kit.add({ retention: own });
      await session.complete(await take(session, special));
      const last = await kit.add({ after: after([plain, special]), retention: longer(9) });
      await session.complete(await take(session, last));
      kit.advance(3 * DAY);
      await kit.sweep();
      assert.deepEqual((await kit.list()).toSorted(), [plain, special, last].toSorted());
      await kit.control("remove", last);
      await kit.sweep();
      assert.deepEqual(await kit.list(), []);
    },
  ],
  [
    "obliterated-queue-counts-as-removed",
    "an obliterated queue counts as removed, and keeps nothing from going",
    async (kit) => {
      const first = await kit.add({ queue: OTHER });
      const waits = await kit.add({ after: after([first], "continue", OTHER) });
      const kept = await kit.add();
      await kit.add({ queue: OTHER, after: after([kept]) });
      const session = await kit.session({ ttl: 100 * DAY });
      await session.complete(await take(session, kept));
      await kit.engine.obliterate({ queue: OTHER, force: true });
      assert.equal(await kit.state(waits), "queued");
      assert.deepEqual(await kit.engine.dependents({ queue: MAIN, id: kept }), []);
      kit.advance(2 * DAY);
      await kit.sweep();
      assert.equal(await kit.find(kept), null);
    },
  ],
  [
    "run-waits-for-others",
    "a run may ask for other jobs to end first, gives its slot back and runs again after them",
    async (kit) => {
      const id = await kit.add({ attempts: 1 });
      const session = await kit.session({ queues: [MAIN, OTHER] });
      const lease = await take(session, id);
      const children = await kit.addMany(2, { queue: OTHER });
      const refs = children.map((child) => ({ queue: OTHER, id: child }));
      assert.equal(await session.report(lease, { after: refs }), "applied");
      assert.equal(await session.settle(lease, { kind: "wait" }), "applied");
      const waiting = await kit.job(id);
      assert.deepEqual([waiting.state, waiting.attempt], ["blocked", 0]);
      assert.equal(waiting.history[0]?.outcome, "waited");
      const [first, second] = await session.claim(2);
      assert.ok(first && second);
      await session.complete(first);
      assert.equal(await kit.state(id), "blocked");
      await session.fail(second, null);
      assert.equal(await kit.state(id), "queued", "whatever their end");
      const again = await take(session, id);
      assert.equal(again.attempt, 1, "the first run did not count");
      await session.complete(again);
    },
  ],
  [
    "run-asks-for-ended-jobs",
    "a run that asks for jobs that have ended is queued again at once; asked twice is asked once",
    async (kit) => {
      const child = await kit.add();
      const session = await kit.session();
      await session.complete(await take(session, child));
      const id = await kit.add();
      const lease = await take(session, id);
      for (let sent = 0; sent < 2; sent += 1) await session.report(lease, { after: [{ queue: MAIN, id: child }] });
      await session.settle(lease, { kind: "wait" });
      assert.equal(await kit.state(id), "queued");
      assert.deepEqual(await kit.engine.dependencies({ queue: MAIN, id }), [
        { queue: MAIN, id: child, ifFailed: "continue", state: "completed" },
      ]);
    },
  ],
  [
    "held-and-retried-waits-for-asked",
    "a job that was held, cancelled and retried is held no more: it waits for what its run asks for, and runs",
    async (kit) => {
      const id = await kit.add({ hold: true });
      await kit.control("cancel", id);
      await kit.control("retry", id);
      const session = await kit.session();
      const lease = await take(session, id);
      const child = await kit.add({ queue: OTHER });
      await session.report(lease, { after: [{ queue: OTHER, id: child }] });
      await session.settle(lease, { kind: "wait" });
      await kit.control("cancel", { queue: OTHER, id: child });
      assert.equal(await kit.state(id), "queued");
    },
  ],
  [
    "asked-for-survives-death",
    "what a run asked for is known after its worker died",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session({ ttl: 1_000 });
      const lease = await take(session, id);
      const child = await kit.add({ queue: OTHER });
      await session.report(lease, { after: [{ queue: OTHER, id: child }] });
      kit.advance(1_000);
      await kit.sweep();
      const next = await kit.session();
      const again = await take(next, id);
      await next.settle(again, { kind: "wait" });
      assert.equal(await kit.state(id), "blocked");
      await kit.control("cancel", { queue: OTHER, id: child });
      assert.equal(await kit.state(id), "queued");
    },
  ],
  [
    "report-without-lease-asks-nothing",
    "a report without the lease asks for nothing",
    async (kit) => {
      const id = await kit.add();
      const session = await kit.session();
      const lease = await take(session, id);
      const late = { ...lease, epoch: lease.epoch + 1 };
      assert.equal(await session.report(late, { after: [{ queue: MAIN, id: "x" }] }), "stale");
      assert.deepEqual(await kit.engine.dependencies({ queue: MAIN, id }), []);
    },
  ],
  [
    "same-job-linked-once",
    "the same job sent again is linked once",
    async (kit) => {
      const first = await kit.add();
      const spec = kit.spec({ after: after([first]) });
      for (let sent = 0; sent < 2; sent += 1) {
        const [answer] = await kit.engine.enqueue({ jobs: [spec] });
        assert.deepEqual(answer, { id: spec.id, outcome: "created", state: "blocked" });
      }
      const session = await kit.session();
      await session.complete(await take(session, first));
      const [again] = await kit.engine.enqueue({ jobs: [spec] });
      assert.equal(again?.state, "queued");
    },
  ],
  [
    "enqueued-with-dependency-in-call",
    "a job enqueued in one call with what it waits for waits for it",
    async (kit) => {
      const first = kit.spec();
      const second = kit.spec({ after: after([first.id]) });
      const third = kit.spec({ queue: OTHER, after: after([second.id]) });
      await kit.engine.enqueue({ jobs: [third, first, second] });
      assert.equal(await kit.state(second.id), "blocked");
      assert.equal(await stateOf(kit, third.id), "blocked");
      const session = await kit.session();
      await session.complete(await take(session, first.id));
      await session.complete(await take(session, second.id));
      assert.equal(await stateOf(kit, third.id), "queued");
    },
  ],
  [
    "500-for-one-and-back",
    "five hundred jobs wait for one, and one for five hundred",
    async (kit) => {
      const first = await kit.add();
      const many = await kit.addMany(700, { queue: OTHER, after: after([first]) });
      const last = await kit.add({ after: after(many, "fail", OTHER) });
      const session = await kit.session({ queues: [MAIN, OTHER] });
      await session.complete(await take(session, first));
      const leases = await session.claim(700);
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
    "who waits for work is woken when a dependency ends elsewhere",
    async (kit) => {
      const [first, second] = await pair(kit, "fail");
      const session = await kit.session();
      const lease = await take(session, first);
      const other = await kit.open();
      const woken = other.awaitWork({ queues: [OTHER], timeout: 1_000_000, signal: new AbortController().signal });
      await session.complete(lease);
      await kit.resolves("the wait for work", woken);
      assert.equal(await stateOf(kit, second), "queued");
    },
  ],
]);

const DONE = { kind: "complete", result: null } as const;

/** Kept for some days. */
function longer(days: number): JobSpec["retention"] {
  const age = days * DAY;
  return { completed: { ...DEFAULT_RETENTION.completed, age }, failed: { ...DEFAULT_RETENTION.failed, age } };
}
