/**
 * What ties jobs: who depends on whom, which flow has which members, and what a job does about the messages it gets from those
 * it is tied to (see engine/shared/relay.ts). Both sides know of a tie: the dependent's has how the dependency ended, the
 * dependency's keeps retention away.
 */
import {
  dependencyMessage,
  DEPENDENCY_FAILED,
  isSuccess,
  type DependencyEnd,
  type DependencyPolicy,
  type DependencyRecord,
} from "../../model/job/dependency.js";
import { plainFailure } from "../../model/failure/failure.js";
import { flowEnd, MOST_MEMBERS } from "../../model/job/membership.js";
import type { JobRef } from "../../model/job/job.js";
import { isTerminal } from "../../model/job/state.js";
import type { CommitAnswer } from "../contract/engine.js";
import { answerForMissing, type Message, type News } from "../shared/relay.js";
import { revoke } from "./settle.js";
import { finish, forget, haveNews, move, pin, recordAttempt, unpin } from "./transitions.js";
import type { MemoryJob, MemoryQueue } from "./store.js";
import type { Supersession } from "./supersede.js";

/** What messages need at hand, and where it is said whose lease was taken: the same as superseding. */
export type Tying = Supersession;

/** The news of how many jobs is delivered at a time. */
const NEWS_AT_ONCE = 100;

/** The name of a tie in the maps of its queue. */
export function tieKey({ queue, id }: JobRef): string {
  return `${queue}\0${id}`;
}

/** Ties a new job to what it depends on, and to its flow. */
export function tie(queue: MemoryQueue, job: MemoryJob): void {
  const { after, flow } = job.spec;
  for (const dependency of after) depend(queue, job, dependency, dependency.on);
  if (flow !== null) dependentsOf(queue, job.id).set(tieKey(flow), { ref: bare(flow), round: 0 });
  if (after.length > 0 || flow !== null) haveNews(queue, job.id);
}

/** Lets a job depend on another one, unless it does already. */
export function depend(queue: MemoryQueue, job: MemoryJob, ref: JobRef, on: DependencyPolicy): void {
  const dependencies = dependenciesOf(queue, job.id);
  if (dependencies.has(tieKey(ref))) return;
  dependencies.set(tieKey(ref), { ...bare(ref), on, state: null });
  job.waiting += 1;
}

/** Waits for a dependency that had ended. */
function waitAgain(queue: MemoryQueue, job: MemoryJob, dependency: DependencyRecord): void {
  dependenciesOf(queue, job.id).set(tieKey(dependency), { ...dependency, state: null });
  job.waiting += 1;
}

/** Are there dependencies to be looked at again? */
export function willWait(queue: MemoryQueue, { id }: MemoryJob): boolean {
  return listDependencies(queue, id).some(({ state }) => state === null || !isSuccess(state));
}

/** Looks again at dependencies that did not succeed; the job waits for them anew, and its flow for it. */
export function dependAgain(queue: MemoryQueue, job: MemoryJob): void {
  if (job.spec.flow !== null) haveNews(queue, job.id);
  const dependencies = queue.dependencies.get(job.id);
  if (dependencies === undefined) return;
  job.waiting = 0;
  for (const dependency of dependencies.values()) {
    if (dependency.state !== null && isSuccess(dependency.state)) continue;
    waitAgain(queue, job, dependency);
  }
  job.round += 1;
  haveNews(queue, job.id);
}

/** Begins a flow. */
export function commitFlow(queue: MemoryQueue | undefined, id: string, members: number, now: number): CommitAnswer {
  const flow = queue?.jobs.get(id);
  if (queue === undefined || flow === undefined || flow.spec.role !== "flow") return "missing";
  if (!flow.open) return "committed";
  if (flow.state !== "blocked") return "ended";
  if ((queue.dependencies.get(id)?.size ?? 0) < members) return "incomplete";
  flow.open = false;
  flow.expireAt = null;
  haveNews(queue, id);
  gather(queue, flow, now);
  return "committed";
}

/** What a job depends on. */
export function listDependencies(queue: MemoryQueue | undefined, id: string): DependencyRecord[] {
  return sorted([...(queue?.dependencies.get(id)?.values() ?? [])]);
}

/** What depends on a job. */
export function listDependents(queue: MemoryQueue | undefined, id: string): JobRef[] {
  return sorted([...(queue?.dependents.get(id)?.values() ?? [])].map(({ ref }) => ref));
}

/** The next news of a queue. It is taken out at once: what happens to a job while its news is delivered is news again. */
export function news(queue: MemoryQueue): News {
  const ids = [...queue.news].slice(0, NEWS_AT_ONCE);
  for (const id of ids) queue.news.delete(id);
  return { messages: ids.flatMap((id) => newsOf(queue, id)), told: ids.length === 0 ? null : ids };
}

