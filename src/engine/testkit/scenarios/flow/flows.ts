/** Flows: jobs that begin together and end together, all of them or none. */
import assert from "node:assert/strict";
import { DEPENDENCY_FAILED } from "../../../../model/job/dependency.js";
import { FLOW_CREATION, MOST_MEMBERS, type Membership } from "../../../../model/job/membership.js";
import type { JobRef, JobSpec } from "../../../../model/job/job.js";
import type { CommitAnswer } from "../../../contract/engine.js";
import { after, DAY, OTHER } from "../../kit/dependency-words.js";
import { MAIN, type Kit } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";
import type { TestSession } from "../../kit/test-session.js";

const HOME = "home";

/** What a member says of its flow. */
function member(flow: string, change: Partial<Membership> = {}): Membership {
  return { queue: HOME, id: flow, node: "node", parent: null, weight: 1, ifFailed: "fail", ...change };
}

/** A flow of three, created and not begun: `first` in the queue `main`, then `second` in `other`, then `third` in `main`. */
async function chain(
  kit: Kit,
  change: { flow?: Partial<JobSpec>; second?: Partial<JobSpec>; ifFailed?: Membership["ifFailed"] } = {},
): Promise<{ flow: string; ids: [string, string, string]; begin(): Promise<CommitAnswer> }> {
  const flow = await kit.add({ queue: HOME, role: "flow", task: "pipeline", ...change.flow });
  const first = kit.spec({ hold: true, flow: member(flow) });
  const second = kit.spec({
    queue: OTHER,
    hold: true,
    flow: member(flow, { ifFailed: change.ifFailed ?? "fail" }),
    after: after([first.id]),
    ...change.second,
  });
  const third = kit.spec({
    hold: true,
    flow: member(flow),
    after: after([second.id], change.ifFailed ?? "fail", OTHER),
  });
  await kit.engine.enqueue({ jobs: [first, second, third] });
  const begin = async (): Promise<CommitAnswer> => kit.engine.commitFlow({ queue: HOME, id: flow, members: 3 });
  return { flow, ids: [first.id, second.id, third.id], begin };
}

const all = (kit: Kit): Promise<TestSession> => kit.session({ queues: [MAIN, OTHER, HOME], ttl: 100 * DAY });

/** The states of a chain's members and of the flow itself. */
async function states(kit: Kit, { flow, ids: [first, second, third] }: Chain): Promise<(string | undefined)[]> {
  const refs = [
    { queue: MAIN, id: first },
    { queue: OTHER, id: second },
    { queue: MAIN, id: third },
    { queue: HOME, id: flow },
  ];
  return (await kit.engine.getJobs({ refs })).map((job) => job?.state);
}

type Chain = Awaited<ReturnType<typeof chain>>;

/** Runs the next job to its end. */
async function run(session: TestSession): Promise<JobRef> {
  const lease = await session.next();
  await session.complete(lease, '"done"');
  return lease;
}

