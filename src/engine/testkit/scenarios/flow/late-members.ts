/** Late members: jobs that join a flow when it has ended, as those do that a job was making when its flow was cancelled. */
import assert from "node:assert/strict";
import { isSuccess } from "../../../../model/job/dependency.js";
import { toRetry } from "../../../../model/flow/graph.js";
import { FLOW_CREATION, MOST_MEMBERS, type Membership } from "../../../../model/job/membership.js";
import type { JobRecord, JobRef, JobSpec } from "../../../../model/job/job.js";
import type { FencedAnswer, Lease } from "../../../contract/engine.js";
import { DAY, ends, OTHER } from "../../context/dependency-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { TestSession } from "../../context/test-session.js";

const HOME = "home";

function member(flow: string, change: Partial<Membership> = {}): Membership {
  return { queue: HOME, id: flow, node: "parent", parent: null, weight: 1, ifFailed: "fail", ...change };
}

/** A flow of one job, `parent`, which has begun. */
async function begin(
  context: ScenarioContext,
  change: Partial<JobSpec> = {},
): Promise<{ flow: JobRef; parent: string }> {
  const id = await context.add({ queue: HOME, role: "flow", ...change });
  const parent = await context.add({ hold: true, flow: member(id) });
  await context.engine.commitFlow({ queue: HOME, id, members: 1 });
  return { flow: { queue: HOME, id }, parent };
}

const all = (context: ScenarioContext): Promise<TestSession> =>
  context.session({ queues: [MAIN, OTHER], ttl: 100 * DAY });

/** What joins a flow while it runs. */
function child(context: ScenarioContext, flow: JobRef, change: Partial<JobSpec> = {}): JobSpec {
  return context.spec({ queue: OTHER, flow: member(flow.id, { node: "child", parent: "parent" }), ...change });
}

async function membersOf(context: ScenarioContext, flow: JobRef): Promise<JobRecord[]> {
  const refs = (await context.engine.dependencies(flow)).map(({ queue, id }) => ({ queue, id }));
  return (await context.engine.getJobs({ refs })).filter((job) => job !== null);
}

/** Retries a flow as its handle does: first its members that did not succeed, in their order, then itself. */
async function retry(context: ScenarioContext, flow: JobRef): Promise<void> {
  for (const level of toRetry(await membersOf(context, flow))) {
    for (const { queue, id } of level) await context.control("retry", { queue, id });
  }
  assert.equal((await context.control("retry", flow)).outcome, "applied");
}

/** The commands of a run that makes jobs, in order; the last one ends it. */
type Commands = (() => Promise<FencedAnswer>)[];

/** A run that makes jobs: what it sends, given its lease. */
type Making = (
  context: ScenarioContext,
  session: TestSession,
  lease: Lease,
  parts: readonly (readonly JobSpec[])[],
) => Commands;

const made = (context: ScenarioContext, jobs: readonly JobSpec[]) => async (): Promise<FencedAnswer> => {
  await context.engine.enqueue({ jobs });
  return "applied";
};

/** That they were made is remembered so. */
const MADE = { seq: 1, kind: "spawn", name: "made", key: null, value: "1", at: 0, took: 0, counters: null } as const;

/** It waits for them: parts are made and bound to it one after the other. */
const waiting: Making = (context, session, lease, parts) => [
  ...parts.flatMap((part) => [
    made(context, part),
    () => session.report(lease, { after: part.map(({ queue, id }) => ({ queue, id })) }),
  ]),
  () => session.report(lease, { checkpoints: [MADE] }),
  () => session.settle(lease, { kind: "wait" }),
];

/** It goes on without them. */
const goingOn: Making = (context, session, lease, parts) => [
  ...parts.map((part) => made(context, part)),
  () => session.report(lease, { checkpoints: [MADE] }),
  () => session.complete(lease),
];

/** A run sends its commands; before one of them its flow is cancelled. It goes on until it hears that its lease is gone. */
async function cancelledBefore(
  context: ScenarioContext,
  flow: JobRef,
  commands: Commands,
  point: number,
): Promise<void> {
  for (const [index, command] of commands.entries()) {
    if (index === point) await context.control("cancel", flow);
    if ((await command()) === "stale") return;
  }
  if (point === commands.length) await context.control("cancel", flow);
}

/** Runs everything to its end: the parent makes its jobs once more, if it does not remember that it did. */
async function finish(
  context: ScenarioContext,
  session: TestSession,
  parent: string,
  making: Making,
  parts: readonly JobSpec[][],
) {
  const runs = new Map<string, number>();
  for (;;) {
    const leases = await session.claim(500);
    if (leases.length === 0) return runs;
    for (const lease of leases) {
      runs.set(lease.id, (runs.get(lease.id) ?? 0) + 1);
      if (lease.id === parent && !lease.checkpoints) {
        for (const command of making(context, session, lease, parts)) assert.equal(await command(), "applied");
      }
    }
    const done = { kind: "complete", result: null } as const;
    const rest = leases.filter((lease) => lease.id !== parent || lease.checkpoints);
    await session.exchange(rest.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome: done })));
  }
}