/** What is to be told elsewhere when a queue is removed with all its jobs. */
export function farewells(queue: MemoryQueue): Message[] {
  const elsewhere = ({ to }: Message): boolean => to.queue !== queue.name;
  const flows = [...queue.jobs.values()].filter(({ spec, state }) => spec.role === "flow" && !isTerminal(state));
  const members = flows.flatMap(({ id }) =>
    listDependencies(queue, id)
      .filter(({ state }) => state === null)
      .map((member): Message => ({ kind: "cancel", to: bare(member), from: { queue: queue.name, id } })),
  );
  const ids = [...new Set([...queue.dependents.keys(), ...queue.dependencies.keys()])].toSorted();
  queue.jobs.clear();
  return [...members, ...ids.flatMap((id) => newsOf(queue, id))].filter(elsewhere);
}

/** News was delivered. */
export function told(queue: MemoryQueue, ids: readonly string[], now: number): void {
  for (const id of ids) {
    if (queue.news.has(id)) continue;
    const job = queue.jobs.get(id);
    // A flow that was never complete goes the way of its members.
    if (job?.open === true && isTerminal(job.state)) forget(queue, job, now);
    queue.news.delete(id);
    if (queue.jobs.has(id)) continue;
    queue.dependencies.delete(id);
    queue.dependents.delete(id);
  }
}

function newsOf(queue: MemoryQueue, id: string): Message[] {
  const from = { queue: queue.name, id };
  const job = queue.jobs.get(id);
  const state = job === undefined ? "removed" : job.state;
  const dependencies = listDependencies(queue, id);
  if (state === "removed" || isTerminal(state)) {
    const ends = sortedTies(queue, id).map(({ ref, round }): Message => ({ kind: "end", to: ref, from, state, round }));
    if (job === undefined) {
      return [...ends, ...dependencies.map((dependency): Message => ({ kind: "unlink", to: bare(dependency), from }))];
    }
    const early = job.spec.role === "flow" && !["completed", "partial", "failed"].includes(state);
    // What was never complete is removed whole, ended members too.
    const left = early ? dependencies.filter((member) => job.open || member.state === null) : [];
    return [
      ...ends,
      ...left.map((member): Message => ({ kind: job.open ? "drop" : "cancel", to: bare(member), from })),
    ];
  }
  if (job === undefined) return [];
  const waited = dependencies.filter((dependency) => dependency.state === null);
  if (job.spec.role === "flow") {
    const { open, round } = job;
    return open ? [] : waited.map((member): Message => ({ kind: "go", to: bare(member), from, round }));
  }
  const { flow } = job.spec;
  const { held } = job;
  const joins = flow !== null && (held || isAwaitedBy(queue, job, flow));
  return [
    ...(joins ? [{ kind: "join", to: bare(flow), from, on: flow.on, held } satisfies Message] : []),
    // What is held may depend on jobs that are still being created.
    ...(held ? [] : waited).map((dependency): Message => ({
      kind: "link",
      to: bare(dependency),
      from,
      round: job.round,
    })),
  ];
}

/** A job gets a message; answers what it answers. */
export function receive(queue: MemoryQueue | undefined, message: Message, tying: Tying): Message[] {
  const { kind, to, from } = message;
  const job = queue?.jobs.get(to.id);
  if (queue === undefined || job === undefined) return answerForMissing(message);
  switch (kind) {
    case "link":
      return beAwaited(queue, job, message);
    case "go":
      if (job.state === "blocked" && job.held) letGo(queue, job, tying.now);
      job.held = false;
      return beAwaited(queue, job, message);
    case "unlink":
      untie(queue, job, from);
      return [];
    case "end":
      return hearEnd(queue, job, message, tying.now);
    case "join":
      return beJoined(queue, job, message);
    case "cancel":
      if (!isTerminal(job.state)) cancel(queue, job, tying);
      return [];
    case "drop":
      // Another job may have come to its id.
      if (job.state !== "active" && isAwaitedBy(queue, job, from)) forget(queue, job, tying.now);
      return [];
  }
}

/** Somebody waits for this job. */
function beAwaited(
  queue: MemoryQueue,
  job: MemoryJob,
  { to, from, round }: Extract<Message, { round: number }>,
): Message[] {
  const pinned = queue.dependents.has(job.id);
  dependentsOf(queue, job.id).set(tieKey(from), { ref: from, round });
  if (!pinned && isTerminal(job.state)) pin(queue, job);
  return isTerminal(job.state) ? [{ kind: "end", to: from, from: to, state: job.state, round }] : [];
}

function isAwaitedBy(queue: MemoryQueue, { id }: MemoryJob, dependent: JobRef): boolean {
  return queue.dependents.get(id)?.has(tieKey(dependent)) ?? false;
}

