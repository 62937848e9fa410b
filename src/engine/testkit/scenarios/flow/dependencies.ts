/** Jobs that wait for others: when they start, and what becomes of them when one of those does not succeed. */
import assert from "node:assert/strict";
import { DEPENDENCY_FAILED } from "../../../../model/job/dependency.js";
import { after, ends, OTHER, pair, stateOf, take } from "../../kit/dependency-words.js";
import { MAIN, type Kit } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";
import type { TestSession } from "../../kit/test-session.js";

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

export const dependencies = scenarios("dependencies", [
  [
    "waits-in-own-queue",
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
    "waits-on-another-queue",
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
    "waits-for-all-of-many",
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
    "partial-is-success",
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
    "retrying-is-waited-for",
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
        `${how}-fails-dependents`,
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
        `${how}-cancels-dependents`,
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
        `${how}-lets-dependents-go-on`,
        `what goes on without its dependency runs when that is ${how}, and can see how it ended`,
        async (kit: Kit) => {
          const [first, second] = await pair(kit, "continue");
          await end(kit, first, await kit.session());
          assert.equal(await stateOf(kit, second), "queued");
          assert.deepEqual(await kit.engine.dependencies({ queue: OTHER, id: second }), [
            { queue: MAIN, id: first, ifFailed: "continue", state: how },
          ]);
        },
      ] as const,
  ),
  [
    "failure-spreads-through-queues",
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
    "one-failure-is-enough",
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
    "ended-already-seen-at-once",
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
    "fails-as-soon-as-enqueued",
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
    "missing-counts-as-removed",
    "a dependency that is not there counts as removed",
    async (kit) => {
      const job = await kit.add({ after: [{ queue: "nowhere", id: "nobody", ifFailed: "fail" }] });
      assert.equal(await kit.state(job), "failed");
      assert.deepEqual(await ends(kit, job, MAIN), ["removed"]);
      const goes = await kit.add({ after: [{ queue: "nowhere", id: "nobody", ifFailed: "continue" }] });
      assert.equal(await kit.state(goes), "queued");
    },
  ],
  [
    "due-later-is-delayed-then",
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
    "held-and-waiting",
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
    "waiting-cannot-be-released",
    "a job that only waits cannot be released",
    async (kit) => {
      const [, second] = await pair(kit, "fail");
      const answer = await kit.control("release", { queue: OTHER, id: second });
      assert.deepEqual(answer, { outcome: "wrong-state", state: "blocked" });
    },
  ],
  [
    "waiting-can-end-early",
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
    "lease-and-record-say-links",
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
    "new-input-still-waits",
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
    "listed-by-queue-and-id",
    "dependencies and dependents are listed by queue and id; of what has none, or is not there, nothing",
    async (kit) => {
      const first = await kit.add({ id: "b" });
      const second = await kit.add({ id: "a", queue: OTHER });
      const last = await kit.add({ id: "z", after: [...after([first]), ...after([second], "cancel", OTHER)] });
      await kit.add({ id: "y", queue: OTHER, after: after([first]) });
      assert.deepEqual(await kit.engine.dependencies({ queue: MAIN, id: last }), [
        { queue: MAIN, id: "b", ifFailed: "fail", state: null },
        { queue: OTHER, id: "a", ifFailed: "cancel", state: null },
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
]);