/** Cancels the flow of a job that makes others at one point of that, retries it, and lets everything run. */
async function cancelAndRetry(
  context: ScenarioContext,
  making: Making,
  parts: number,
  size: number,
  point: number,
): Promise<boolean> {
  const { flow, parent } = await begin(context);
  const session = await all(context);
  const lease = await session.next();
  const jobs = Array.from({ length: parts }, () => Array.from({ length: size }, () => child(context, flow)));
  const commands = making(context, session, lease, jobs);
  await cancelledBefore(context, flow, commands, point);
  const where = `cancelled before command ${point}`;
  const there = (await context.list({ queue: OTHER }, 500)).length;
  const members = await membersOf(context, flow);
  assert.equal(members.length, there + 1, `${where}: what was made is a member`);
  for (const { id, state } of members) {
    if (id !== parent || !isSuccess(state)) assert.equal(state, "cancelled", `${where}: it is cancelled`);
  }
  const told = await context.engine.dependencies(flow);
  assert.deepEqual(
    told.map(({ state }) => state),
    members.map(({ state }) => state),
    `${where}: the flow knows that`,
  );
  await retry(context, flow);
  const runs = await finish(context, session, parent, making, jobs);
  for (const { id } of jobs.flat()) assert.equal(runs.get(id), 1, `${where}: each of the jobs runs`);
  assert.equal(await context.state(flow.id, HOME), "completed", where);
  for (const { state } of await membersOf(context, flow)) assert.equal(state, "completed", where);
  await context.engine.obliterate({ queue: OTHER, force: true });
  await session.close();
  return point < commands.length;
}

