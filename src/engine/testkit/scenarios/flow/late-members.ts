/** Late members: jobs that join a flow that has ended or is gone. They are cancelled, and run when the flow is retried. */
import assert from "node:assert/strict";
import { FLOW_CREATION, MOST_MEMBERS } from "../../../../model/job/membership.js";
import type { JobRef } from "../../../../model/job/job.js";
import { DAY, ends, OTHER } from "../../context/dependency-helpers.js";
import { all, begin, child, HOME, member, retry } from "../../context/late-member-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import type { TestSession } from "../../context/test-session.js";

export const lateMembers = scenarios("late-members", [
  [
    "joining-ended-flow",
    "a job that joins a flow which has ended, however it did, is a member, and cancelled",
    async (context) => {
      const endings: Record<string, (flow: JobRef, session: TestSession) => Promise<unknown>> = {
        cancelled: (flow) => context.control("cancel", flow),
        superseded: () => begin(context, { supersedes: "key" }),
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
    "a late member is kept as long as its flow, and is removed after it",
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
