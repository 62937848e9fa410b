/** A flow takes the place of the job before it when it begins: a creation that is never complete changes nothing. */
import assert from "node:assert/strict";
import { FLOW_CREATION } from "../../../../model/job/membership.js";
import type { JobSpec } from "../../../../model/job/job.js";
import { OTHER } from "../../context/dependency-helpers.js";
import { all, chain, HOME, run, states, type Chain } from "../../context/flow-helpers.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const UNBEGUN = ["blocked", "blocked", "blocked", "blocked"];
const BEGUN = ["queued", "blocked", "blocked", "blocked"];
const SUPERSEDED = ["cancelled", "cancelled", "cancelled", "superseded"];

/** A flow that supersedes, created and not started. */
const created = (context: ScenarioContext, flow: Partial<JobSpec> = {}): Promise<Chain> =>
  chain(context, { flow: { supersedes: "key", ...flow } });

/** A flow that supersedes, started. */
async function begun(context: ScenarioContext, flow: Partial<JobSpec> = {}): Promise<Chain> {
  const made = await created(context, flow);
  assert.equal(await made.begin(), "committed");
  return made;
}

/** Ends a creation as the death of its creator does. */
async function abandon(context: ScenarioContext): Promise<void> {
  context.advance(FLOW_CREATION);
  await context.sweep(100, [HOME, MAIN, OTHER]);
}