export const lateMembers = scenarios("late-members", [
  [
    "cancelled-while-making-then-waiting",
    "a flow cancelled at any point while a job makes others and waits for them runs all of them when it is retried",
    async (context) => {
      for (let point = 0; await cancelAndRetry(context, waiting, 2, 2, point);) point += 1;
    },
  ],
  [
    "cancelled-while-making-then-going-on",
    "a flow cancelled at any point while a job makes others and goes on runs all of them when it is retried",
    async (context) => {
      for (let point = 0; await cancelAndRetry(context, goingOn, 2, 1, point);) point += 1;
    },
  ],
  [
    "cancelled-while-making-3000",
    "a flow cancelled while a job makes three thousand others, in parts, runs all of them when it is retried",
    async (context) => {
      await cancelAndRetry(context, waiting, 6, 500, 4);
    },
  ],
  [
    "joining-ended-flow",
    "a job that joins a flow which has ended, however it did, is a member, and cancelled",
    async (context) => {
      const endings: Record<string, (flow: JobRef, session: TestSession) => Promise<unknown>> = {
        cancelled: (flow) => context.control("cancel", flow),
        superseded: () => context.add({ queue: HOME, role: "flow", supersedes: "key" }),
        completed: async (_, session) => session.complete(await session.next()),
        partial: async (_, session) => session.settle(await session.next(), { kind: "partial", result: null }),
        failed: async (_, session) => session.fail(await session.next(), null),
      };
      for (const [state, end] of Object.entries(endings)) {
        const { flow } = await begin(context, { supersedes: "key" });
        const session = await all(context);
        await end(flow, session);
        assert.equal(await context.state(flow.id, HOME), state);
        const late = child(context, flow);
        await context.engine.enqueue({ jobs: [late] });
        assert.equal(await context.state(late.id, OTHER), "cancelled", `of a flow that is ${state}`);
        const dependency = (await context.engine.dependencies(flow)).find(({ id }) => id === late.id);
        assert.deepEqual(dependency, { queue: OTHER, id: late.id, ifFailed: "fail", state: "cancelled" });
        assert.deepEqual(await context.engine.dependents({ queue: OTHER, id: late.id }), [flow]);
        assert.equal(await context.state(flow.id, HOME), state, "the flow stays as it ended");
        await session.close();
      }
    },
  ],
  [
    "completed-flow-runs-it-on-retry",
    "a flow that completed before one of its jobs came runs that when it is retried",
    async (context) => {
      const { flow, parent } = await begin(context);
      const session = await all(context);
      await session.complete(await session.next());
      const late = child(context, flow);
      await context.engine.enqueue({ jobs: [late] });
      await retry(context, flow);
      assert.deepEqual(await session.claimIds(10), [late.id]);
      assert.equal(await context.state(parent), "completed");
      assert.equal(await context.state(flow.id, HOME), "blocked");
    },
  ],
  [
    "retried-and-cancelled-flow-knows",
    "a flow that was retried and cancelled again knows that a late member is cancelled",
    async (context) => {
      const { flow } = await begin(context);
      await context.control("cancel", flow);
      await retry(context, flow);
      await context.control("cancel", flow);
      await context.engine.enqueue({ jobs: [child(context, flow)] });
      assert.deepEqual(await ends(context, flow.id, HOME), ["cancelled", "cancelled"]);
    },
  ],
  [
    "ended-flow-full-at-10000",
    "a flow of 10,000 jobs that has ended takes no more: what joins is cancelled",
    async (context) => {
      const { flow } = await begin(context);
      const rest = Array.from({ length: MOST_MEMBERS - 1 }, () => child(context, flow));
      for (let from = 0; from < rest.length; from += 500) {
        await context.engine.enqueue({ jobs: rest.slice(from, from + 500) });
      }
      await context.control("cancel", flow);
      const late = child(context, flow);
      await context.engine.enqueue({ jobs: [late] });
      assert.equal(await context.state(late.id, OTHER), "cancelled");
      const members = await context.engine.dependencies(flow);
      assert.equal(members.length, MOST_MEMBERS);
      assert.ok(!members.some(({ id }) => id === late.id));
    },
  ],
  [
    "kept-as-long-as-flow",
    "a late member is kept as long as its flow, and goes after it",
    async (context) => {
      const keep = { completed: { age: 5 * DAY, count: null }, failed: { age: 5 * DAY, count: null } };
      const { flow } = await begin(context, { retention: keep });
      await context.control("cancel", flow);
      const late = child(context, flow, {
        retention: { completed: { age: 0, count: 0 }, failed: { age: 0, count: 0 } },
      });
      await context.engine.enqueue({ jobs: [late] });
      context.advance(4 * DAY);
      await context.sweep(100, [HOME, MAIN, OTHER]);
      assert.equal(await context.state(late.id, OTHER), "cancelled");
      context.advance(4 * DAY);
      for (let sweeps = 5; sweeps > 0; sweeps -= 1) await context.sweep(100, [HOME, MAIN, OTHER]);
      assert.deepEqual(await context.list(), []);
    },
  ],
  [
    "joining-removed-flow",
    "a late member of a flow that was removed is cancelled, and nothing keeps it",
    async (context) => {
      const { flow } = await begin(context);
      await context.control("cancel", flow);
      await context.control("remove", flow);
      const late = child(context, flow);
      await context.engine.enqueue({ jobs: [late] });
      assert.equal(await context.state(late.id, OTHER), "cancelled");
      assert.deepEqual(await context.engine.dependents({ queue: OTHER, id: late.id }), []);
    },
  ],
  [
    "retried-member-of-running-flow",
    "a member that failed and is retried while its flow goes on is waited for again",
    async (context) => {
      const { flow } = await begin(context);
      const spec = child(context, flow, { attempts: 1 });
      await context.engine.enqueue({ jobs: [spec] });
      const session = await all(context);
      const parent = await session.next();
      await session.fail(await session.next(), null);
      await context.control("retry", { queue: OTHER, id: spec.id });
      await session.complete(parent);
      assert.equal(await context.state(flow.id, HOME), "blocked");
      await session.complete(await session.next());
      assert.equal(await context.state(flow.id, HOME), "completed");
    },
  ],
  [
    "goes-with-flow-of-same-id",
    "a job that joined a flow which was missing goes with a later flow of that id, if it is retried and that is never complete",
    async (context) => {
      const early = await context.add({ queue: OTHER, hold: true, flow: member("twice") });
      assert.equal(await context.state(early, OTHER), "cancelled");
      await context.add({ queue: HOME, id: "twice", role: "flow" });
      await context.control("retry", { queue: OTHER, id: early });
      assert.equal(await context.state(early, OTHER), "blocked");
      context.advance(FLOW_CREATION);
      for (let sweeps = 0; sweeps < 3; sweeps += 1) await context.sweep(100, [HOME, OTHER]);
      assert.deepEqual(await context.engine.getJobs({ refs: [{ queue: OTHER, id: early }] }), [null]);
    },
  ],
  [
    "outlives-removed-flow",
    "a retried member that waits for a job goes on waiting when retention removes its flow",
    async (context) => {
      const flow = await context.add({ queue: HOME, role: "flow" });
      await context.engine.commitFlow({ queue: HOME, id: flow, members: 0 });
      const first = await context.add();
      const after = [{ queue: MAIN, id: first, ifFailed: "fail" }] as const;
      const second = await context.add({ queue: HOME, flow: member(flow), after });
      await context.control("retry", { queue: HOME, id: second });
      context.advance(2 * DAY);
      for (let sweeps = 0; sweeps < 3; sweeps += 1) await context.sweep(100, [HOME, MAIN]);
      assert.deepEqual(await context.engine.getJobs({ refs: [{ queue: HOME, id: flow }] }), [null]);
      assert.equal(await context.state(second, HOME), "blocked");
      const session = await all(context);
      await session.complete(await session.next());
      assert.equal(await context.state(second, HOME), "queued");
    },
  ],
]);
