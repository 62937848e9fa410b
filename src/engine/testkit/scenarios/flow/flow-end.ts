/** How flows end with their members, what a retry of them runs again, and when they are removed. */
import assert from "node:assert/strict";
import { DEPENDENCY_FAILED } from "../../../../model/job/dependency.js";
import { after, DAY, OTHER } from "../../context/dependency-helpers.js";
import { all, chain, HOME, member, run, states } from "../../context/flow-helpers.js";
import { retry } from "../../context/late-member-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const DONE = { kind: "complete", result: null } as const;

export const flowEnd = scenarios("flows", [
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
    "failed-flow-retried",
    "a failed flow runs its failed members again, when they and the flow are retried",
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
    "cancelled-as-members-end",
    "a flow that is cancelled while its last members end can be retried, and completes, whichever comes first",
    async (context) => {
      const flow = { queue: HOME, id: await context.add({ queue: HOME, role: "flow" }) };
      const jobs = Array.from({ length: 600 }, (_, index) =>
        context.spec({ hold: true, flow: member(flow.id, { node: `n${index}` }) }),
      );
      await context.engine.enqueue({ jobs });
      await context.engine.commitFlow({ ...flow, members: jobs.length });
      const session = await all(context);
      const leases = await session.claimMany(jobs.length);
      await Promise.all([
        session.exchange(leases.map(({ id, epoch }) => ({ queue: MAIN, id, epoch, outcome: DONE }))),
        context.control("cancel", flow),
      ]);
      if ((await context.state(flow.id, HOME)) !== "completed") {
        await retry(context, flow);
        const rest = await session.claimMany(jobs.length);
        await session.exchange(rest.map(({ id, epoch }) => ({ queue: MAIN, id, epoch, outcome: DONE })));
      }
      assert.equal(await context.state(flow.id, HOME), "completed");
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
]);