export const flowSuperseding = scenarios("flows", [
  [
    "supersedes-when-begun",
    "a flow supersedes the one before it when it begins, which takes its members along",
    async (context) => {
      const before = await begun(context);
      const after = await created(context);
      assert.deepEqual(await states(context, before), BEGUN);
      assert.equal(await after.begin(), "committed");
      assert.deepEqual(await states(context, before), SUPERSEDED);
      assert.deepEqual(await states(context, after), BEGUN);
    },
  ],
  [
    "abandoned-supersedes-nothing",
    "a flow that never begins supersedes nothing, also when its abandoned creation is swept away",
    async (context) => {
      const before = await begun(context);
      const session = await all(context);
      await run(session);
      const dead = await created(context);
      const cancelled = await created(context);
      await context.control("cancel", { queue: HOME, id: cancelled.flow });
      await abandon(context);
      assert.equal(await dead.begin(), "missing");
      assert.deepEqual(await states(context, before), ["completed", "queued", "blocked", "blocked"]);
      await run(session);
      await session.fail(await session.next(), null);
      const refs = [
        { queue: MAIN, id: before.ids[2] },
        { queue: HOME, id: before.flow },
      ];
      const answers = await context.engine.retry({ refs, fromStart: false, op: context.fresh("op") });
      const outcomes = answers.map(({ outcome }) => outcome);
      assert.deepEqual(outcomes, ["applied", "applied"], "it is still the latest");
      await begun(context);
      assert.deepEqual(await states(context, before), ["completed", "completed", "cancelled", "superseded"]);
    },
  ],
  [
    "begun-again-supersedes-once",
    "a flow that is created or started again supersedes once: not what has superseded it since",
    async (context) => {
      const spec = context.spec({ queue: HOME, role: "flow", supersedes: "key" });
      const send = async (): Promise<unknown> => {
        await context.engine.enqueue({ jobs: [spec] });
        return context.engine.commitFlow({ queue: HOME, id: spec.id, members: 0 });
      };
      const before = await begun(context);
      assert.equal(await send(), "committed");
      assert.deepEqual(await states(context, before), SUPERSEDED);
      const after = await begun(context);
      assert.equal(await context.state(spec.id, HOME), "superseded");
      assert.equal(await send(), "committed");
      assert.deepEqual(await states(context, after), BEGUN);
    },
  ],
  [
    "last-begun-stands",
    "of flows and jobs with one supersede key the one that began last stands, whenever it was created",
    async (context) => {
      const first = await created(context);
      const second = await created(context);
      const job = await context.add({ queue: HOME, supersedes: "key" });
      assert.equal(await second.begin(), "committed");
      assert.equal(await context.state(job, HOME), "superseded");
      assert.equal(await first.begin(), "committed");
      assert.deepEqual(await states(context, second), SUPERSEDED);
      assert.deepEqual(await states(context, first), BEGUN);
    },
  ],
  [
    "begin-fences-running",
    "a job that runs is fenced off when the flow that supersedes it begins, and its hook is due",
    async (context) => {
      const id = await context.add({ queue: HOME, supersedes: "key" });
      const session = await all(context);
      const lease = await session.next();
      const received: unknown[] = [];
      const stop = await context.engine.onRevoked({
        session: session.id,
        queues: [HOME],
        listener: (revocation) => void received.push(revocation),
      });
      const flow = await created(context);
      assert.deepEqual(await session.heartbeat(), { alive: true, revoked: [] });
      await flow.begin();
      await context.eventually("the revocation arrives", () => received.length > 0);
      assert.deepEqual(received, [{ queue: HOME, id, epoch: lease.epoch, cause: "supersede" }]);
      assert.equal(await session.complete(lease), "stale");
      const { history } = await context.job(id, HOME);
      assert.deepEqual(
        history.map(({ outcome }) => outcome),
        ["superseded"],
      );
      const due = await context.engine.claimEnded({ queues: [HOME], tasks: ["work"], limit: 10 });
      assert.deepEqual(due, [{ queue: HOME, id }]);
      stop();
    },
  ],
  [
    "begin-passes-expired",
    "a flow that begins supersedes nothing that cannot be superseded: one cancelled, or expired as its key is asked for",
    async (context) => {
      const unique = { key: "u", until: "finished", onConflict: "join" } as const;
      const id = await context.add({ queue: HOME, supersedes: "key", unique, ttl: 1_000 });
      const flow = await created(context, { unique });
      context.advance(1_000);
      assert.equal(await flow.begin(), "committed");
      assert.equal(await context.state(id, HOME), "expired");
      await context.control("cancel", { queue: HOME, id: flow.flow });
      await begun(context, { unique });
      assert.equal(await context.state(flow.flow, HOME), "cancelled");
    },
  ],
  [
    "key-passes-when-begun",
    "the unique key of what a flow supersedes passes to it when it begins, and stays where it is when it never does",
    async (context) => {
      const unique = { key: "u", until: "finished", onConflict: "join" } as const;
      const joins = async (): Promise<string | undefined> => {
        const [answer] = await context.engine.enqueue({ jobs: [context.spec({ queue: HOME, unique })] });
        return answer?.id;
      };
      const before = await begun(context, { unique });
      const dead = await created(context, { unique });
      assert.equal(await joins(), before.flow);
      await abandon(context);
      assert.equal(await dead.begin(), "missing");
      assert.equal(await joins(), before.flow);
      const after = await begun(context, { unique });
      assert.equal(await joins(), after.flow);
      assert.deepEqual(await states(context, before), SUPERSEDED);
    },
  ],
  [
    "key-taken-before-begun",
    "a flow whose unique key went to another job before it began is cancelled, and supersedes nothing",
    async (context) => {
      const unique = { key: "u", until: "started", onConflict: "join" } as const;
      const before = await context.add({ queue: HOME, supersedes: "key", unique });
      const flow = await created(context, { unique });
      await (await all(context)).next();
      const other = await context.add({ queue: HOME, unique });
      assert.equal(await flow.begin(), "ended");
      assert.deepEqual(await context.list({ queue: MAIN }), [], "it goes with its members");
      assert.equal(await context.state(before, HOME), "active");
      assert.equal(await context.state(other, HOME), "queued");
    },
  ],
  [
    "own-key-survives-begin",
    "a flow that found its unique key free keeps it as it begins",
    async (context) => {
      const unique = { key: "u", until: "started", onConflict: "reject" } as const;
      const flow = await created(context, { unique });
      const refused = async (): Promise<string | undefined> => {
        const [answer] = await context.engine.enqueue({ jobs: [context.spec({ queue: HOME, unique })] });
        return answer?.outcome;
      };
      assert.equal(await refused(), "rejected");
      assert.equal(await flow.begin(), "committed");
      assert.equal(await refused(), "rejected");
      assert.deepEqual(await states(context, flow), BEGUN);
    },
  ],
  [
    "waits-unbegun-beside",
    "a flow that is being created waits beside the one before it, which runs to its end",
    async (context) => {
      const before = await begun(context);
      const after = await created(context);
      const session = await all(context);
      for (let left = 3; left > 0; left -= 1) await run(session);
      assert.deepEqual(await states(context, before), ["completed", "completed", "completed", "completed"]);
      assert.deepEqual(await states(context, after), UNBEGUN);
      assert.equal(await after.begin(), "committed");
      assert.deepEqual(await states(context, before), ["completed", "completed", "completed", "superseded"]);
    },
  ],
]);
