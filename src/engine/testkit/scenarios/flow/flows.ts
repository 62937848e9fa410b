/** Flows: jobs that begin together and end together, all of them or none. */
import assert from "node:assert/strict";
import { DEPENDENCY_FAILED } from "../../../../model/job/dependency.js";
import { FLOW_CREATION, MOST_MEMBERS, type Membership } from "../../../../model/job/membership.js";
import type { JobRef, JobSpec } from "../../../../model/job/job.js";
import type { CommitAnswer } from "../../../contract/engine.js";
import { after, DAY, OTHER } from "../../context/dependency-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { TestSession } from "../../context/test-session.js";

const HOME = "home";

/** What a member says of its flow. */
function member(flow: string, change: Partial<Membership> = {}): Membership {
  return { queue: HOME, id: flow, node: "node", parent: null, weight: 1, ifFailed: "fail", ...change };
}

/** A flow of three, created and not begun: `first` in the queue `main`, then `second` in `other`, then `third` in `main`. */
async function chain(
  context: ScenarioContext,
  change: { flow?: Partial<JobSpec>; second?: Partial<JobSpec>; ifFailed?: Membership["ifFailed"] } = {},
): Promise<{ flow: string; ids: [string, string, string]; begin(): Promise<CommitAnswer> }> {
  const flow = await context.add({ queue: HOME, role: "flow", task: "pipeline", ...change.flow });
  const first = context.spec({ hold: true, flow: member(flow) });
  const second = context.spec({
    queue: OTHER,
    hold: true,
    flow: member(flow, { ifFailed: change.ifFailed ?? "fail" }),
    after: after([first.id]),
    ...change.second,
  });
  const third = context.spec({
    hold: true,
    flow: member(flow),
    after: after([second.id], change.ifFailed ?? "fail", OTHER),
  });
  await context.engine.enqueue({ jobs: [first, second, third] });
  const begin = async (): Promise<CommitAnswer> => context.engine.commitFlow({ queue: HOME, id: flow, members: 3 });
  return { flow, ids: [first.id, second.id, third.id], begin };
}

const all = (context: ScenarioContext): Promise<TestSession> =>
  context.session({ queues: [MAIN, OTHER, HOME], ttl: 100 * DAY });

