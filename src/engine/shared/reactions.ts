/**
 * Messages between jobs, the decisions: which ones a job has to send, and how a job reacts to one. Pure functions of what an
 * engine reads of the job. The memory and SQLite engines call them and apply the effects; the Redis scripts (inbox.lua,
 * outbox.lua) mirror them and are held to the same table of cases (test/engine/decisions).
 */
import {
  DEPENDENCY_FAILED,
  dependencyMessage,
  isSuccess,
  type DependencyEnd,
  type DependencyPolicy,
  type DependencyRecord,
} from "../../model/job/dependency.js";
import { plainFailure, type Failure } from "../../model/failure/failure.js";
import { bareRef, type JobRef } from "../../model/job/job-ref.js";
import { MOST_MEMBERS, type Membership } from "../../model/job/membership.js";
import { isTerminal, type JobState, type TerminalState } from "../../model/job/state.js";
import type { CommitAnswer } from "../contract/engine.js";
import type { Message } from "./relay.js";

/** A flow is `open` while it is being created, `begun` from then on. */
export type FlowStage = "open" | "begun";

/** A job that depends on another one, and the round in which it waits for it. */
export interface Dependent {
  readonly ref: JobRef;
  readonly round: number;
}

/** A job that has messages to send, as it is now. Functions read what only some jobs need. */
export interface Sender {
  readonly ref: JobRef;
  /** `removed`: the job is gone, its links are stored until its messages are delivered. */
  readonly state: JobState | "removed";
  /** `null`: it is no flow. */
  readonly flow: FlowStage | null;
  readonly held: boolean;
  readonly round: number;
  /** By queue and id. */
  readonly dependents: () => readonly Dependent[];
  /** By queue and id. */
  readonly dependencies: () => readonly DependencyRecord[];
  /** The flow it was enqueued into. */
  readonly membership: () => Membership | null;
  readonly isAwaitedBy: (ref: JobRef) => boolean;
}

/** The messages that follow from the present state of a job. */
export function messagesOf(job: Sender): Message[] {
  const { ref: from, state } = job;
  if (state === "removed") {
    const unlinks = job.dependencies().map((to): Message => ({ kind: "unlink", to: bareRef(to), from }));
    return [...endsOf(job, state), ...unlinks];
  }
  return isTerminal(state) ? [...endsOf(job, state), ...messagesToMembers(job, state)] : messagesOfWaiting(job);
}

function endsOf(job: Sender, state: DependencyEnd): Message[] {
  return job.dependents().map(({ ref, round }) => ({ kind: "end", to: ref, from: job.ref, state, round }));
}

/** A flow that ends before its members takes along those that have not ended. */
function messagesToMembers({ ref: from, flow, dependencies }: Sender, state: TerminalState): Message[] {
  if (flow === null || ["completed", "partial", "failed"].includes(state)) return [];
  if (flow === "begun") return cancelsOf(from, dependencies());
  // An incomplete flow is removed whole, ended members too.
  return dependencies().map((to) => ({ kind: "drop", to: bareRef(to), from }));
}

/** What a flow sends to its members that have not ended when it ends before them, or is removed with its queue. */
export function cancelsOf(from: JobRef, members: readonly DependencyRecord[]): Message[] {
  return unfinished(members).map((to) => ({ kind: "cancel", to, from }));
}

function messagesOfWaiting(job: Sender): Message[] {
  const { ref: from, flow, held, round } = job;
  if (flow !== null) {
    return flow === "open" ? [] : unfinished(job.dependencies()).map((to) => ({ kind: "go", to, from, round }));
  }
  // A held job may depend on jobs that are still being created.
  const waited = held ? [] : unfinished(job.dependencies());
  const links = waited.map((to): Message => ({ kind: "link", to, from, round }));
  const membership = job.membership();
  if (membership === null || !(held || job.isAwaitedBy(membership))) return links;
  return [{ kind: "join", to: bareRef(membership), from, ifFailed: membership.ifFailed, held }, ...links];
}

