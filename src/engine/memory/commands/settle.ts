/** Settles and leases: the parts of an exchange, and how leases end without one (session closed, worker dead, revoked). */
import { boundFailure, plainFailure } from "../../../model/failure/failure.js";
import { WORKER_LOST } from "../../../model/job/job.js";
import { isTerminal } from "../../../model/job/state.js";
import type { SeriesOutcome } from "../../../model/series/figures.js";
import { judge, judgeCrash } from "../../../model/job/outcome.js";
import { MOST_CLAIMED_BYTES } from "../../contract/engine.js";
import type { FencedAnswer, Lease, LeaseRef, Outcome, Revocation, Settlement } from "../../contract/engine.js";
import { compareKeys } from "../../shared/listing-order.js";
import type { AsideWish } from "../store/aside.js";
import { countFailed } from "./failure-groups.js";
import { finish, move, recordAttempt } from "../store/transitions.js";
import type { MemoryJob } from "../store/job.js";
import type { MemoryQueue, MemorySession } from "../store/store.js";

/** Is this the lease that the job runs under? */
export function holds(session: MemorySession, job: MemoryJob | undefined, lease: LeaseRef): job is MemoryJob {
  return job?.state === "active" && job.session === session.id && job.epoch === lease.epoch;
}

/** Settles one outcome. */
export function settleOne(
  queue: MemoryQueue,
  session: MemorySession,
  settlement: Settlement,
  now: number,
): FencedAnswer {
  const job = queue.jobs.get(settlement.id);
  const again = job?.settledEpoch === settlement.epoch;
  if (holds(session, job, settlement)) {
    const ended = applyOutcome(queue, session, job, settlement.outcome, now);
    const { measured } = settlement;
    if (ended !== null && measured !== undefined) queue.series.count(measured.task, ended, measured, now);
    job.settledEpoch = settlement.epoch;
    return "applied";
  }
  session.revoked = session.revoked.filter(
    (lease) => lease.queue !== queue.name || lease.id !== settlement.id || lease.epoch !== settlement.epoch,
  );
  return again ? "applied" : "stale";
}

/** Applies the outcome of a run; returns as what it is counted, if it is. */
function applyOutcome(
  queue: MemoryQueue,
  session: MemorySession,
  job: MemoryJob,
  outcome: Outcome,
  now: number,
): SeriesOutcome | null {
  const { counted, crashes, pendingDependencies: waiting } = job;
  const transition = judge({ counted, attempts: job.spec.attempts, crashes, waiting }, outcome);
  const failure = outcome.kind === "fail" ? boundFailure(outcome.error) : null;
  recordAttempt(job, session.id, transition.outcome, now, failure);
  if (failure !== null) countFailed(queue, job, failure, session.id, now);
  endLease(session, job);
  if (outcome.kind === "complete" || outcome.kind === "partial") job.result = outcome.result;
  if (outcome.kind === "partial") job.failures = outcome.failures ?? [];
  // A run that ended proves that the job does not kill its worker; a returned one proves nothing.
  if (outcome.kind === "decline") {
    job.declinedAt ??= now;
  } else if (outcome.kind !== "return") {
    job.suspect = false;
    job.declinedAt = null;
  }
  if (isTerminal(transition.state)) {
    finish(queue, job, transition.state, transition.cause, now);
    if (transition.counts) job.counted += 1;
    return transition.state;
  }
  job.runAt = now + transition.delay;
  move(queue, job, transition.state, transition.cause, now, transition.place);
  if (transition.counts) job.counted += 1;
  return outcome.kind === "fail" ? "retried" : null;
}

/** Returns a job to the head of its queue, uncounted. */
export function returnLease(queue: MemoryQueue, session: MemorySession, job: MemoryJob, now: number): void {
  applyOutcome(queue, session, job, { kind: "return" }, now);
}

