/** Jobs that wait for others: when they start, what becomes of them when one of those does not succeed, what is kept. */
import assert from "node:assert/strict";
import { DEPENDENCY_FAILED, type Dependency, type DependencyPolicy } from "../../../model/dependency.js";
import type { JobSpec } from "../../../model/job.js";
import { DEFAULT_RETENTION } from "../../../model/retention.js";
import { MAIN, type Kit } from "../kit.js";
import { scenarios } from "../scenario.js";
import type { TestSession } from "../test-session.js";

const OTHER = "other";
const DAY = 86_400_000;

/** That a job waits for these. */
export function after(ids: readonly string[], on: DependencyPolicy = "fail", queue = MAIN): Dependency[] {
  return ids.map((id) => ({ queue, id, on })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Leases the next job, which must be this one. */
async function take(session: TestSession, id: string) {
  const lease = await session.next();
  assert.equal(lease.id, id);
  return lease;
}

/** Ends a job that waits in line as something other than a success, or removes it. */
const ENDINGS: readonly [how: string, end: (kit: Kit, id: string, session: TestSession) => Promise<unknown>][] = [
  ["failed", async (_kit, id, session) => session.fail(await take(session, id), null)],
  ["cancelled", async (kit, id) => kit.control("cancel", id)],
  [
    "expired",
    async (kit) => {
      kit.advance(5_000);
      await kit.sweep();
    },
  ],
  ["superseded", async (kit) => kit.add({ supersedes: "key" })],
  ["removed", async (kit, id) => kit.control("remove", id)],
];

/** A job that can end in all these ways, and one in another queue that waits for it. */
async function pair(kit: Kit, on: DependencyPolicy, change: Partial<JobSpec> = {}): Promise<[string, string]> {
  const first = await kit.add({ ttl: 5_000, supersedes: "key" });
  const second = await kit.add({ queue: OTHER, after: after([first], on), ...change });
  return [first, second];
}

const stateOf = async (kit: Kit, id: string): Promise<string> => kit.state(id, OTHER);

async function ends(kit: Kit, id: string, queue = OTHER): Promise<(string | null)[]> {
  return (await kit.engine.dependencies({ queue, id })).map(({ state }) => state);
}

export const dependencies = scenarios("dependencies", [
  [
    "a job waits for another one of its queue, and is queued when that has completed",
    async (kit) => {
      const first = await kit.add();
      const second = await kit.add({ after: after([first]) });
      assert.equal(await kit.state(second), "blocked");
      const session = await kit.session();
      const lease = await take(session, first);
      assert.deepEqual(await session.claimIds(5), [], "nothing else may run");
      kit.advance(500);
      await session.complete(lease);
      const record = await kit.job(second);
      assert.equal(record.state, "queued");
      assert.equal(record.runAt, kit.clock.now(), "it became ready just now");
      await take(session, second);
    },
  ],
  [
    "a job waits for one of another queue",
    async (kit) => {
      const [first, second] = await pair(kit, "fail");
      assert.equal(await stateOf(kit, second), "blocked");
      const session = await kit.session({ queues: [MAIN, OTHER] });
      await session.complete(await take(session, first), '{"x":1}');
      assert.equal(await stateOf(kit, second), "queued");
      const lease = await take(session, second);
      assert.equal(lease.queue, OTHER);
      assert.deepEqual(lease.body?.after, after([first]), "the lease says what it waited for");
    },
  ],
  [
    "a job waits for all of many, in several queues, whatever the order in which they end",
    async (kit) => {
      const here = await kit.addMany(3);
      const there = await kit.addMany(3, { queue: OTHER });
      const waits = [...after(here), ...after(there, "fail", OTHER)];
      const last = await kit.add({ queue: "third", after: waits });
      const session = await kit.session({ queues: [OTHER, MAIN] });
      const leases = await session.claim(6);
      for (const lease of leases) {
        assert.equal(await kit.state(last, "third"), "blocked");
        await session.complete(lease);
      }
      assert.equal(await kit.state(last, "third"), "queued");
    },
  ],
  [
    "a partial result is a success",
    async (kit) => {
      const [first, second] = await pair(kit, "fail");
      const session = await kit.session();
      await session.settle(await take(session, first), { kind: "partial", result: "1" });
      assert.equal(await stateOf(kit, second), "queued");
      assert.deepEqual(await ends(kit, second), ["partial"]);
    },
  ],
  [
    "a job that fails and is tried again is waited for",
    async (kit) => {
      const [first, second] = await pair(kit, "fail");
      const session = await kit.session();
      await session.fail(await take(session, first), 0);
      assert.equal(await stateOf(kit, second), "blocked");
      await session.complete(await take(session, first));
      assert.equal(await stateOf(kit, second), "queued");
    },
  ],
  ...ENDINGS.map(
    ([how, end]) =>
      [
        `a dependency that is ${how} fails what depends on it, which says so`,
        async (kit: Kit) => {
          const [first, second] = await pair(kit, "fail");
          kit.advance(10);
          await end(kit, first, await kit.session());
          const job = await kit.job(second, OTHER);
          assert.equal(job.state, "failed");
          assert.equal(job.finishedAt, kit.clock.now());
          assert.equal(job.error?.code, DEPENDENCY_FAILED);
          assert.equal(job.error.name, "DependencyFailed");
          assert.equal(job.error.message, `main/${first}, which it depends on, ended as ${how}`);
          assert.deepEqual(job.history, [], "it never ran");
          assert.equal(job.attempt, 0);
          assert.deepEqual(await ends(kit, second), [how]);
          const found = await kit.list({ fingerprint: job.error.fingerprint });
          assert.ok(found.includes(second), "it is found by its error");
        },
      ] as const,
  ),
  ...ENDINGS.map(
    ([how, end]) =>
      [
        `a dependency that is ${how} cancels what asked for that`,
        async (kit: Kit) => {
          const [first, second] = await pair(kit, "cancel");
          await end(kit, first, await kit.session());
          assert.equal(await stateOf(kit, second), "cancelled");
          assert.equal((await kit.job(second, OTHER)).error, null);
        },
      ] as const,
  ),
  ...ENDINGS.map(
    ([how, end]) =>
      [
        `what goes on without its dependency runs when that is ${how}, and can see how it ended`,
        async (kit: Kit) => {
          const [first, second] = await pair(kit, "continue");
          await end(kit, first, await kit.session());
          assert.equal(await stateOf(kit, second), "queued");
          assert.deepEqual(await kit.engine.dependencies({ queue: OTHER, id: second }), [
            { queue: MAIN, id: first, on: "continue", state: how },
          ]);
        },
      ] as const,
  ),
  [
    "what fails for its dependency fails what depends on it in turn, through queues and back",
    async (kit) => {
      const first = await kit.add();
      const second = await kit.add({ queue: OTHER, after: after([first]) });
      const third = await kit.add({ after: after([second], "fail", OTHER) });
      const fourth = await kit.add({ after: after([third], "cancel") });
      const fifth = await kit.add({ queue: OTHER, after: after([fourth], "continue") });
      const session = await kit.session();
      await session.fail(await take(session, first), null);
      assert.equal(await stateOf(kit, second), "failed");
      assert.equal(await kit.state(third), "failed");
      assert.equal(await kit.state(fourth), "cancelled");
      assert.equal(await stateOf(kit, fifth), "queued");
    },
  ],
  [
    "one dependency that fails is enough, while others still run; what they do later changes nothing",
    async (kit) => {
      const [one = "", two = ""] = await kit.addMany(2);
      const last = await kit.add({ queue: OTHER, after: after([one, two]) });
      const session = await kit.session();
      const [first, second] = await session.claim(2);
      assert.ok(first && second);
      await session.fail(first, null);
      assert.equal(await stateOf(kit, last), "failed");
      await session.complete(second);
      assert.equal(await stateOf(kit, last), "failed");
      assert.deepEqual(new Set(await ends(kit, last)), new Set(["completed", "failed"]));
    },
  ],
  [
    "a dependency that has ended already is seen at once",
    async (kit) => {
      const first = await kit.add();
      const session = await kit.session();
      await session.complete(await take(session, first));
      const second = await kit.add({ queue: OTHER, after: after([first]) });
      assert.equal(await stateOf(kit, second), "queued");
      const failed = await kit.add();
      await session.fail(await take(session, failed), null);
      assert.equal(await kit.state(await kit.add({ after: after([failed]) })), "failed");
    },
  ],
  [
    "what fails as soon as it is enqueued fails what was enqueued with it",
    async (kit) => {
      const first = await kit.add();
      await kit.control("cancel", first);
      const second = kit.spec({ queue: OTHER, after: after([first]) });
      const third = kit.spec({ queue: OTHER, after: after([second.id], "fail", OTHER) });
      await kit.engine.enqueue({ jobs: [second, third] });
      assert.deepEqual([await stateOf(kit, second.id), await stateOf(kit, third.id)], ["failed", "failed"]);
    },
  ],
  [
    "a dependency that is not there counts as removed",
    async (kit) => {
      const job = await kit.add({ after: [{ queue: "nowhere", id: "nobody", on: "fail" }] });
      assert.equal(await kit.state(job), "failed");
      assert.deepEqual(await ends(kit, job, MAIN), ["removed"]);
      const goes = await kit.add({ after: [{ queue: "nowhere", id: "nobody", on: "continue" }] });
      assert.equal(await kit.state(goes), "queued");
    },
  ],
  [
    "a job that waits can be due later, and is delayed then",
    async (kit) => {
      const [first, second] = await pair(kit, "fail", { due: { in: 60_000 } });
      const session = await kit.session();
      await session.complete(await take(session, first));
      assert.equal(await stateOf(kit, second), "delayed");
      kit.advance(60_000);
      await kit.sweep(10, [OTHER]);
      assert.equal(await stateOf(kit, second), "queued");
    },
  ],
  [
    "a job that is held and waits starts when both are over, in either order",
    async (kit) => {
      const [first, second] = await pair(kit, "fail", { hold: true });
      const third = await kit.add({ hold: true, after: after([first]) });
      const released = await kit.control("release", third);
      assert.deepEqual(released, { outcome: "applied", state: "blocked" });
      const session = await kit.session();
      await session.complete(await take(session, first));
      assert.equal(await stateOf(kit, second), "blocked");
      assert.equal(await kit.state(third), "queued");
      assert.equal((await kit.control("release", { queue: OTHER, id: second })).outcome, "applied");
      assert.equal(await stateOf(kit, second), "queued");
    },
  ],
  [
    "a job that only waits cannot be released",
    async (kit) => {
      const [, second] = await pair(kit, "fail");
      const answer = await kit.control("release", { queue: OTHER, id: second });
      assert.deepEqual(answer, { outcome: "wrong-state", state: "blocked" });
    },
  ],
  [
    "a job that waits can be cancelled, can expire and be removed; nobody waits for what is gone",
    async (kit) => {
      const first = await kit.add();
      const second = await kit.add({ after: after([first]) });
      const third = await kit.add({ after: after([first]), ttl: 1_000 });
      const fourth = await kit.add({ after: after([first]) });
      await kit.control("cancel", second);
      kit.advance(1_000);
      await kit.sweep();
      await kit.control("remove", fourth);
      assert.equal(await kit.state(second), "cancelled");
      assert.equal(await kit.state(third), "expired");
      assert.equal(await kit.find(fourth), null);
      const session = await kit.session();
      await session.complete(await take(session, first));
      assert.equal(await kit.state(second), "cancelled");
      assert.equal(await kit.state(third), "expired");
      const refs = await kit.engine.dependents({ queue: MAIN, id: first });
      assert.deepEqual(
        refs.map(({ id }) => id),
        [second, third].toSorted(),
      );
    },
  ],
  [
    "a lease and a record say what a job waits for and takes from it",
    async (kit) => {
      const first = await kit.add();
      const references = [{ at: ["page", 0], from: { queue: MAIN, id: first }, take: ["html"] }];
      const id = await kit.add({ after: after([first], "continue"), references, input: '{"page":[null]}' });
      const record = await kit.job(id);
      assert.deepEqual([record.after, record.references], [after([first], "continue"), references]);
      assert.deepEqual([record.role, record.flow], ["job", null]);
      const session = await kit.session();
      await session.complete(await take(session, first));
      const { body } = await take(session, id);
      assert.deepEqual([body?.after, body?.references, body?.input], [record.after, references, '{"page":[null]}']);
    },
  ],
  [
    "another input takes nothing from dependencies, and waits for them all the same",
    async (kit) => {
      const first = await kit.add();
      const references = [{ at: ["page"], from: { queue: MAIN, id: first }, take: [] }];
      const id = await kit.add({ after: after([first]), references });
      await kit.update(id, { input: '{"page":"given"}' });
      const record = await kit.job(id);
      assert.deepEqual([record.input, record.references, record.after], ['{"page":"given"}', [], after([first])]);
      assert.equal(record.state, "blocked");
    },
  ],
  [
    "dependencies and dependents are listed by queue and id; of what has none, or is not there, nothing",
    async (kit) => {
      const first = await kit.add({ id: "b" });
      const second = await kit.add({ id: "a", queue: OTHER });
      const last = await kit.add({ id: "z", after: [...after([first]), ...after([second], "cancel", OTHER)] });
      await kit.add({ id: "y", queue: OTHER, after: after([first]) });
      assert.deepEqual(await kit.engine.dependencies({ queue: MAIN, id: last }), [
        { queue: MAIN, id: "b", on: "fail", state: null },
        { queue: OTHER, id: "a", on: "cancel", state: null },
      ]);
      assert.deepEqual(await kit.engine.dependents({ queue: MAIN, id: first }), [
        { queue: MAIN, id: "z" },
        { queue: OTHER, id: "y" },
      ]);
      assert.deepEqual(await kit.engine.dependencies({ queue: MAIN, id: first }), []);
      assert.deepEqual(await kit.engine.dependents({ queue: MAIN, id: last }), []);
      assert.deepEqual(await kit.engine.dependents({ queue: "nowhere", id: "nobody" }), []);
    },
  ],
  [
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
        { queue: MAIN, id: child, on: "continue", state: "completed" },
      ]);
    },
  ],
  [
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
    "the same job sent again is tied once",
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
