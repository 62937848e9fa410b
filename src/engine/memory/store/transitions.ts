/**
 * How a job moves: the only code that changes a job's state, so every move is checked against the transition table, keeps
 * the sorted lists in order, and is emitted as an event.
 */
import { MOST_EVENTS, tellsFailure, type QueueEvent } from "../../../model/job/event.js";
import { bareRef } from "../../../model/job/job-ref.js";
import { MOST_ATTEMPT_RECORDS, type AttemptOutcome } from "../../../model/job/job.js";
import { boundFailure, type Failure } from "../../../model/failure/failure.js";
import { removalTime, retentionClass } from "../../../model/job/retention.js";
import { canMove, isTerminal, type Cause, type JobState, type TerminalState } from "../../../model/job/state.js";
import { PRIORITY_STEP, type OrderKey } from "../../shared/listing-order.js";
import { buildOf, workerOf } from "../../contract/worker/session-id.js";
import type { Aside } from "./aside.js";
import type { Line } from "./sorted-line.js";
import type { MemoryJob } from "./job.js";
import type { MemoryQueue } from "./store.js";
import { leaveTrace } from "./traces.js";

/** Stores a new job in its first state. */
export function admit(queue: MemoryQueue, job: MemoryJob, now: number): void {
  queue.jobs.set(job.id, job);
  assertMove(null, job.state, "enqueue");
  insert(queue, job, "tail");
  emitMove(queue, job, null, "enqueue", now);
}

/** Moves a job to another state. A run that ended by this and counts is counted after it. */
export function move(
  queue: MemoryQueue,
  job: MemoryJob,
  to: JobState,
  cause: Cause,
  now: number,
  place: "head" | "tail" | "kept" = "tail",
): void {
  const from = job.state;
  assertMove(from, to, cause);
  removeFromState(queue, job);
  job.state = to;
  insert(queue, job, place);
  emitMove(queue, job, from, cause, now);
}

/** Moves a queued job to the tail among those of its priority, which may have changed. */
export function reinsert(queue: MemoryQueue, job: MemoryJob): void {
  removeFromState(queue, job);
  insert(queue, job, "tail");
}

/** The causes of ends that a settlement reports, which says what is counted of them. */
const SETTLED: ReadonlySet<Cause> = new Set(["complete", "partial", "fail"]);

/** Ends a job in a terminal state. Unless a run of it reports that, its application is to be notified. */
export function finish(queue: MemoryQueue, job: MemoryJob, to: TerminalState, cause: Cause, now: number): void {
  if (!SETTLED.has(cause)) queue.series.count(job.spec.task, to, null, now);
  const reported = job.state === "active" && cause !== "supersede" && cause !== "recover";
  if (!reported && job.spec.role !== "flow") queue.ended.set(job.id, now);
  job.finishedAt = now;
  job.expireAt = null;
  job.wasRetained = false;
  move(queue, job, to, cause, now);
  job.suspect = false;
  setRemoval(queue, job, now);
  if (!isRetained(queue, job)) count(queue, job);
  if (isRetained(queue, job) || job.spec.role === "flow") markPending(queue, job.id);
}

/** Does retention keep the job for its dependents, or as an incomplete flow, which is removed with its members? */
export function isRetained(queue: MemoryQueue, { id, open }: MemoryJob): boolean {
  return open || queue.dependents.has(id);
}

/** Retains an ended job: retention does not count it. */
export function retain(queue: MemoryQueue, job: MemoryJob): void {
  uncount(queue, job);
}

/** Leaves an ended job to retention. */
export function unretain(queue: MemoryQueue, job: MemoryJob, now: number): void {
  job.wasRetained = true;
  setRemoval(queue, job, now);
  count(queue, job);
}

/** Marks a job in the outbox: it has messages to linked jobs. */
export function markPending(queue: MemoryQueue, id: string): void {
  queue.outbox.delete(id);
  queue.outbox.add(id);
}

function setRemoval(queue: MemoryQueue, job: MemoryJob, now: number): void {
  job.removeAt = removalTime(job.finishedAt ?? 0, job.state, job.spec.retention, isWatched(queue, now));
}

function count(queue: MemoryQueue, job: MemoryJob): void {
  const kind = retentionClass(job.state);
  const { count: most } = job.spec.retention[kind];
  if (most === null) return;
  queue.keepCount[kind] = most;
  queue.counted[kind].push(job);
}

function uncount(queue: MemoryQueue, job: MemoryJob): void {
  const counted = queue.counted[retentionClass(job.state)];
  const index = counted.indexOf(job);
  if (index !== -1) counted.splice(index, 1);
}

/** Removes a job with all that is stored about it, but its trace. `op`: the command that removes it. */
export function forget(queue: MemoryQueue, job: MemoryJob, now: number, op: string | null = null): void {
  leaveTrace(queue, job, op, now);
  removeFromState(queue, job);
  queue.jobs.delete(job.id);
  const { unique } = job.spec;
  if (unique !== null && queue.unique.get(unique.key)?.id === job.id) queue.unique.delete(unique.key);
  const { supersedes } = job.spec;
  if (supersedes !== null && queue.latest.get(supersedes) === job.id) queue.latest.delete(supersedes);
  queue.ended.delete(job.id);
  if (isRetained(queue, job) || queue.dependencies.has(job.id)) markPending(queue, job.id);
  emit(queue, now, { kind: "removed", id: job.id });
}