function unfinished(dependencies: readonly DependencyRecord[]): JobRef[] {
  return dependencies.filter(({ state }) => state === null).map(bareRef);
}

/** A job that gets a message, as it is now. An engine may read a property when it is asked for. */
export interface Receiver {
  readonly state: JobState;
  /** `null`: it is no flow. */
  readonly flow: FlowStage | null;
  readonly held: boolean;
  readonly round: number;
  /** How many dependencies it has, and how many of them have not ended. */
  readonly dependencies: number;
  readonly pending: number;
  /** The sender as its dependency; `null`: it is none. */
  readonly known: Pick<DependencyRecord, "state" | "ifFailed"> | null;
  /** Does the sender depend on it? */
  readonly awaited: boolean;
  /** Does nothing but the sender depend on it? */
  readonly awaitedOnlyBySender: boolean;
}

/** One change to the receiver of a message. */
export type Effect =
  /** The sender depends on it, in this round. */
  | { readonly kind: "add-dependent"; readonly round: number }
  | { readonly kind: "remove-dependent" }
  /** Retention must not remove it. Applied again, it changes nothing. */
  | { readonly kind: "retain" }
  | { readonly kind: "unretain" }
  /** It depends on the sender. */
  | { readonly kind: "add-dependency"; readonly ifFailed: DependencyPolicy }
  | { readonly kind: "end-dependency"; readonly state: DependencyEnd }
  /** It waits for the sender again. */
  | { readonly kind: "reopen-dependency" }
  /** It is blocked and no longer held: ready unless it waits for others. */
  | { readonly kind: "release" }
  /** It is no longer held, and stays where it is. */
  | { readonly kind: "clear-hold" }
  /** It moves to `queued`, or to `delayed` until its time. */
  | { readonly kind: "make-ready" }
  | { readonly kind: "record-failure"; readonly failure: Failure }
  | { readonly kind: "end"; readonly state: "failed" | "cancelled" }
  /** All members have ended: it ends in the state that follows from theirs. */
  | { readonly kind: "complete-flow" }
  /** Cancelled, its lease included. */
  | { readonly kind: "cancel" }
  | { readonly kind: "remove" };

/** What follows from a message. The effects are applied in order. */
export interface Reaction {
  readonly effects: readonly Effect[];
  readonly replies: readonly Message[];
}

const NOTHING: Reaction = { effects: [], replies: [] };

/** Decides how a job reacts to a message. A message that arrives again changes nothing. */
export function reactTo(job: Receiver, message: Message): Reaction {
  switch (message.kind) {
    case "link":
      return reactToDependent(job, message);
    case "go": {
      const { effects, replies } = reactToDependent(job, message);
      return job.held
        ? { effects: [{ kind: job.state === "blocked" ? "release" : "clear-hold" }, ...effects], replies }
        : { effects, replies };
    }
    case "unlink":
      return reactToUnlink(job);
    case "end":
      return reactToEnd(job, message);
    case "join":
      return reactToJoin(job, message);
    case "cancel":
      return isTerminal(job.state) ? NOTHING : { effects: [{ kind: "cancel" }], replies: [] };
    case "drop":
      // Another job may have the id by now.
      return job.state !== "active" && job.awaited ? { effects: [{ kind: "remove" }], replies: [] } : NOTHING;
  }
}

/** The reply in place of a receiver that does not exist. */
export function answerForMissing(message: Message): Message[] {
  const { kind, to, from } = message;
  switch (kind) {
    case "link":
    case "go":
      return [{ kind: "end", to: from, from: to, state: "removed", round: message.round }];
    case "end":
      return [{ kind: "unlink", to: from, from: to }];
    case "join":
      return [{ kind: "cancel", to: from, from: to }];
    default:
      return [];
  }
}

type Of<Kind extends Message["kind"]> = Extract<Message, { readonly kind: Kind }>;

