/**
 * Enqueues a flow: its own job, then its members, which are held, then the word that it is complete. Whoever dies on the way
 * leaves nothing behind that ever runs.
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

/** What enqueueing a flow needs at hand. */
export interface FlowRequest {
  readonly context: ConnectionContext;
  readonly specs: SpecMaker;
  readonly batch: EnqueueBatch;
}

/** The waits (milliseconds) for members whose word that they belong to the flow is on its way. */
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
    await otherHasBegun(context, other, answer.outcome);
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
  await begin(context, { queue, id }, members.length);
  return new FlowJob(context, { queue, id }, answer.outcome);
}

async function begin(context: ConnectionContext, ref: JobRef, members: number): Promise<void> {
  for (const wait of [...WAITS, null]) {
    // Without an answer it may have begun: whoever enqueues it again, under an id, will see.
    const answer = await context.send(() => context.engine.commitFlow({ ...ref, members }));
    if (answer === "committed") return;
    if (answer !== "incomplete") {
      const why = "it was cancelled, superseded or removed before it was complete, or that took longer than a minute";
      throw new WrongState("begin", ref.id, answer === "ended" ? "ended" : "gone", why);
    }
    if (wait !== null) await pause(context.clock, wait);
  }
  await giveUp(context, ref);
  throw new EngineUnavailable(context.engine.info.url, `not all jobs of flow ${ref.id} arrived`);
}

/** Ends a flow that has not begun, so that its id and its key are free at once; or else it goes by itself. */
async function giveUp(context: ConnectionContext, ref: JobRef): Promise<void> {
  try {
    await context.engine.cancel({ refs: [ref], op: context.nextOp() });
  } catch {
    // The error that led here is told.
  }
}

function specAt(members: readonly JobSpec[], index: number): JobSpec {
  const spec = members[index];
  if (spec === undefined) throw new RangeError(`there is no member ${index}`);
  return spec;
}

/**
 * Waits until another one, that stands for a flow which was to be enqueued, has begun.
 * @throws WrongState when it does not: whoever created it may be dead, and it is about to go
 */
async function otherHasBegun(
  context: ConnectionContext,
  ref: JobRef,
  outcome: EnqueueAnswer["outcome"],
): Promise<void> {
  for (const wait of [...WAITS, null]) {
    // No flow has that many, so this only asks whether it has begun.
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
  const why = "and is not complete; when whoever creates it is gone, it is removed within a minute: try again then";
  throw new WrongState("enqueue", ref.id, "blocked", why);
}
