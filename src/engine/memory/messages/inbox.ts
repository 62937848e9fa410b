/** The inbox: applies messages to the jobs of a queue. A message may arrive twice. */
import {
  dependencyMessage,
  DEPENDENCY_FAILED,
  isSuccess,
  type DependencyEnd,
  type DependencyPolicy,
} from "../../../model/job/dependency.js";
import { plainFailure } from "../../../model/failure/failure.js";
import { MOST_MEMBERS } from "../../../model/job/membership.js";
import type { JobRef } from "../../../model/job/job.js";
import { isTerminal } from "../../../model/job/state.js";
import { answerForMissing, type Message } from "../../shared/relay.js";
import { revoke } from "../commands/settle.js";
import type { Supersession } from "../commands/supersede.js";
import {
  dependenciesOf,
  dependentsOf,
  addDependency,
  isAwaitedBy,
  releaseHeld,
  makeReady,
  refKey,
  removeDependent,
  reopenDependency,
} from "../store/dependencies.js";
import { completeFlow } from "../store/flow.js";
import { finish, forget, retain, recordAttempt } from "../store/transitions.js";
import type { MemoryJob } from "../store/job.js";
import type { MemoryQueue } from "../store/store.js";

/** What messages work on; `revoked` collects the leases they took, as in superseding. */
export type InboxContext = Supersession;

/** Applies a message; returns the answers. */
export function receive(queue: MemoryQueue | undefined, message: Message, context: InboxContext): Message[] {
  const { kind, to, from } = message;
  const job = queue?.jobs.get(to.id);
  if (queue === undefined || job === undefined) return answerForMissing(message);
  switch (kind) {
    case "link":
      return onDependent(queue, job, message);
    case "go":
      if (job.state === "blocked" && job.held) releaseHeld(queue, job, context.now);
      job.held = false;
      return onDependent(queue, job, message);
    case "unlink":
      removeDependent(queue, job, from);
      return [];
    case "end":
      return onDependencyEnded(queue, job, message, context.now);
    case "join":
      return onMemberJoined(queue, job, message);
    case "cancel":
      if (!isTerminal(job.state)) cancel(queue, job, context);
      return [];
    case "drop":
      // Another job may have the id by now.
      if (job.state !== "active" && isAwaitedBy(queue, job, from)) forget(queue, job, context.now);
      return [];
  }
}

/** Adds a dependent: it waits for this job's end, and retention keeps the job meanwhile. */
function onDependent(
  queue: MemoryQueue,
  job: MemoryJob,
  { to, from, round }: Extract<Message, { round: number }>,
): Message[] {
  const retained = queue.dependents.has(job.id);
  dependentsOf(queue, job.id).set(refKey(from), { ref: from, round });
  if (!retained && isTerminal(job.state)) retain(queue, job);
  return isTerminal(job.state) ? [{ kind: "end", to: from, from: to, state: job.state, round }] : [];
}

/**
 * Applies the end of a dependency. If the job never recorded this dependency (it ended before the join arrived), it answers
 * `unlink`, which releases the dependency from retention.
 */
function onDependencyEnded(
  queue: MemoryQueue,
  job: MemoryJob,
  { to, from, state, round }: Extract<Message, { kind: "end" }>,
  now: number,
): Message[] {
  const dependencies = queue.dependencies.get(job.id);
  const known = dependencies?.get(refKey(from));
  if (dependencies === undefined || known === undefined) return [{ kind: "unlink", to: from, from: to }];
  if (known.state !== null || round !== job.round) return [];
  dependencies.set(refKey(from), { ...known, state });
  job.pendingDependencies -= 1;
  if (job.state === "blocked") applyDependencyEnd(queue, job, from, state, known.ifFailed, now);
  return [];
}

/** Decides about a blocked job when a dependency has ended. */
function applyDependencyEnd(
  queue: MemoryQueue,
  job: MemoryJob,
  from: JobRef,
  state: DependencyEnd,
  on: DependencyPolicy,
  now: number,
): void {
  const fails = !isSuccess(state) && on !== "continue";
  if (fails && on === "fail") {
    job.error = plainFailure("DependencyFailed", dependencyMessage(from, state), DEPENDENCY_FAILED);
  }
  if (job.spec.role === "flow") completeFlow(queue, job, now);
  else if (fails) finish(queue, job, on === "fail" ? "failed" : "cancelled", "dependency", now);
  else if (!job.held && job.pendingDependencies === 0) makeReady(queue, job, now);
}

/**
 * Adds a member to a flow, or answers one it has already. One that comes after the flow has ended is cancelled, but is
 * still added: a retry of the flow must find it.
 */
function onMemberJoined(
  queue: MemoryQueue,
  flow: MemoryJob,
  { to, from, ifFailed, held }: Extract<Message, { kind: "join" }>,
): Message[] {
  const cancelled: Message = { kind: "cancel", to: from, from: to };
  const hasEnded = flow.state !== "blocked";
  if (flow.spec.role !== "flow" || (hasEnded && flow.open)) return [cancelled];
  const members = dependenciesOf(queue, flow.id);
  const known = members.get(refKey(from));
  if (known === undefined && members.size >= MOST_MEMBERS) return [cancelled];
  addDependency(queue, flow, from, ifFailed);
  const end = known?.state ?? null;
  // It ended and was retried since: wait for it again.
  const again = !hasEnded && known !== undefined && end !== null && (flow.open || !isSuccess(end));
  if (again) reopenDependency(queue, flow, known);
  // A member without a recorded end in an ended flow may have been retried before the flow is.
  const late = hasEnded && end === null;
  // A new member may have ended before this message arrived.
  const goes = !flow.open && (late || known === undefined || again || held);
  const go: Message = { kind: "go", to: from, from: to, round: flow.round };
  return [...(late ? [cancelled] : []), ...(goes ? [go] : [])];
}

/** Cancels a job whose flow has ended before it. */
function cancel(queue: MemoryQueue, job: MemoryJob, { sessions, revoked, now }: InboxContext): void {
  if (job.session !== null) {
    const { id, epoch, session } = job;
    revoked.push({ session, lease: { queue: queue.name, id, epoch, cause: "cancel" } });
    recordAttempt(job, session, "cancelled", now);
    revoke(sessions.get(session), job, "cancel");
  }
  finish(queue, job, "cancelled", "cancel", now);
}
