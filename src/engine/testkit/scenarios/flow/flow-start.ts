/** How flows begin: created, filled and started as a whole, or removed as a whole when their creator died before that. */
import assert from "node:assert/strict";
import { FLOW_CREATION } from "../../../../model/job/membership.js";
import { OTHER } from "../../context/dependency-helpers.js";
import { all, chain, HOME, member, run, states } from "../../context/flow-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

export const flowStart = scenarios("flows", [
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
    "a flow that is started twice starts once; a job that is missing, or no flow, cannot be started",
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
    "a job that had ended is removed too when its flow was never complete",
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
    "when a flow was never complete, a job that reuses the id of a removed member is spared",
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
      const leases = await session.claimMany(1_000);
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