/** Recovers a job of a dead session. */
export function recover(queue: MemoryQueue, session: MemorySession, job: MemoryJob, now: number): void {
  const transition = judgeCrash(job);
  job.crashes += 1;
  const lost = plainFailure("WorkerLost", `the worker running it died ${job.crashes} times`, WORKER_LOST);
  recordAttempt(job, session.id, transition.outcome, now, transition.state === "failed" ? lost : null);
  endLease(session, job);
  if (transition.state === "failed") {
    countFailed(queue, job, lost, session.id, now);
    finish(queue, job, "failed", transition.cause, now);
  } else {
    queue.series.count(job.spec.task, "lost", null, now);
    job.suspect = transition.suspect;
    job.declinedAt = null;
    job.runAt = now;
    move(queue, job, "queued", transition.cause, now);
  }
}

/** Revokes the lease of a running job: writes under it are refused, and its session is notified. */
export function revoke(session: MemorySession | undefined, job: MemoryJob, cause: Revocation["cause"]): void {
  if (session === undefined) return;
  session.revoked.push({ queue: job.queue, id: job.id, epoch: job.epoch, cause });
  endLease(session, job);
}

function endLease(session: MemorySession, job: MemoryJob): void {
  session.held.delete(job);
  job.session = null;
}

/** What a claim asks of one queue. `text`: how many characters of input the jobs that it leased before have. */
export interface LeaseWish extends AsideWish {
  readonly text: number;
}

/** Leases jobs of one queue, in running order, at most one of them a suspect, until their inputs are long enough. */
export function leaseFrom(queue: MemoryQueue, session: MemorySession, wish: LeaseWish, now: number): Lease[] {
  const { max } = wish;
  const leases: Lease[] = [];
  let { text } = wish;
  const hasRoom = (): boolean => leases.length < max && text <= MOST_CLAIMED_BYTES;
  const give = (job: MemoryJob): void => {
    leases.push(lease(queue, session, job, epoch, now));
    text += job.spec.input.length;
  };
  if (queue.pausedAt !== null || max <= 0) return leases;
  const epoch = queue.epoch + 1;
  const line = queue.lines.queued;
  const head = line.first();
  const aside = queue.aside.first(wish);
  const before = aside.filter(({ key }) => head === undefined || key[0] < head.key[0]);
  const takesSuspect = wish.suspect && before.length < max && !aside.some((job) => job.suspect);
  for (const job of before) if (hasRoom()) give(job);
  const first = takesSuspect ? queue.suspects.first() : undefined;
  const suspectFirst = first !== undefined && (head === undefined || compareKeys(first.key, head.key) < 0);
  if (first !== undefined && suspectFirst && hasRoom()) give(first);
  while (hasRoom()) {
    const job = line.first();
    if (job === undefined) break;
    if (job.expireAt !== null && job.expireAt <= now) finish(queue, job, "expired", "expire", now);
    else give(job);
  }
  if (first !== undefined && !suspectFirst && hasRoom()) give(first);
  for (const job of aside.slice(before.length)) if (hasRoom()) give(job);
  if (leases.length > 0) queue.epoch = epoch;
  return leases;
}

function lease(queue: MemoryQueue, session: MemorySession, job: MemoryJob, epoch: number, now: number): Lease {
  const { suspect } = job;
  job.epoch = epoch;
  job.place = job.key[0];
  job.session = session.id;
  job.expireAt = null;
  job.startedAt = now;
  // A run continues from the progress of the one before it, if that left checkpoints.
  if (job.checkpoints === null) job.progress = null;
  session.held.add(job);
  move(queue, job, "active", "lease", now);
  return describeLease(job, suspect, now);
}

/** The lease of an active job, as its worker receives it. */
export function describeLease(job: MemoryJob, suspect: boolean, now: number): Lease {
  const { task, input, backoff, timeout, supersedes, after, references, flow } = job.spec;
  return {
    queue: job.queue,
    id: job.id,
    epoch: job.epoch,
    attempt: job.counted + 1,
    attempts: job.spec.attempts,
    crashes: job.crashes,
    suspect,
    declinedAt: job.declinedAt,
    body: { task, input, backoff, timeout, supersedes, after, references, flow },
    problem: null,
    checkpoints: job.checkpoints !== null,
    tags: job.spec.tags,
    meta: job.meta,
    priority: job.spec.priority,
    createdAt: job.createdAt,
    runAt: job.runAt,
    leasedAt: now,
  };
}