/** A dependency has ended. One of which the job knows nothing, as it ended before it joined, need not be kept for it. */
function hearEnd(
  queue: MemoryQueue,
  job: MemoryJob,
  { to, from, state, round }: Extract<Message, { kind: "end" }>,
  now: number,
): Message[] {
  const dependencies = queue.dependencies.get(job.id);
  const known = dependencies?.get(tieKey(from));
  if (dependencies === undefined || known === undefined) return [{ kind: "unlink", to: from, from: to }];
  if (known.state !== null || round !== job.round) return [];
  dependencies.set(tieKey(from), { ...known, state });
  job.waiting -= 1;
  if (job.state === "blocked") goOn(queue, job, from, state, known.on, now);
  return [];
}

/** What becomes of a blocked job when a dependency has ended. */
function goOn(
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
  if (job.spec.role === "flow") gather(queue, job, now);
  else if (fails) finish(queue, job, on === "fail" ? "failed" : "cancelled", "depend", now);
  else if (!job.held && job.waiting === 0) ready(queue, job, now);
}

/**
 * A flow gets a member, or is asked by one that it has already. One that comes when the flow has ended is cancelled, and a
 * member all the same: a retry of the flow must find it.
 */
function beJoined(
  queue: MemoryQueue,
  flow: MemoryJob,
  { to, from, on, held }: Extract<Message, { kind: "join" }>,
): Message[] {
  const cancelled: Message = { kind: "cancel", to: from, from: to };
  const hasEnded = flow.state !== "blocked";
  if (flow.spec.role !== "flow" || (hasEnded && flow.open)) return [cancelled];
  const members = dependenciesOf(queue, flow.id);
  const known = members.get(tieKey(from));
  if (known === undefined && members.size >= MOST_MEMBERS) return [cancelled];
  depend(queue, flow, from, on);
  const end = known?.state ?? null;
  // It ended, and was retried since: it is waited for again.
  const again = !hasEnded && known !== undefined && end !== null && (flow.open || !isSuccess(end));
  if (again) waitAgain(queue, flow, known);
  // What has an end for a flow that has ended may have been retried before the flow is.
  const late = hasEnded && end === null;
  // A new one may have ended before this arrived.
  const goes = !flow.open && (late || known === undefined || again || held);
  const go: Message = { kind: "go", to: from, from: to, round: flow.round };
  return [...(late ? [cancelled] : []), ...(goes ? [go] : [])];
}

/** Ends a flow if its members have all ended. */
function gather(queue: MemoryQueue, flow: MemoryJob, now: number): void {
  if (flow.open || flow.waiting > 0) return;
  finish(queue, flow, flowEnd(listDependencies(queue, flow.id)), "gather", now);
}

/** Lets a held job go; it is ready unless it waits for others. */
export function letGo(queue: MemoryQueue, job: MemoryJob, now: number): void {
  job.held = false;
  if (job.waiting === 0) ready(queue, job, now);
  else haveNews(queue, job.id);
}

/** Puts a blocked job where its time says. */
function ready(queue: MemoryQueue, job: MemoryJob, now: number): void {
  const later = job.runAt > now;
  if (!later) job.runAt = now;
  move(queue, job, later ? "delayed" : "queued", "release", now);
}

/** Ends a job whose flow has ended before it. */
function cancel(queue: MemoryQueue, job: MemoryJob, { sessions, revoked, now }: Tying): void {
  if (job.session !== null) {
    const { id, epoch, session } = job;
    revoked.push({ session, lease: { queue: queue.name, id, epoch, cause: "cancel" } });
    recordAttempt(job, session, "cancelled", now);
    revoke(sessions.get(session), job, "cancel");
  }
  finish(queue, job, "cancelled", "cancel", now);
}

/** A dependent is gone; when it was the last, retention may have the job. */
function untie(queue: MemoryQueue, job: MemoryJob, from: JobRef): void {
  const dependents = queue.dependents.get(job.id);
  if (dependents?.delete(tieKey(from)) !== true || dependents.size > 0) return;
  queue.dependents.delete(job.id);
  if (isTerminal(job.state) && !job.open) unpin(queue, job);
}

function dependenciesOf(queue: MemoryQueue, id: string): Map<string, DependencyRecord> {
  let found = queue.dependencies.get(id);
  if (found === undefined) queue.dependencies.set(id, (found = new Map()));
  return found;
}

function dependentsOf(queue: MemoryQueue, id: string): Map<string, { ref: JobRef; round: number }> {
  let found = queue.dependents.get(id);
  if (found === undefined) queue.dependents.set(id, (found = new Map()));
  return found;
}

function sortedTies(queue: MemoryQueue, id: string): { ref: JobRef; round: number }[] {
  return [...(queue.dependents.get(id)?.values() ?? [])].toSorted((a, b) => (tieKey(a.ref) < tieKey(b.ref) ? -1 : 1));
}

function sorted<Ref extends JobRef>(refs: Ref[]): Ref[] {
  return refs.toSorted((a, b) => (tieKey(a) < tieKey(b) ? -1 : 1));
}

function bare({ queue, id }: JobRef): JobRef {
  return { queue, id };
}
