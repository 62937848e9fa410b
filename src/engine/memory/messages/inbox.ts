/** The inbox: applies to a job what follows from a message (engine/shared/reactions.ts). */
import { answerForMissing, reactTo, type Effect, type Receiver } from "../../shared/reactions.js";
import { bareRef, keyOf, type JobRef } from "../../../model/job/job-ref.js";
import type { Message } from "../../shared/relay.js";
import { countFailed } from "../commands/failure-groups.js";
import { revoke } from "../commands/settle.js";
import type { Supersession } from "../commands/supersede.js";
import {
  addDependency,
  addDependent,
  endDependency,
  isAwaitedBy,
  makeReady,
  releaseHeld,
  removeDependent,
  reopenDependency,
} from "../store/dependencies.js";
import { completeFlow } from "../store/flow.js";
import { flowStage, type MemoryJob } from "../store/job.js";
import type { MemoryQueue } from "../store/store.js";
import { emit, finish, forget, recordAttempt, retain, unretain } from "../store/transitions.js";

/** What messages work on; `revoked` collects the leases they took, as in superseding. */
export type InboxContext = Supersession;

/** Applies a message; returns the replies. */
export function receive(queue: MemoryQueue | undefined, message: Message, context: InboxContext): readonly Message[] {
  const { to, from } = message;
  const job = queue?.jobs.get(to.id);
  if (queue === undefined || job === undefined) return answerForMissing(message);
  const { effects, replies } = reactTo(receiver(queue, job, from), message);
  for (const effect of effects) apply(queue, job, from, effect, context);
  return replies;
}

function receiver(queue: MemoryQueue, job: MemoryJob, from: JobRef): Receiver {
  const dependencies = queue.dependencies.get(job.id);
  const awaited = isAwaitedBy(queue, job, from);
  return {
    state: job.state,
    flow: flowStage(job),
    held: job.held,
    round: job.round,
    dependencies: dependencies?.size ?? 0,
    pending: job.pendingDependencies,
    known: dependencies?.get(keyOf(from)) ?? null,
    awaited,
    awaitedOnlyBySender: awaited && queue.dependents.get(job.id)?.size === 1,
  };
}

function apply(queue: MemoryQueue, job: MemoryJob, from: JobRef, effect: Effect, context: InboxContext): void {
  const { now } = context;
  switch (effect.kind) {
    case "add-dependent":
      addDependent(queue, job, from, effect.round);
      break;
    case "remove-dependent":
      removeDependent(queue, job, from);
      break;
    case "retain":
      retain(queue, job);
      break;
    case "unretain":
      unretain(queue, job, now);
      break;
    case "add-dependency":
      addDependency(queue, job, from, effect.ifFailed);
      emit(queue, now, { kind: "member", id: job.id, member: bareRef(from) });
      break;
    case "end-dependency":
      endDependency(queue, job, from, effect.state);
      break;
    case "reopen-dependency":
      reopenDependency(queue, job, from);
      break;
    case "release":
      releaseHeld(queue, job, now);
      break;
    case "clear-hold":
      job.held = false;
      break;
    case "make-ready":
      makeReady(queue, job, now);
      break;
    case "record-failure":
      job.error = effect.failure;
      countFailed(queue, job, effect.failure, null, now);
      break;
    case "end":
      finish(queue, job, effect.state, "dependency", now);
      break;
    case "complete-flow":
      completeFlow(queue, job, now);
      break;
    case "cancel":
      cancel(queue, job, context);
      break;
    case "remove":
      forget(queue, job, now);
      break;
  }
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
