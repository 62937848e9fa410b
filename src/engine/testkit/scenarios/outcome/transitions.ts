/** The transition table, row by row: every transition that a job can make, by its cause. */
import assert from "node:assert/strict";
import type { JobRef } from "../../../../model/job/job.js";
import { TRANSITIONS, type Cause, type JobState } from "../../../../model/job/state.js";
import type { Outcome } from "../../../contract/engine.js";
import type { ScenarioContext } from "../../context/scenario-context.js";
import { RETRYABLE_STATES, reach, succeed, type Reached, type ReachableState } from "../../context/reach.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM } from "../../context/test-session.js";

/** Makes the transition of one row and answers the job. */
type Drive = (context: ScenarioContext) => Promise<JobRef>;

async function act(
  context: ScenarioContext,
  from: ReachableState,
  make: (reached: Reached) => Promise<unknown>,
): Promise<JobRef> {
  const reached = await reach(context, from);
  await make(reached);
  return reached.ref;
}

function settling(outcome: Outcome): Drive {
  return (context) =>
    act(context, "active", async ({ session, lease }) => {
      assert.ok(session && lease);
      assert.equal(await session.settle(lease, outcome), "applied");
    });
}

const crashing =
  (deaths: number): Drive =>
  async (context) => {
    const { ref } = await reach(context, "queued");
    for (let death = 1; death <= deaths; death += 1) {
      const session = await context.session({ queues: [ref.queue], ttl: 1_000 });
      await session.next();
      context.advance(1_000);
      await context.sweep(10, [ref.queue]);
    }
    return ref;
  };

const commanding =
  (command: "cancel" | "retry" | "release", from: ReachableState): Drive =>
  (context) =>
    act(context, from, ({ ref }) => context.control(command, ref));

const expiring =
  (from: "blocked" | "delayed" | "queued"): Drive =>
  async (context) => {
    const { ref } = await reach(context, from, { ttl: 1_000 });
    context.advance(1_000);
    await context.sweep(10, [ref.queue]);
    return ref;
  };

const postponing =
  (from: "delayed" | "queued", delay: number): Drive =>
  (context) =>
    act(context, from, ({ ref }) => context.update(ref, { due: { in: delay } }));

const superseding =
  (from: ReachableState): Drive =>
  async (context) => {
    const { ref } = await reach(context, from, { supersedes: "key" });
    await succeed(context, ref);
    return ref;
  };

/** A job that waits, in a queue of its own. */
async function held(context: ScenarioContext): Promise<JobRef> {
  return (await reach(context, "blocked")).ref;
}

const depending =
  (ifFailed: "fail" | "cancel"): Drive =>
  async (context) => {
    const first = await held(context);
    const ref = { queue: context.fresh("depending-"), id: context.fresh("job") };
    await context.add({ ...ref, after: [{ ...first, ifFailed }] });
    await context.control("cancel", first);
    return ref;
  };

const flowEnding =
  (outcome: Outcome): Drive =>
  async (context) => {
    const flow = { queue: context.fresh("flow-"), id: context.fresh("job") };
    await context.add({ ...flow, role: "flow" });
    const queue = context.fresh("member-");
    await context.add({ queue, flow: { ...flow, node: "only", parent: null, weight: 1, ifFailed: "fail" } });
    await context.engine.commitFlow({ ...flow, members: 1 });
    const session = await context.session({ queues: [queue] });
    await session.settle(await session.next(), outcome);
    return flow;
  };

const key = (from: JobState | null, to: JobState, cause: Cause): string => `${from ?? "new"}>${to}>${cause}`;