/** The states of a chain's members and of the flow itself. */
async function states(
  context: ScenarioContext,
  { flow, ids: [first, second, third] }: Chain,
): Promise<(string | undefined)[]> {
  const refs = [
    { queue: MAIN, id: first },
    { queue: OTHER, id: second },
    { queue: MAIN, id: third },
    { queue: HOME, id: flow },
  ];
  return (await context.engine.getJobs({ refs })).map((job) => job?.state);
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
    async (context) => {
      const made = await chain(context);
      const session = await all(context);
      assert.deepEqual(await states(context, made), ["blocked", "blocked", "blocked", "blocked"]);
      assert.deepEqual(await session.claimIds(10), []);
      assert.equal(await made.begin(), "committed");
      assert.deepEqual(await states(context, made), ["queued", "blocked", "blocked", "blocked"]);
      for (const id of made.ids) assert.equal((await run(session)).id, id);
      assert.deepEqual(await states(context, made), ["completed", "completed", "completed", "completed"]);
      const flow = await context.job(made.flow, HOME);
      assert.deepEqual([flow.role, flow.task, flow.attempt, flow.history], ["flow", "pipeline", 0, []]);
      assert.equal(flow.finishedAt, context.clock.now());
    },
  ],
  [
    "flow-and-members-know-each-other",
    "a flow knows its members and they know it",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const [first, second, third] = made.ids;
      const members = await context.engine.dependencies({ queue: HOME, id: made.flow });
      assert.deepEqual(
        members.map(({ queue, id, state }) => [queue, id, state]),
        [...[first, third].toSorted().map((id) => [MAIN, id, null]), [OTHER, second, null]],
      );
      assert.deepEqual((await context.job(second, OTHER)).flow, member(made.flow));
      const dependents = await context.engine.dependents({ queue: OTHER, id: second });
      assert.deepEqual(dependents, [
        { queue: HOME, id: made.flow },
        { queue: MAIN, id: third },
      ]);
    },
  ],
  [
    "lease-says-its-flow",
    "a lease says to which flow its job belongs",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const lease = await (await all(context)).next();
      assert.deepEqual(lease.body?.flow, member(made.flow));
    },
  ],
  [
    "too-few-members",
    "a flow with fewer members than were said does not begin",
    async (context) => {
      const { flow } = await chain(context);
      assert.equal(await context.engine.commitFlow({ queue: HOME, id: flow, members: 4 }), "incomplete");
      assert.equal(await context.state(flow, HOME), "blocked");
    },
  ],
  [
    "begun-twice-or-not-there",
    "beginning twice is beginning once; what is not there, or no flow, cannot begin",
    async (context) => {
      const made = await chain(context);
      assert.equal(await made.begin(), "committed");
      await run(await all(context));
      assert.equal(await made.begin(), "committed");
      assert.deepEqual(await states(context, made), ["completed", "queued", "blocked", "blocked"]);
      assert.equal(await context.engine.commitFlow({ queue: HOME, id: "nobody", members: 0 }), "missing");
      assert.equal(await context.engine.commitFlow({ queue: "nowhere", id: "nobody", members: 0 }), "missing");
      const job = await context.add({ hold: true });
      assert.equal(await context.engine.commitFlow({ queue: MAIN, id: job, members: 0 }), "missing");
    },
  ],
  [
    "dead-creator-removes-all",
    "a flow whose creator died is removed with all its jobs, and none of them ran",
    async (context) => {
      const made = await chain(context, { ifFailed: "continue" });
      const session = await all(context);
      context.advance(FLOW_CREATION - 1);
      await context.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await states(context, made), ["blocked", "blocked", "blocked", "blocked"]);
      context.advance(1);
      await context.sweep(100, [HOME]);
      assert.deepEqual(await context.list(), []);
      assert.deepEqual(await session.claimIds(10), []);
      assert.equal(await made.begin(), "missing");
    },
  ],
  [
    "ended-member-goes-too",
    "a job that had ended goes too when its flow was never complete",
    async (context) => {
      const made = await chain(context);
      await context.control("cancel", made.ids[0]);
      context.advance(FLOW_CREATION);
      await context.sweep(100, [HOME]);
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "reused-id-is-spared",
    "a job that came to the id of a removed one is not taken for that when the flow was never complete",
    async (context) => {
      const flow = await context.add({ queue: HOME, role: "flow" });
      const id = await context.add({ id: "chosen", nonce: "n1", hold: true, flow: member(flow) });
      await context.control("remove", id);
      await context.add({ id: "chosen", nonce: "n2" });
      context.advance(FLOW_CREATION);
      await context.sweep(100, [HOME]);
      assert.deepEqual(await context.list(), [id]);
    },
  ],
  [
    "dead-creator-before-any-job",
    "a flow whose creator died before any job was made is removed",
    async (context) => {
      const flow = await context.add({ queue: HOME, role: "flow" });
      context.advance(FLOW_CREATION);
      await context.sweep(100, [HOME]);
      assert.equal(await context.find(flow, HOME), null);
    },
  ],
  [
    "begun-does-not-expire",
    "a flow that has begun does not expire",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      context.advance(FLOW_CREATION * 2);
      await context.sweep(100, [HOME]);
      assert.equal(await context.state(made.flow, HOME), "blocked");
    },
  ],
  [
    "member-failure-fails-flow",
    "a flow fails when a member fails, once all others have ended",
    async (context) => {
      const made = await chain(context);
      const extra = await context.add({ hold: true, flow: member(made.flow, { ifFailed: "continue" }) });
      await made.begin();
      const session = await all(context);
      const lease = await session.next();
      await session.fail(lease, null);
      assert.deepEqual(await states(context, made), ["failed", "failed", "failed", "blocked"]);
      assert.equal((await run(session)).id, extra);
      const flow = await context.job(made.flow, HOME);
      assert.deepEqual([flow.state, flow.error?.code], ["failed", DEPENDENCY_FAILED]);
    },
  ],
  [
    "partial-for-optional-failure",
    "a flow is partial when a member that may fail failed, or one was partial",
    async (context) => {
      const made = await chain(context, { ifFailed: "continue" });
      await made.begin();
      const session = await all(context);
      await run(session);
      const lease = await session.next();
      await session.fail(lease, null);
      await run(session);
      assert.deepEqual(await states(context, made), ["completed", "failed", "completed", "partial"]);
      const other = await chain(context);
      await other.begin();
      await session.settle(await session.next(), { kind: "partial", result: null });
      await run(session);
      await run(session);
      assert.equal(await context.state(other.flow, HOME), "partial");
    },
  ],
  [
    "cancel-takes-members",
    "cancelling a flow cancels its members, running ones too",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      const lease = await session.next();
      const answer = await context.control("cancel", { queue: HOME, id: made.flow });
      assert.deepEqual(answer, { outcome: "applied", state: "cancelled" });
      assert.deepEqual(await states(context, made), ["cancelled", "cancelled", "cancelled", "cancelled"]);
      const { revoked } = await session.heartbeat();
      const { queue, id, epoch } = lease;
      assert.deepEqual(revoked, [{ queue, id, epoch, cause: "cancel" }]);
      assert.equal(await session.complete(lease), "stale");
    },
  ],
  [
    "cancel-spares-ended",
    "a flow that is cancelled leaves alone what has ended",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      await run(await all(context));
      await context.control("cancel", { queue: HOME, id: made.flow });
      assert.deepEqual(await states(context, made), ["completed", "cancelled", "cancelled", "cancelled"]);
    },
  ],
  [
    "cancelled-before-begun",
    "a flow cancelled before it began never runs",
    async (context) => {
      const made = await chain(context);
      await context.control("cancel", { queue: HOME, id: made.flow });
      assert.equal((await (await all(context)).claimIds(10)).length, 0);
      assert.ok(["missing", "ended"].includes(await made.begin()));
      const left = await context.list({ states: ["blocked", "queued"] });
      assert.deepEqual(left, []);
    },
  ],
  [
    "supersede-takes-members",
    "a flow that is superseded takes its members along",
    async (context) => {
      const made = await chain(context, { flow: { supersedes: "key" } });
      await made.begin();
      await context.add({ queue: HOME, role: "flow", supersedes: "key" });
      assert.deepEqual(await states(context, made), ["cancelled", "cancelled", "cancelled", "superseded"]);
    },
  ],
  [
    "waited-for-like-a-job",
    "a flow is waited for like any job",
    async (context) => {
      const made = await chain(context);
      const next = await context.add({ after: after([made.flow], "fail", HOME) });
      await made.begin();
      const session = await all(context);
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal((await session.next()).id, next);
    },
  ],
  [
    "members-cancelled-or-removed-singly",
    "a flow whose members were cancelled or removed one by one ends",
    async (context) => {
      const made = await chain(context, { ifFailed: "continue" });
      await made.begin();
      const [first, second, third] = made.ids;
      await context.control("remove", third);
      await context.control("cancel", { queue: OTHER, id: second });
      assert.equal(await context.state(made.flow, HOME), "blocked");
      await context.control("cancel", first);
      assert.equal(await context.state(made.flow, HOME), "failed");
    },
  ],
  [
    "joining-is-waited-for",
    "a job joins a flow that runs, which waits for it too",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      await run(session);
      const late = await context.add({
        queue: OTHER,
        flow: member(made.flow, { parent: "node", ifFailed: "continue" }),
      });
      for (let left = 3; left > 0; left -= 1) {
        assert.equal(await context.state(made.flow, HOME), "blocked");
        await run(session);
      }
      assert.equal(await context.state(made.flow, HOME), "completed");
      assert.equal((await context.engine.dependencies({ queue: HOME, id: made.flow })).length, 4);
      assert.equal(await context.state(late, OTHER), "completed");
    },
  ],
  [
    "joining-ended-is-cancelled",
    "a job that joins a flow which has ended, or is gone, is cancelled",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      await context.control("cancel", { queue: HOME, id: made.flow });
      const late = await context.add({ flow: member(made.flow) });
      assert.equal(await context.state(late), "cancelled");
      const lost = await context.add({ flow: member("nobody") });
      assert.equal(await context.state(lost), "cancelled");
    },
  ],
  [
    "joining-fails-at-once",
    "a job that joins a flow and fails at once for what it depends on has ended for the flow too",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      const failed = await context.add({ queue: OTHER });
      await context.control("cancel", { queue: OTHER, id: failed });
      const late = await context.add({ flow: member(made.flow), after: after([failed], "fail", OTHER) });
      assert.equal(await context.state(late), "failed");
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal(await context.state(made.flow, HOME), "failed");
    },
  ],
  [
    "held-joiner-may-run",
    "a held job that joins a flow which has begun may run",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      assert.equal(await context.state(await context.add({ hold: true, flow: member(made.flow) })), "queued");
    },
  ],
  [
    "at-most-10000-jobs",
    "a flow takes no more than 10,000 jobs: what joins beyond that is cancelled",
    async (context) => {
      const flow = await context.add({ queue: HOME, role: "flow" });
      const jobs = Array.from({ length: MOST_MEMBERS + 1 }, () => context.spec({ hold: true, flow: member(flow) }));
      for (let from = 0; from < jobs.length; from += 500) {
        await context.engine.enqueue({ jobs: jobs.slice(from, from + 500) });
      }
      assert.equal(await context.state(jobs.at(-1)?.id ?? ""), "cancelled");
      assert.equal((await context.counts()).blocked, MOST_MEMBERS);
      assert.equal(await context.engine.commitFlow({ queue: HOME, id: flow, members: MOST_MEMBERS + 1 }), "incomplete");
    },
  ],
  [
    "ended-before-known-not-kept",
    "a job that ended before its flow knew of it is not kept for the flow",
    async (context) => {
      const flow = await context.add({ queue: HOME, role: "flow" });
      const [first, second] = [
        context.spec({ flow: member(flow), supersedes: "key" }),
        context.spec({ supersedes: "key" }),
      ];
      await context.engine.enqueue({ jobs: [first, second] });
      assert.equal(await context.state(first.id), "superseded");
      assert.deepEqual(await context.engine.dependents({ queue: MAIN, id: first.id }), []);
    },
  ],
  [
    "failed-flow-retried",
    "a failed flow runs again what failed, when that and the flow are retried",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      await run(session);
      const lease = await session.next();
      await session.fail(lease, null);
      assert.deepEqual(await states(context, made), ["completed", "failed", "failed", "failed"]);
      const [, second, third] = made.ids;
      await context.control("retry", { queue: OTHER, id: second });
      await context.control("retry", third);
      assert.equal((await context.control("retry", { queue: HOME, id: made.flow })).state, "blocked");
      assert.deepEqual(await states(context, made), ["completed", "queued", "blocked", "blocked"]);
      await run(session);
      await run(session);
      assert.deepEqual(await states(context, made), ["completed", "completed", "completed", "completed"]);
    },
  ],
  [
    "cancelled-flow-retried",
    "a cancelled flow runs again when its members and itself are retried",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      await context.control("cancel", { queue: HOME, id: made.flow });
      const [first, second, third] = made.ids;
      for (const ref of [first, { queue: OTHER, id: second }, third, { queue: HOME, id: made.flow }]) {
        await context.control("retry", ref);
      }
      assert.deepEqual(await states(context, made), ["queued", "blocked", "blocked", "blocked"]);
      const session = await all(context);
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal(await context.state(made.flow, HOME), "completed");
    },
  ],
  [
    "retry-after-members-ended",
    "a flow whose members have all succeeded is not retried; one whose members ended otherwise sees how they ended",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      const lease = await session.next();
      await session.fail(lease, null);
      const [first, second, third] = made.ids;
      for (const ref of [first, { queue: OTHER, id: second }, third]) await context.control("retry", ref);
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.equal(await context.state(made.flow, HOME), "failed", "a retry is of one job");
      await context.control("retry", { queue: HOME, id: made.flow });
      assert.equal(await context.state(made.flow, HOME), "completed");
      const answer = await context.control("retry", { queue: HOME, id: made.flow });
      assert.deepEqual(answer, { outcome: "wrong-state", state: "completed" });
    },
  ],
  [
    "removed-only-once-ended",
    "a flow can be removed once it has ended, not before",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      assert.equal((await context.control("remove", { queue: HOME, id: made.flow })).outcome, "wrong-state");
      await context.control("cancel", { queue: HOME, id: made.flow });
      assert.equal((await context.control("remove", { queue: HOME, id: made.flow })).outcome, "applied");
    },
  ],
  [
    "members-kept-with-flow",
    "members are kept as long as their flow, and nothing is left after it",
    async (context) => {
      const age = 5 * DAY;
      const keep = { completed: { age, count: null }, failed: { age, count: null } };
      const made = await chain(context, { flow: { retention: keep } });
      await made.begin();
      const session = await all(context);
      for (let left = 3; left > 0; left -= 1) await run(session);
      context.advance(4 * DAY);
      await context.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await states(context, made), ["completed", "completed", "completed", "completed"]);
      context.advance(DAY);
      for (let sweeps = 5; sweeps > 0; sweeps -= 1) await context.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "obliterating-queue-of-flow",
    "obliterating the queue of a flow cancels its members elsewhere",
    async (context) => {
      const made = await chain(context);
      await made.begin();
      await context.engine.obliterate({ queue: HOME, force: true });
      assert.deepEqual(await states(context, made), ["cancelled", "cancelled", "cancelled", undefined]);
    },
  ],
  [
    "obliterating-queue-of-members",
    "obliterating the queue of members ends them for their flow",
    async (context) => {
      const made = await chain(context, { ifFailed: "continue" });
      await made.begin();
      await context.engine.obliterate({ queue: MAIN, force: true });
      assert.deepEqual(await states(context, made), [undefined, "failed", undefined, "failed"]);
    },
  ],
  [
    "ended-or-empty-at-beginning",
    "a flow whose members had all ended before it began ends as it begins; an empty one too",
    async (context) => {
      const made = await chain(context);
      const [first] = made.ids;
      await context.control("cancel", first);
      const [, second, third] = made.ids;
      await context.control("cancel", { queue: OTHER, id: second });
      await context.control("cancel", third);
      assert.equal(await context.state(made.flow, HOME), "blocked");
      assert.equal(await made.begin(), "committed");
      assert.equal(await context.state(made.flow, HOME), "failed");
      const empty = await context.add({ queue: HOME, role: "flow" });
      await context.engine.commitFlow({ queue: HOME, id: empty, members: 0 });
      assert.equal(await context.state(empty, HOME), "completed");
    },
  ],
  [
    "thousand-jobs-in-two-queues",
    "a flow of a thousand jobs in two queues begins and ends",
    async (context) => {
      const flow = await context.add({ queue: HOME, role: "flow" });
      const jobs = Array.from({ length: 1_000 }, (_, index) =>
        context.spec({ queue: index % 2 === 0 ? MAIN : OTHER, hold: true, flow: member(flow, { node: `n${index}` }) }),
      );
      await context.engine.enqueue({ jobs });
      assert.equal(await context.engine.commitFlow({ queue: HOME, id: flow, members: 1_000 }), "committed");
      const session = await context.session({ queues: [MAIN, OTHER] });
      const leases = await session.claim(1_000);
      assert.equal(leases.length, 1_000);
      const done = { kind: "complete", result: null } as const;
      await session.exchange(leases.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome: done })));
      assert.equal(await context.state(flow, HOME), "completed");
    },
  ],
  [
    "dead-creator-of-short-keep",
    "a flow whose creator died takes its jobs along, however short it is kept",
    async (context) => {
      const none = { age: 0, count: 0 };
      const made = await chain(context, { flow: { retention: { completed: none, failed: none } } });
      context.advance(FLOW_CREATION);
      await context.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await context.list(), []);
      assert.equal(await made.begin(), "missing");
    },
  ],
]);