/** Appends to the history how a run ended. */
export function recordAttempt(
  job: MemoryJob,
  session: string,
  outcome: AttemptOutcome,
  now: number,
  error: Failure | null = null,
): void {
  const bounded = error === null ? null : boundFailure(error);
  job.history.push({
    number: job.counted + 1,
    worker: workerOf(session),
    build: buildOf(session),
    startedAt: job.startedAt ?? now,
    endedAt: now,
    outcome,
    error: bounded,
  });
  if (job.history.length > MOST_ATTEMPT_RECORDS) job.history.shift();
  if (bounded !== null) job.error = bounded;
}

function emitMove(queue: MemoryQueue, job: MemoryJob, from: JobState | null, cause: Cause, now: number): void {
  const { id, state, spec, counted, startedAt, error } = job;
  const ran = from === "active";
  emit(queue, now, {
    kind: "state",
    id,
    state,
    task: spec.task,
    cause,
    attempt: ran || state === "active" ? counted + 1 : counted,
    duration: ran ? now - (startedAt ?? now) : null,
    fingerprint: tellsFailure(state, cause) ? (error?.fingerprint ?? null) : null,
    flow: spec.flow === null ? null : bareRef(spec.flow),
  });
}

/** Emits an event, if the queue is watched. */
export function emit(queue: MemoryQueue, now: number, event: EventBody): void {
  if (!isWatched(queue, now)) return;
  queue.sequence += 1;
  queue.events.push({ ...event, seq: queue.sequence, at: now });
  if (queue.events.length > MOST_EVENTS * 2) queue.events = queue.events.slice(-MOST_EVENTS);
}

/** Is the queue watched? Its events are recorded then. */
export function isWatched({ interest }: MemoryQueue, now: number): boolean {
  return interest > now;
}

type WithoutOrder<T> = T extends unknown ? Omit<T, "seq" | "at"> : never;
type EventBody = WithoutOrder<QueueEvent>;

function removeFromState(queue: MemoryQueue, job: MemoryJob): void {
  lineOf(queue, job).remove(job);
  if (isTerminal(job.state)) uncount(queue, job);
}

function insert(queue: MemoryQueue, job: MemoryJob, place: "head" | "tail" | "kept"): void {
  if (job.state !== "queued" && job.state !== "active") job.declinedAt = null;
  // A declined job that is returned keeps its place, too.
  const setAside = job.state === "queued" && job.declinedAt !== null;
  job.key = setAside && place !== "tail" ? [job.place, job.id] : keyFor(queue, job, place === "kept" ? "head" : place);
  lineOf(queue, job).insert(job);
}

function lineOf(queue: MemoryQueue, job: MemoryJob): Line<MemoryJob> | Aside {
  if (job.state !== "queued") return queue.lines[job.state];
  return job.declinedAt !== null ? queue.aside : job.suspect ? queue.suspects : queue.lines.queued;
}

function keyFor(queue: MemoryQueue, job: MemoryJob, place: "head" | "tail"): OrderKey {
  switch (job.state) {
    case "blocked":
      return [job.createdAt, job.id];
    case "delayed":
      return [job.runAt, job.id];
    case "active":
      return [job.epoch, job.id];
    case "queued":
      return [job.spec.priority * PRIORITY_STEP + position(queue, job, place), job.id];
    default:
      queue.finished += 1;
      // The latest comes first in listings.
      return [-queue.finished, job.id];
  }
}

function position(queue: MemoryQueue, job: MemoryJob, place: "head" | "tail"): number {
  const line = job.spec.priority === 0 ? queue.defaultLine : queue.otherLine;
  const head = job.spec.priority === 0 ? defaultHead(queue) : queue.otherLine.head;
  // A job in a list of its own (suspect or declined) takes no position: it is placed half a step before the next one to
  // come.
  if (job.suspect || job.declinedAt !== null) return place === "head" ? head + 0.5 : line.tail - 0.5;
  if (place === "head") {
    if (job.spec.priority !== 0) queue.otherLine.head -= 1;
    return head;
  }
  line.tail += 1;
  return line.tail - 1;
}

/** The position before the first job of the default priority, or before the next one to come when there is none. */
function defaultHead(queue: MemoryQueue): number {
  const line = queue.lines.queued;
  const first = line.at(line.rank([-PRIORITY_STEP / 2, ""]));
  return (first?.spec.priority === 0 ? first.key[0] : queue.defaultLine.tail) - 1;
}

function assertMove(from: JobState | null, to: JobState, cause: Cause): void {
  if (!canMove(from, to, cause))
    throw new Error(`memory engine: ${from ?? "new"} → ${to} by ${cause} is no transition`);
}