const DRIVES = new Map<string, Drive>([
  ...(["blocked", "delayed", "queued"] as const).map(
    (to) => [key(null, to, "enqueue"), (context: ScenarioContext) => act(context, to, async () => {})] as const,
  ),
  [key("blocked", "queued", "release"), commanding("release", "blocked")],
  [
    key("blocked", "delayed", "release"),
    async (context) => {
      const { ref } = await reach(context, "blocked", { due: { in: 5_000 } });
      await context.control("release", ref);
      return ref;
    },
  ],
  [
    key("delayed", "queued", "promote"),
    (context) =>
      act(context, "delayed", async ({ ref }) => {
        context.advance(10_000);
        await context.sweep(10, [ref.queue]);
      }),
  ],
  [key("queued", "delayed", "postpone"), postponing("queued", 5_000)],
  [key("delayed", "delayed", "postpone"), postponing("delayed", 90_000)],
  [key("delayed", "queued", "postpone"), postponing("delayed", 0)],
  [key("queued", "active", "lease"), (context) => act(context, "active", async () => {})],
  [key("active", "completed", "complete"), settling({ kind: "complete", result: null })],
  [key("active", "partial", "partial"), settling({ kind: "partial", result: null })],
  [key("active", "failed", "fail"), settling({ kind: "fail", error: BOOM, retryIn: null })],
  [key("active", "delayed", "backoff"), settling({ kind: "fail", error: BOOM, retryIn: 1_000 })],
  [key("active", "queued", "backoff"), settling({ kind: "fail", error: BOOM, retryIn: 0 })],
  [key("active", "delayed", "snooze"), settling({ kind: "snooze", delay: 1_000 })],
  [key("active", "queued", "snooze"), settling({ kind: "snooze", delay: 0 })],
  [key("active", "queued", "return"), settling({ kind: "return" })],
  [key("active", "queued", "recover"), crashing(1)],
  [key("active", "failed", "recover"), crashing(3)],
  ...(["blocked", "delayed", "queued", "active"] as const).map(
    (from) => [key(from, "cancelled", "cancel"), commanding("cancel", from)] as const,
  ),
  ...(["blocked", "delayed", "queued"] as const).map(
    (from) => [key(from, "expired", "expire"), expiring(from)] as const,
  ),
  [key("active", "queued", "wait"), settling({ kind: "wait" })],
  [
    key("active", "blocked", "wait"),
    (context) =>
      act(context, "active", async ({ session, lease }) => {
        assert.ok(session && lease);
        await session.report(lease, { after: [await held(context)] });
        await session.settle(lease, { kind: "wait" });
      }),
  ],
  [key("blocked", "failed", "dependency"), depending("fail")],
  [key("blocked", "cancelled", "dependency"), depending("cancel")],
  [key("blocked", "completed", "flow-end"), flowEnding({ kind: "complete", result: null })],
  [key("blocked", "partial", "flow-end"), flowEnding({ kind: "partial", result: null })],
  [key("blocked", "failed", "flow-end"), flowEnding({ kind: "fail", error: BOOM, retryIn: null })],
  ...RETRYABLE_STATES.map(
    (from) =>
      [
        key(from, "blocked", "retry"),
        async (context: ScenarioContext) => {
          // It goes on without a failed dependency, which is then retried.
          const { ref: first } = await reach(context, "failed");
          const { ref } = await reach(context, from, { after: [{ ...first, ifFailed: "continue" }] });
          await context.control("retry", first);
          await context.control("retry", ref);
          return ref;
        },
      ] as const,
  ),
  ...RETRYABLE_STATES.map((from) => [key(from, "queued", "retry"), commanding("retry", from)] as const),
  ...(["blocked", "delayed", "queued", "active", "completed", "partial", "failed"] as const).map(
    (from) => [key(from, "superseded", "supersede"), superseding(from)] as const,
  ),
]);

export const transitions = scenarios(
  "transitions",
  TRANSITIONS.map(({ from, to, cause }) => [
    `${from ?? "new"}-to-${to}-by-${cause}`,
    `${from ?? "new"} → ${to} by ${cause}`,
    async (context: ScenarioContext) => {
      const drive = DRIVES.get(key(from, to, cause));
      assert.ok(drive, "the row has a scenario");
      const ref = await drive(context);
      assert.equal((await context.job(ref.id, ref.queue)).state, to);
      const counts = await context.counts(ref.queue);
      const states = Object.entries(counts).filter(([, count]) => count > 0);
      assert.deepEqual(states, [[to, 1]], "the job is counted in one state only");
      assert.deepEqual(await context.list({ queue: ref.queue, states: [to] }), [ref.id]);
    },
  ]),
);