export const flows = scenarios("flows", [
  [
    "begins-runs-and-ends",
    "nothing of a flow runs before it is begun; then its jobs run in their order, and the flow ends with the last",
    async (kit) => {
      const made = await chain(kit);
      const session = await all(kit);
      assert.deepEqual(await states(kit, made), ["blocked", "blocked", "blocked", "blocked"]);
      assert.deepEqual(await session.claimIds(10), []);
      assert.equal(await made.begin(), "committed");
      assert.deepEqual(await states(kit, made), ["queued", "blocked", "blocked", "blocked"]);
      for (const id of made.ids) assert.equal((await run(session)).id, id);
      assert.deepEqual(await states(kit, made), ["completed", "completed", "completed", "completed"]);
      const flow = await kit.job(made.flow, HOME);
      assert.deepEqual([flow.role, flow.task, flow.attempt, flow.history], ["flow", "pipeline", 0, []]);
      assert.equal(flow.finishedAt, kit.clock.now());
    },
  ],
  [
    "flow-and-members-know-each-other",
    "a flow knows its members and they know it",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      const [first, second, third] = made.ids;
      const members = await kit.engine.dependencies({ queue: HOME, id: made.flow });
      assert.deepEqual(
        members.map(({ queue, id, state }) => [queue, id, state]),
        [...[first, third].toSorted().map((id) => [MAIN, id, null]), [OTHER, second, null]],
      );
      assert.deepEqual((await kit.job(second, OTHER)).flow, member(made.flow));
      const dependents = await kit.engine.dependents({ queue: OTHER, id: second });
      assert.deepEqual(dependents, [
        { queue: HOME, id: made.flow },
        { queue: MAIN, id: third },
      ]);
    },
  ],
  [
    "lease-says-its-flow",
    "a lease says to which flow its job belongs",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      const lease = await (await all(kit)).next();
      assert.deepEqual(lease.body?.flow, member(made.flow));
    },
  ],
  [
    "too-few-members",
    "a flow with fewer members than were said does not begin",
    async (kit) => {
      const { flow } = await chain(kit);
      assert.equal(await kit.engine.commitFlow({ queue: HOME, id: flow, members: 4 }), "incomplete");
      assert.equal(await kit.state(flow, HOME), "blocked");
    },
  ],
  [
    "begun-twice-or-not-there",
    "beginning twice is beginning once; what is not there, or no flow, cannot begin",
    async (kit) => {
      const made = await chain(kit);
      assert.equal(await made.begin(), "committed");
      await run(await all(kit));
      assert.equal(await made.begin(), "committed");
      assert.deepEqual(await states(kit, made), ["completed", "queued", "blocked", "blocked"]);
      assert.equal(await kit.engine.commitFlow({ queue: HOME, id: "nobody", members: 0 }), "missing");
      assert.equal(await kit.engine.commitFlow({ queue: "nowhere", id: "nobody", members: 0 }), "missing");
      const job = await kit.add({ hold: true });
      assert.equal(await kit.engine.commitFlow({ queue: MAIN, id: job, members: 0 }), "missing");
    },
  ],
  [
    "dead-creator-removes-all",
    "a flow whose creator died is removed with all its jobs, and none of them ran",
    async (kit) => {
      const made = await chain(kit, { ifFailed: "continue" });
      const session = await all(kit);
      kit.advance(FLOW_CREATION - 1);
      await kit.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await states(kit, made), ["blocked", "blocked", "blocked", "blocked"]);
      kit.advance(1);
      await kit.sweep(100, [HOME]);
      assert.deepEqual(await kit.list(), []);
      assert.deepEqual(await session.claimIds(10), []);
      assert.equal(await made.begin(), "missing");
    },
  ],
  [
    "ended-member-goes-too",
    "a job that had ended goes too when its flow was never complete",
    async (kit) => {
      const made = await chain(kit);
      await kit.control("cancel", made.ids[0]);
      kit.advance(FLOW_CREATION);
      await kit.sweep(100, [HOME]);
      assert.deepEqual(await kit.list(), []);
    },
  ],
  [
    "reused-id-is-spared",
    "a job that came to the id of a removed one is not taken for that when the flow was never complete",
    async (kit) => {
      const flow = await kit.add({ queue: HOME, role: "flow" });
      const id = await kit.add({ id: "chosen", nonce: "n1", hold: true, flow: member(flow) });
      await kit.control("remove", id);
      await kit.add({ id: "chosen", nonce: "n2" });
      kit.advance(FLOW_CREATION);
      await kit.sweep(100, [HOME]);
      assert.deepEqual(await kit.list(), [id]);
    },
  ],
  [
    "dead-creator-before-any-job",
    "a flow whose creator died before any job was made is removed",
    async (kit) => {
      const flow = await kit.add({ queue: HOME, role: "flow" });
      kit.advance(FLOW_CREATION);
      await kit.sweep(100, [HOME]);
      assert.equal(await kit.find(flow, HOME), null);
    },
  ],
  [
    "begun-does-not-expire",
    "a flow that has begun does not expire",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      kit.advance(FLOW_CREATION * 2);
      await kit.sweep(100, [HOME]);
      assert.equal(await kit.state(made.flow, HOME), "blocked");
    },
  ],
  [
    "member-failure-fails-flow",
    "a flow fails when a member fails, once all others have ended",
    async (kit) => {
      const made = await chain(kit);
      const extra = await kit.add({ hold: true, flow: member(made.flow, { ifFailed: "continue" }) });
      await made.begin();
      const session = await all(kit);
      const lease = await session.next();
      await session.fail(lease, null);
      assert.deepEqual(await states(kit, made), ["failed", "failed", "failed", "blocked"]);
      assert.equal((await run(session)).id, extra);
      const flow = await kit.job(made.flow, HOME);
      assert.deepEqual([flow.state, flow.error?.code], ["failed", DEPENDENCY_FAILED]);
    },
  ],
  [
    "partial-for-optional-failure",
    "a flow is partial when a member that may fail failed, or one was partial",
    async (kit) => {
      const made = await chain(kit, { ifFailed: "continue" });
      await made.begin();
      const session = await all(kit);
      await run(session);
      const lease = await session.next();
      await session.fail(lease, null);
      await run(session);
      assert.deepEqual(await states(kit, made), ["completed", "failed", "completed", "partial"]);
      const other = await chain(kit);
      await other.begin();
      await session.settle(await session.next(), { kind: "partial", result: null });
      await run(session);
      await run(session);
      assert.equal(await kit.state(other.flow, HOME), "partial");
    },
  ],
  [
    "cancel-takes-members",
    "cancelling a flow cancels its members, running ones too",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      const session = await all(kit);
      const lease = await session.next();
      const answer = await kit.control("cancel", { queue: HOME, id: made.flow });
      assert.deepEqual(answer, { outcome: "applied", state: "cancelled" });
      assert.deepEqual(await states(kit, made), ["cancelled", "cancelled", "cancelled", "cancelled"]);
      const { revoked } = await session.heartbeat();
      const { queue, id, epoch } = lease;
      assert.deepEqual(revoked, [{ queue, id, epoch, cause: "cancel" }]);
      assert.equal(await session.complete(lease), "stale");
    },
  ],
  [
    "cancel-spares-ended",
    "a flow that is cancelled leaves alone what has ended",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      await run(await all(kit));
      await kit.control("cancel", { queue: HOME, id: made.flow });
      assert.deepEqual(await states(kit, made), ["completed", "cancelled", "cancelled", "cancelled"]);
    },
  ],
  [
    "cancelled-before-begun",
    "a flow cancelled before it began never runs",
    async (kit) => {
      const made = await chain(kit);
      await kit.control("cancel", { queue: HOME, id: made.flow });
      assert.equal((await (await all(kit)).claimIds(10)).length, 0);
      assert.ok(["missing", "ended"].includes(await made.begin()));
      const left = await kit.list({ states: ["blocked", "queued"] });
      assert.deepEqual(left, []);
    },
  ],
  [
    "supersede-takes-members",
    "a flow that is superseded takes its members along",
    async (kit) => {
      const made = await chain(kit, { flow: { supersedes: "key" } });
      await made.begin();
      await kit.add({ queue: HOME, role: "flow", supersedes: "key" });
      assert.deepEqual(await states(kit, made), ["cancelled", "cancelled", "cancelled", "superseded"]);
    },
  ],
  [
    "waited-for-like-a-job",
    "a flow is waited for like any job",
    async (kit) => {
      const made = await chain(kit);
      const next = await kit.add({ after: after([made.flow], "fail", HOME) });
      await made.begin();
      const session = await all(kit);
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal((await session.next()).id, next);
    },
  ],
  [
    "members-cancelled-or-removed-singly",
    "a flow whose members were cancelled or removed one by one ends",
    async (kit) => {
      const made = await chain(kit, { ifFailed: "continue" });
      await made.begin();
      const [first, second, third] = made.ids;
      await kit.control("remove", third);
      await kit.control("cancel", { queue: OTHER, id: second });
      assert.equal(await kit.state(made.flow, HOME), "blocked");
      await kit.control("cancel", first);
      assert.equal(await kit.state(made.flow, HOME), "failed");
    },
  ],
  [
    "joining-is-waited-for",
    "a job joins a flow that runs, which waits for it too",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      const session = await all(kit);
      await run(session);
      const late = await kit.add({ queue: OTHER, flow: member(made.flow, { parent: "node", ifFailed: "continue" }) });
      for (let left = 3; left > 0; left -= 1) {
        assert.equal(await kit.state(made.flow, HOME), "blocked");
        await run(session);
      }
      assert.equal(await kit.state(made.flow, HOME), "completed");
      assert.equal((await kit.engine.dependencies({ queue: HOME, id: made.flow })).length, 4);
      assert.equal(await kit.state(late, OTHER), "completed");
    },
  ],
  [
    "joining-ended-is-cancelled",
    "a job that joins a flow which has ended, or is gone, is cancelled",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      await kit.control("cancel", { queue: HOME, id: made.flow });
      const late = await kit.add({ flow: member(made.flow) });
      assert.equal(await kit.state(late), "cancelled");
      const lost = await kit.add({ flow: member("nobody") });
      assert.equal(await kit.state(lost), "cancelled");
    },
  ],
  [
    "joining-fails-at-once",
    "a job that joins a flow and fails at once for what it depends on has ended for the flow too",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      const session = await all(kit);
      const failed = await kit.add({ queue: OTHER });
      await kit.control("cancel", { queue: OTHER, id: failed });
      const late = await kit.add({ flow: member(made.flow), after: after([failed], "fail", OTHER) });
      assert.equal(await kit.state(late), "failed");
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal(await kit.state(made.flow, HOME), "failed");
    },
  ],
  [
    "held-joiner-may-run",
    "a held job that joins a flow which has begun may run",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      assert.equal(await kit.state(await kit.add({ hold: true, flow: member(made.flow) })), "queued");
    },
  ],
  [
    "at-most-10000-jobs",
    "a flow takes no more than 10,000 jobs: what joins beyond that is cancelled",
    async (kit) => {
      const flow = await kit.add({ queue: HOME, role: "flow" });
      const jobs = Array.from({ length: MOST_MEMBERS + 1 }, () => kit.spec({ hold: true, flow: member(flow) }));
      for (let from = 0; from < jobs.length; from += 500) {
        await kit.engine.enqueue({ jobs: jobs.slice(from, from + 500) });
      }
      assert.equal(await kit.state(jobs.at(-1)?.id ?? ""), "cancelled");
      assert.equal((await kit.counts()).blocked, MOST_MEMBERS);
      assert.equal(await kit.engine.commitFlow({ queue: HOME, id: flow, members: MOST_MEMBERS + 1 }), "incomplete");
    },
  ],
  [
    "ended-before-known-not-kept",
    "a job that ended before its flow knew of it is not kept for the flow",
    async (kit) => {
      const flow = await kit.add({ queue: HOME, role: "flow" });
      const [first, second] = [kit.spec({ flow: member(flow), supersedes: "key" }), kit.spec({ supersedes: "key" })];
      await kit.engine.enqueue({ jobs: [first, second] });
      assert.equal(await kit.state(first.id), "superseded");
      assert.deepEqual(await kit.engine.dependents({ queue: MAIN, id: first.id }), []);
    },
  ],
  [
    "failed-flow-retried",
    "a failed flow runs again what failed, when that and the flow are retried",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      const session = await all(kit);
      await run(session);
      const lease = await session.next();
      await session.fail(lease, null);
      assert.deepEqual(await states(kit, made), ["completed", "failed", "failed", "failed"]);
      const [, second, third] = made.ids;
      await kit.control("retry", { queue: OTHER, id: second });
      await kit.control("retry", third);
      assert.equal((await kit.control("retry", { queue: HOME, id: made.flow })).state, "blocked");
      assert.deepEqual(await states(kit, made), ["completed", "queued", "blocked", "blocked"]);
      await run(session);
      await run(session);
      assert.deepEqual(await states(kit, made), ["completed", "completed", "completed", "completed"]);
    },
  ],
  [
    "cancelled-flow-retried",
    "a cancelled flow runs again when its members and itself are retried",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      await kit.control("cancel", { queue: HOME, id: made.flow });
      const [first, second, third] = made.ids;
      for (const ref of [first, { queue: OTHER, id: second }, third, { queue: HOME, id: made.flow }]) {
        await kit.control("retry", ref);
      }
      assert.deepEqual(await states(kit, made), ["queued", "blocked", "blocked", "blocked"]);
      const session = await all(kit);
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal(await kit.state(made.flow, HOME), "completed");
    },
  ],
  [
    "retry-after-members-ended",
    "a flow whose members have all succeeded is not retried; one whose members ended otherwise sees how they ended",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      const session = await all(kit);
      const lease = await session.next();
      await session.fail(lease, null);
      const [first, second, third] = made.ids;
      for (const ref of [first, { queue: OTHER, id: second }, third]) await kit.control("retry", ref);
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal(await kit.state(made.flow, HOME), "failed", "a retry is of one job");
      await kit.control("retry", { queue: HOME, id: made.flow });
      assert.equal(await kit.state(made.flow, HOME), "completed");
      const answer = await kit.control("retry", { queue: HOME, id: made.flow });
      assert.deepEqual(answer, { outcome: "wrong-state", state: "completed" });
    },
  ],
  [
    "removed-only-once-ended",
    "a flow can be removed once it has ended, not before",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      assert.equal((await kit.control("remove", { queue: HOME, id: made.flow })).outcome, "wrong-state");
      await kit.control("cancel", { queue: HOME, id: made.flow });
      assert.equal((await kit.control("remove", { queue: HOME, id: made.flow })).outcome, "applied");
    },
  ],
  [
    "members-kept-with-flow",
    "members are kept as long as their flow, and nothing is left after it",
    async (kit) => {
      const age = 5 * DAY;
      const keep = { completed: { age, count: null }, failed: { age, count: null } };
      const made = await chain(kit, { flow: { retention: keep } });
      await made.begin();
      const session = await all(kit);
      for (let left = 3; left > 0; left -= 1) await run(session);
      kit.advance(4 * DAY);
      await kit.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await states(kit, made), ["completed", "completed", "completed", "completed"]);
      kit.advance(DAY);
      for (let sweeps = 5; sweeps > 0; sweeps -= 1) await kit.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await kit.list(), []);
    },
  ],
  [
    "obliterating-queue-of-flow",
    "obliterating the queue of a flow cancels its members elsewhere",
    async (kit) => {
      const made = await chain(kit);
      await made.begin();
      await kit.engine.obliterate({ queue: HOME, force: true });
      assert.deepEqual(await states(kit, made), ["cancelled", "cancelled", "cancelled", undefined]);
    },
  ],
  [
    "obliterating-queue-of-members",
    "obliterating the queue of members ends them for their flow",
    async (kit) => {
      const made = await chain(kit, { ifFailed: "continue" });
      await made.begin();
      await kit.engine.obliterate({ queue: MAIN, force: true });
      assert.deepEqual(await states(kit, made), [undefined, "failed", undefined, "failed"]);
    },
  ],
  [
    "ended-or-empty-at-beginning",
    "a flow whose members had all ended before it began ends as it begins; an empty one too",
    async (kit) => {
      const made = await chain(kit);
      const [first] = made.ids;
      await kit.control("cancel", first);
      const [, second, third] = made.ids;
      await kit.control("cancel", { queue: OTHER, id: second });
      await kit.control("cancel", third);
      assert.equal(await kit.state(made.flow, HOME), "blocked");
      assert.equal(await made.begin(), "committed");
      assert.equal(await kit.state(made.flow, HOME), "failed");
      const empty = await kit.add({ queue: HOME, role: "flow" });
      await kit.engine.commitFlow({ queue: HOME, id: empty, members: 0 });
      assert.equal(await kit.state(empty, HOME), "completed");
    },
  ],
  [
    "thousand-jobs-in-two-queues",
    "a flow of a thousand jobs in two queues begins and ends",
    async (kit) => {
      const flow = await kit.add({ queue: HOME, role: "flow" });
      const jobs = Array.from({ length: 1_000 }, (_, index) =>
        kit.spec({ queue: index % 2 === 0 ? MAIN : OTHER, hold: true, flow: member(flow, { node: `n${index}` }) }),
      );
      await kit.engine.enqueue({ jobs });
      assert.equal(await kit.engine.commitFlow({ queue: HOME, id: flow, members: 1_000 }), "committed");
      const session = await kit.session({ queues: [MAIN, OTHER] });
      const leases = await session.claim(1_000);
      assert.equal(leases.length, 1_000);
      const done = { kind: "complete", result: null } as const;
      await session.exchange(leases.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome: done })));
      assert.equal(await kit.state(flow, HOME), "completed");
    },
  ],
  [
    "dead-creator-of-short-keep",
    "a flow whose creator died takes its jobs along, however short it is kept",
    async (kit) => {
      const none = { age: 0, count: 0 };
      const made = await chain(kit, { flow: { retention: { completed: none, failed: none } } });
      kit.advance(FLOW_CREATION);
      await kit.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await kit.list(), []);
      assert.equal(await made.begin(), "missing");
    },
  ],
]);
