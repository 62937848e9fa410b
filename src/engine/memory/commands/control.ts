/** Commands on one job: release, cancel, retry, promote, update, remove. */
import { isTerminal, sources, type Cause } from "../../../model/job/state.js";
import type { ControlAnswer, JobPatch } from "../../contract/engine.js";
import { hasOperation, withOperation } from "../../shared/operations.js";
import { planRetry } from "../../shared/retry.js";
import { revoke } from "./settle.js";
import { finish, forget, move, recordAttempt, reinsert } from "../store/transitions.js";
import { claimKey, liveOwner, replaceInput, retime } from "./enqueue.js";
import { completeFlow } from "../store/flow.js";
import { flowStage, type MemoryJob } from "../store/job.js";
import type { MemoryQueue, MemorySession } from "../store/store.js";
import { traceOf } from "../store/traces.js";
import { reopenDependencies, releaseHeld, willWait } from "../store/dependencies.js";

/** What a command works on. */
export interface ControlContext {
  readonly queue: MemoryQueue;
  readonly sessions: Map<string, MemorySession>;
  readonly now: number;
  readonly op: string;
}

/** A command: changes the job, and returns the outcome. */
export type Command = (context: ControlContext, job: MemoryJob) => ControlAnswer["outcome"];

/** Runs a command on one job, once per `op`. */
export function control(context: ControlContext, id: string, command: Command): ControlAnswer {
  const trace = traceOf(context.queue, id, context.now);
  if (trace !== null && hasOperation(trace.operations, context.op)) return { outcome: "applied", state: null };
  const job = context.queue.jobs.get(id);
  if (job === undefined) return { outcome: "missing", state: null };
  if (hasOperation(job.operations, context.op)) return { outcome: "applied", state: job.state };
  const outcome = command(context, job);
  if (outcome === "conflict") return { outcome, state: job.state, ...ownerOf(context.queue, job, context.now) };
  if (outcome !== "applied") return { outcome, state: job.state };
  job.operations = withOperation(job.operations, context.op);
  return { outcome, state: context.queue.jobs.has(id) ? job.state : null };
}

export const release: Command = ({ queue, now }, job) => {
  // Only its flow releases a member.
  if (!isFrom(job, "release") || !job.held || job.spec.flow !== null) return "wrong-state";
  releaseHeld(queue, job, now);
  return "applied";
};

export const cancel: Command = ({ queue, sessions, now }, job) => {
  if (!isFrom(job, "cancel")) return "wrong-state";
  if (job.session !== null) {
    recordAttempt(job, job.session, "cancelled", now);
    revoke(sessions.get(job.session), job, "cancel");
  }
  finish(queue, job, "cancelled", "cancel", now);
  return "applied";
};

/**
 * The command that queues an ended job again: from the start, or with the checkpoints of its runs; with another input always from
 * the start, since they belong to the former one.
 */
export function retry(fromStart: boolean, input?: string): Command {
  return ({ queue, now }, job) => {
    const { unique, supersedes } = job.spec;
    const plan = planRetry(
      {
        state: job.state,
        flow: flowStage(job),
        uniqueUntil: unique?.until ?? null,
        supersedes,
        willWait: () => willWait(queue, job),
        isKeyTaken: () => ownerOf(queue, job, now) !== null,
        isLatest: () => supersedes !== null && queue.latest.get(supersedes) === job.id,
      },
      fromStart || input !== undefined,
    );
    if (typeof plan === "string") return plan;
    if (plan.claimsKey) claimKey(queue, job, now);
    if (plan.dropsCheckpoints) job.checkpoints = null;
    if (input !== undefined) replaceInput(job, input);
    if (job.checkpoints === null) job.progress = null;
    queue.ended.delete(job.id);
    job.counted = 0;
    job.crashes = 0;
    job.result = null;
    job.failures = [];
    job.startedAt = null;
    job.finishedAt = null;
    job.runAt = now;
    // A member of a flow that has not started must not run before it.
    job.held &&= job.spec.flow !== null;
    reopenDependencies(queue, job);
    const isFlow = job.spec.role === "flow";
    move(queue, job, isFlow || job.held || job.pendingDependencies > 0 ? "blocked" : "queued", "retry", now);
    if (isFlow) completeFlow(queue, job, now);
    return "applied";
  };
}

/** Which other job owns the key that it holds until its end. */
function ownerOf(queue: MemoryQueue, job: MemoryJob, now: number): { readonly owner: string } | null {
  const { unique } = job.spec;
  const owner = unique?.until === "finished" ? liveOwner(queue, unique.key, now) : null;
  return owner === null || owner === job ? null : { owner: owner.id };
}

export const promote: Command = ({ queue, now }, job) => {
  if (!isFrom(job, "promote")) return "wrong-state";
  job.runAt = now;
  move(queue, job, "queued", "promote", now);
  return "applied";
};

export const remove: Command = ({ queue, now, op }, job) => {
  if (job.state === "active" || (job.spec.role === "flow" && !isTerminal(job.state))) return "wrong-state";
  forget(queue, job, now, op);
  return "applied";
};

/** The command that applies a patch. */
export function update(patch: JobPatch): Command {
  return ({ queue, now }, job) => {
    if (job.state === "active" || isTerminal(job.state)) return "wrong-state";
    if (patch.input !== undefined) replaceInput(job, patch.input);
    const moved = patch.priority !== undefined && patch.priority !== job.spec.priority;
    job.spec = {
      ...job.spec,
      ...(patch.tags === undefined ? {} : { tags: patch.tags }),
      ...(patch.priority === undefined ? {} : { priority: patch.priority }),
    };
    if (patch.due !== undefined && retime(queue, job, patch.due, now)) return "applied";
    // A delayed or held job has no place in the priority order yet; a queued one goes last among those of its new priority.
    if (moved && job.state === "queued") reinsert(queue, job);
    return "applied";
  };
}

function isFrom(job: MemoryJob, cause: Cause): boolean {
  return sources(cause).includes(job.state);
}
