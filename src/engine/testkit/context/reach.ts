/** The shortest way for a new job into each state. Every job gets a queue of its own, so that it disturbs no other. */
import assert from "node:assert/strict";
import type { JobRef, JobSpec } from "../../../model/job/job.js";
import { STATES } from "../../../model/job/state.js";
import type { Lease } from "../../contract/engine.js";
import type { PlainCommand, ScenarioContext } from "./scenario-context.js";
import type { TestSession } from "./test-session.js";

/** A job in the state asked for. */
export interface Reached {
  readonly ref: JobRef;
  /** The session that ran it last; only if it was leased. */
  readonly session: TestSession | null;
  /** Its latest lease; only if it was leased. */
  readonly lease: Lease | null;
}

/** The states from which a job can be queued again. */
export const RETRYABLE_STATES = ["completed", "partial", "failed", "cancelled", "expired"] as const;

/** One of `STATES`. */
export type ReachableState = (typeof STATES)[number];

/** Makes a job and brings it into a state. */
export async function reach(
  context: ScenarioContext,
  state: ReachableState,
  change: Partial<JobSpec> = {},
): Promise<Reached> {
  const queue = context.fresh("reach-");
  const first: Partial<JobSpec> =
    state === "blocked" ? { hold: true } : state === "delayed" ? { due: { in: 10_000 } } : {};
  const last = state === "expired" ? { ttl: 1_000 } : state === "superseded" ? { supersedes: "key" } : {};
  const id = await context.add({ ...first, ...last, ...change, queue });
  const ref = { queue, id };
  if (state === "blocked" || state === "delayed" || state === "queued") return { ref, session: null, lease: null };
  if (state === "superseded") {
    await succeed(context, ref);
    return { ref, session: null, lease: null };
  }
  if (state === "cancelled") {
    await context.control("cancel", ref);
    return { ref, session: null, lease: null };
  }
  if (state === "expired") {
    context.advance(1_000);
    await context.sweep(1_000, [queue]);
    return { ref, session: null, lease: null };
  }
  const session = await context.session({ queues: [queue] });
  const lease = await session.next();
  if (state === "completed") await session.complete(lease, '"done"');
  if (state === "partial") await session.settle(lease, { kind: "partial", result: '"half"' });
  if (state === "failed") await session.fail(lease, null);
  return { ref, session, lease };
}

/** Supersedes a job with the key `key`: enqueues a newer one and removes that again. */
export async function succeed(context: ScenarioContext, { queue }: JobRef): Promise<void> {
  const id = await context.add({ queue, supersedes: "key", hold: true });
  await context.control("remove", { queue, id });
}

/** Expects a command to be refused in all states but these, and a refusal to change nothing. */
export async function refusedElsewhere(
  context: ScenarioContext,
  command: PlainCommand | "update",
  from: readonly ReachableState[],
): Promise<void> {
  for (const state of STATES) {
    if (from.includes(state)) continue;
    const { ref } = await reach(context, state);
    const before = await context.job(ref.id, ref.queue);
    const answer =
      command === "update"
        ? await context.update(ref, { input: '"new"', priority: 3 })
        : await context.control(command, ref);
    assert.deepEqual(answer, { outcome: "wrong-state", state }, `${command} from ${state}`);
    assert.deepEqual(await context.job(ref.id, ref.queue), before);
  }
}
