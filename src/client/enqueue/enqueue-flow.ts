/**
 * Enqueues a flow in three phases: create the flow, enqueue its members held, commit. If the client dies before the
 * commit, nothing runs and the engine removes all of it after a minute.
 */
import type { EnqueueAnswer } from "../../engine/contract/engine.js";
import { pause } from "../../model/value/clock.js";
import { EngineUnavailable, InvalidInput, UniqueConflict, WrongState } from "../../model/errors/errors.js";
import { MOST_MEMBERS } from "../../model/job/membership.js";
import type { JobRef, JobSpec } from "../../model/job/job.js";
import type { ConnectionContext } from "../connection/context.js";
import type { EnqueueBatch } from "./enqueue-batch.js";
import type { SpecMaker } from "./job-spec.js";
import type { AnyFlow } from "../../define/flow.js";
import { FlowJob } from "../jobs/flow-job.js";
import { flowSpecsOf } from "./flow-specs.js";

/** The services that enqueueing a flow uses. */
export interface FlowRequest {
  readonly context: ConnectionContext;
  readonly specs: SpecMaker;
  readonly batch: EnqueueBatch;
}

/** Back-off (ms) while members' join messages are still being delivered. */
const WAITS = [10, 50, 200, 500, 1_000, 2_000, 4_000];

/**
 * Enqueues a flow, completely or not at all.
 * @throws what `flowSpecsOf` throws; UniqueConflict; WrongState when it ended while it was created; EngineUnavailable
 */
export async function enqueueFlow(
  { context, specs, batch }: FlowRequest,
  value: AnyFlow,
  input: unknown,
  options: unknown,
): Promise<FlowJob> {
  const { flow, members } = await flowSpecsOf(specs, context.payloadCap, value, input, options);
  const { queue, id, unique } = flow;
  const answer = await batch.add(flow);
  if (answer.outcome === "rejected") throw new UniqueConflict(unique?.key ?? "", answer.id);
  if (answer.outcome !== "created") {
    const other = { queue, id: answer.id };
    await otherHasStarted(context, other, answer.outcome);
    return new FlowJob(context, other, answer.outcome);
  }
  try {
    await batch.addMany(
      members.length,
      (index) => specAt(members, index),
      () => null,
    );
  } catch (error) {
    await giveUp(context, { queue, id });
    throw error;
  }
  await startFlow(context, { queue, id }, members.length);
  return new FlowJob(context, { queue, id }, answer.outcome);
}

async function startFlow(context: ConnectionContext, ref: JobRef, members: number): Promise<void> {
  for (const wait of [...WAITS, null]) {
    // Without an answer the flow may have started: a caller that enqueues it again, under an id, gets the outcome.
    const answer = await context.send(() => context.engine.commitFlow({ ...ref, members }));
    if (answer === "committed") return;
    if (answer !== "incomplete") {
      const why =
        "it was cancelled or removed before it was complete, its unique key was taken, or that took longer than a minute";
      throw new WrongState("begin", ref.id, answer === "ended" ? "ended" : "gone", why);
    }
    if (wait !== null) await pause(context.clock, wait);
  }
  await giveUp(context, ref);
  throw new EngineUnavailable(context.engine.info.url, `not all jobs of flow ${ref.id} arrived`);
}

/**
 * Ends a flow that has not started, so that its id and its key are free at once; if that fails, the engine removes it
 * later.
 */
async function giveUp(context: ConnectionContext, ref: JobRef): Promise<void> {
  try {
    await context.engine.cancel({ refs: [ref], op: context.nextOp() });
  } catch {
    // The caller gets the error that led here.
  }
}

function specAt(members: readonly JobSpec[], index: number): JobSpec {
  const spec = members[index];
  if (spec === undefined) throw new RangeError(`there is no member ${index}`);
  return spec;
}

/**
 * Waits until another flow, which is the answer to this enqueue (same id or key), has started.
 * @throws WrongState when it does not: the client creating it may be dead, and the engine is about to remove it
 */
async function otherHasStarted(
  context: ConnectionContext,
  ref: JobRef,
  outcome: EnqueueAnswer["outcome"],
): Promise<void> {
  for (const wait of [...WAITS, null]) {
    // No flow has that many members, so this only asks whether it has started.
    const answer = await context.send(() => context.engine.commitFlow({ ...ref, members: MOST_MEMBERS + 1 }));
    if (answer === "committed" || answer === "ended") return;
    if (answer === "missing") {
      const there = await context.reader.get(ref);
      if (there !== null && there.role !== "flow") {
        const field = outcome === "existing" ? "id" : "unique.key";
        throw new InvalidInput(field, ref.id, `it belongs to a job of the queue ${ref.queue} that is no flow`);
      }
      throw new WrongState("enqueue", ref.id, "gone", "a flow that stood for it has just ended; try again");
    }
    if (wait !== null) await pause(context.clock, wait);
  }
  const why = "and is not complete; if the client creating it is gone, it is removed within a minute: try again then";
  throw new WrongState("enqueue", ref.id, "blocked", why);
}