/** The sender waits for the end of this job, which is retained from its end on. */
function reactToDependent({ state }: Receiver, { to, from, round }: Of<"link" | "go">): Reaction {
  const added: Effect = { kind: "add-dependent", round };
  if (!isTerminal(state)) return { effects: [added], replies: [] };
  return {
    effects: [added, { kind: "retain" }],
    replies: [{ kind: "end", to: from, from: to, state, round }],
  };
}

/** After the last dependent is gone, an ended job is left to retention. An incomplete flow goes with its members instead. */
function reactToUnlink(job: Receiver): Reaction {
  const removed: Effect = { kind: "remove-dependent" };
  const last = isTerminal(job.state) && job.flow !== "open" && job.awaitedOnlyBySender;
  return { effects: last ? [removed, { kind: "unretain" }] : [removed], replies: [] };
}

/**
 * A dependency ended. If the job never recorded it (it ended before the member's join arrived), `unlink` releases it from
 * retention. An end of an earlier round is out of date.
 */
function reactToEnd(job: Receiver, { to, from, state, round }: Of<"end">): Reaction {
  const { known } = job;
  if (known === null) return { effects: [], replies: [{ kind: "unlink", to: from, from: to }] };
  if (known.state !== null || round !== job.round) return NOTHING;
  const ended: Effect = { kind: "end-dependency", state };
  if (job.state !== "blocked") return { effects: [ended], replies: [] };
  const fails = !isSuccess(state) && known.ifFailed !== "continue";
  const effects: Effect[] = [ended];
  if (fails && known.ifFailed === "fail") {
    const failure = plainFailure("DependencyFailed", dependencyMessage(from, state), DEPENDENCY_FAILED);
    effects.push({ kind: "record-failure", failure });
  }
  const isLast = job.pending === 1;
  if (job.flow !== null) {
    if (job.flow === "begun" && isLast) effects.push({ kind: "complete-flow" });
  } else if (fails) {
    effects.push({ kind: "end", state: known.ifFailed === "fail" ? "failed" : "cancelled" });
  } else if (isLast && !job.held) {
    effects.push({ kind: "make-ready" });
  }
  return { effects, replies: [] };
}

/**
 * A member joins its flow, or joins again. One that comes after the flow has ended is cancelled, but is still added: a retry
 * of the flow must find it.
 */
function reactToJoin(job: Receiver, { to, from, ifFailed, held }: Of<"join">): Reaction {
  const { flow } = job;
  const cancelled: Message = { kind: "cancel", to: from, from: to };
  const refused: Reaction = { effects: [], replies: [cancelled] };
  const hasEnded = job.state !== "blocked";
  const { known } = job;
  if (flow === null) return refused;
  // A flow that ended incomplete is removed with its members; this may arrive before the message that says so.
  if (hasEnded && flow === "open") {
    return known === null ? refused : { effects: [], replies: [{ kind: "drop", to: from, from: to }] };
  }
  if (known === null && job.dependencies >= MOST_MEMBERS) return refused;
  const end = known?.state ?? null;
  // It ended and was retried since: wait for it again.
  const again = !hasEnded && end !== null && (flow === "open" || !isSuccess(end));
  // A member without a recorded end in an ended flow may have been retried before the flow is.
  const late = hasEnded && end === null;
  // A new member may have ended before this message arrived.
  const goes = flow === "begun" && (late || known === null || again || held);
  const go: Message = { kind: "go", to: from, from: to, round: job.round };
  const effects: Effect[] = [];
  if (known === null) effects.push({ kind: "add-dependency", ifFailed });
  if (again) effects.push({ kind: "reopen-dependency" });
  return { effects, replies: [...(late ? [cancelled] : []), ...(goes ? [go] : [])] };
}

/** Decides whether a flow can begin: its creation is complete when as many members as announced have joined. */
export function answerToCommit(
  { state, flow, dependencies }: Pick<Receiver, "state" | "flow" | "dependencies">,
  members: number,
): CommitAnswer | "begins" {
  if (flow === null) return "missing";
  if (flow === "begun") return "committed";
  if (state !== "blocked") return "ended";
  return dependencies < members ? "incomplete" : "begins";
}
