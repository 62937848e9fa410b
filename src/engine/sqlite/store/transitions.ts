/**
 * How a job moves: the only code that changes the state of a job, so state codes, totals and events always agree. Changes are
 * made to the run record, which the caller writes back.
 */
import { encodeFailure, fingerprintOf, type Failure } from "../../../model/failure/failure.js";
import { MOST_ATTEMPT_RECORDS, type AttemptOutcome } from "../../../model/job/job.js";
import { hasDefaultAge, removalTime, retentionClass } from "../../../model/job/retention.js";
import { isTerminal, type Cause, type JobState, type TerminalState } from "../../../model/job/state.js";
import type { OutcomeTransition } from "../../../model/job/outcome.js";
import { PRIORITY_STEP } from "../../shared/listing-order.js";
import { buildOf, workerOf } from "../../contract/worker/session-id.js";
import { retentionOf, stateOfJob, tagsOf, reportsLastRun, type Job, type MovingJob } from "./job/job.js";
import type { Sql } from "../database/sql.js";
import { ACTIVE, SECONDARY, codeOf, QUEUED } from "./queue/state-codes.js";
import { dropLinks, isRetained, linksOf } from "./job/dependencies.js";
import type { SqliteQueue } from "./queue/queue.js";
import { removeRows } from "./remains.js";
import { emitMove } from "./state-event.js";
import { leaveTrace } from "./traces.js";
import type { Transaction } from "./transaction.js";

/** Moves a job to another state. A run that ended by this and counts is counted after it. */
export function move(
  { sql, now: at }: Transaction,
  queue: SqliteQueue,
  job: MovingJob,
  to: JobState,
  cause: Cause,
  place: OutcomeTransition["place"] = "tail",
): void {
  const from = stateOfJob(job);
  removeFromState(queue, job);
  insert(queue, job, to, place);
  emitMove(sql, queue, job, { from, to, cause, at });
}

/** Moves a queued job to the tail among those of its priority, which may have changed. */
export function reinsert(queue: SqliteQueue, job: MovingJob): void {
  removeFromState(queue, job);
  insert(queue, job, stateOfJob(job), "tail");
}

/** Ends a job in a terminal state without a settlement, and counts that in the series. */
export function finish(
  transaction: Transaction,
  queue: SqliteQueue,
  job: MovingJob,
  to: TerminalState,
  cause: Cause,
): void {
  queue.countEnd(taskOf(transaction.sql, job), to, null);
  endIn(transaction, queue, job, to, cause);
}

/** The name of a job's task. */
export function taskOf(sql: Sql, { job }: Pick<Job, "job">): string {
  return sql.all<[task: string]>("SELECT task FROM jobs WHERE job = ?", job)[0]?.[0] ?? "";
}

/** Ends a job in a terminal state. */
export function endIn(
  transaction: Transaction,
  queue: SqliteQueue,
  job: MovingJob,
  to: TerminalState,
  cause: Cause,
): void {
  const { sql, now } = transaction;
  const from = stateOfJob(job);
  const { flow } = linksOf(sql, job);
  // A run reports its own end; of a superseded one, only that its lease was taken.
  if (flow === null && (job.stateCode !== ACTIVE || to === "superseded")) leaveNotice(transaction, queue, job);
  // An incomplete flow is removed with its members.
  const retained = flow === "open" || isRetained(sql, job);
  job.finishedAt = now;
  job.expireAt = null;
  removeFromState(queue, job);
  const retention = retentionOf(job);
  const usual = hasDefaultAge(to, retention);
  if (!retained && !usual) job.removeAt = removalTime(now, to, retention, queue.watched);
  insert(queue, job, to, "tail", retained || !usual);
  if (!retained) keepByCount(queue, job, to, -job.position);
  job.suspect = false;
  emitMove(sql, queue, job, { from, to, cause, at: now });
  if (retained || flow !== null) transaction.markPending(queue, job);
}

/** The application of the job, which ended without a run, is to be notified. */
export function leaveNotice({ sql, now }: Transaction, queue: SqliteQueue, { job, id }: MovingJob): void {
  const insertNotice = `INSERT OR REPLACE INTO ended (job, queue, task, id, due)
    SELECT job, ?, task, ?, ? FROM jobs WHERE job = ?`;
  sql.run(insertNotice, queue.number, id, now, job);
}

/** It was removed or is retried: there is no end to report. */
export function dropNotice(sql: Sql, { job }: Pick<Job, "job">): void {
  sql.run("DELETE FROM ended WHERE job = ?", job);
}

/** Counts an ended job, if its retention asks for a count; those with lower numbers are removed before it. */
function keepByCount(queue: SqliteQueue, job: MovingJob, state: TerminalState, number: number): void {
  const kind = retentionClass(state);
  const { count } = retentionOf(job)[kind];
  if (count === null) return;
  queue.keep[kind] = count;
  queue.kept[kind] += 1;
  job.kept = kind === "completed" ? number : -number;
}

/** Retains an ended job: retention does not count it. Done again, it changes nothing. */
export function retain(queue: SqliteQueue, job: MovingJob): void {
  const state = stateOfJob(job);
  takeFromRetention(queue, job, state);
  moveToSecondary(queue, job, state);
}

/** Leaves an ended job to retention. */
export function unretain(queue: SqliteQueue, job: MovingJob): void {
  const state = stateOfJob(job);
  if (!isTerminal(state)) return;
  job.removeAt = removalTime(job.finishedAt ?? 0, state, retentionOf(job), queue.watched);
  keepByCount(queue, job, state, queue.finish());
}

function moveToSecondary(queue: SqliteQueue, job: MovingJob, state: JobState): void {
  queue.count(job.stateCode, -1);
  job.stateCode = codeOf(state) + SECONDARY;
  queue.count(job.stateCode, 1);
}

/** Places a job in a state. `secondary`: under the second code of the state. */
export function insert(
  queue: SqliteQueue,
  job: MovingJob,
  state: JobState,
  place: OutcomeTransition["place"],
  secondary = state === "queued" && job.suspect,
): void {
  if (state !== "queued" && state !== "active") job.declinedAt = null;
  const aside = state === "queued" && job.declinedAt !== null;
  job.stateCode = codeOf(state) + (secondary ? SECONDARY : 0) + (aside ? 2 * SECONDARY : 0);
  job.tiebreak = job.id;
  switch (state) {
    case "blocked":
      job.position = job.createdAt;
      break;
    case "delayed":
      job.position = job.runAt;
      break;
    case "active":
      job.position = job.epoch;
      break;
    case "queued":
      // A declined job that is returned keeps its place, too.
      job.position =
        aside && place !== "tail" && job.lastPosition !== null
          ? job.lastPosition
          : job.priority * PRIORITY_STEP +
            queue.position(job.priority, secondary || aside, place === "tail" ? place : "head");
      if (!secondary && !aside) job.tiebreak = null;
      break;
    default:
      // The latest comes first in listings.
      job.position = -queue.finish();
      job.tiebreak = null;
  }
  queue.count(job.stateCode, 1);
  if (job.tags !== null) for (const tag of tagsOf(job)) queue.tally(tag, state, 1);
}

/** Takes a job out of the counts of its state. */
export function removeFromState(queue: SqliteQueue, job: MovingJob): void {
  const state = stateOfJob(job);
  queue.count(job.stateCode, -1);
  if (job.stateCode === QUEUED) queue.gaps.leave(job.position);
  if (job.tags !== null) for (const tag of tagsOf(job)) queue.tally(tag, state, -1);
  takeFromRetention(queue, job, state);
}

function takeFromRetention(queue: SqliteQueue, job: MovingJob, state: JobState): void {
  if (job.kept !== null && isTerminal(state)) queue.kept[retentionClass(state)] -= 1;
  job.kept = null;
  job.removeAt = null;
}

/**
 * Removes a job with every row about it, except its trace, and links until their messages are delivered; of very many rows
 * some go later (remains.ts). `op`: the command that removes it.
 */
export function forget(transaction: Transaction, queue: SqliteQueue, job: Job, op: string | null = null): void {
  const { sql } = transaction;
  leaveTrace(transaction, queue, job, op);
  removeFromState(queue, job);
  removeRows(transaction, job);
  if (job.uniqueKey !== null) {
    sql.run("DELETE FROM unique_keys WHERE queue = ? AND key = ? AND job = ?", queue.number, job.uniqueKey, job.job);
  }
  if (job.supersedes !== null) {
    sql.run("DELETE FROM latest WHERE queue = ? AND key = ? AND job = ?", queue.number, job.supersedes, job.job);
  }
  if (stateOfJob(job) !== "completed") dropNotice(sql, job);
  if (job.tags !== null) untag(transaction, queue, job);
  if (job.linked) {
    if (linksOf(sql, job).depends > 0 || isRetained(sql, job)) transaction.markPending(queue, job);
    dropLinks(sql, job);
  }
  queue.emit({ kind: "removed", id: job.id });
}

/** Adds the rows of a job's tags; returns the tags. */
export function tag({ sql }: Transaction, queue: SqliteQueue, job: Job): readonly string[] {
  const tags = tagsOf(job);
  for (const name of tags) {
    sql.run("INSERT OR IGNORE INTO tags (queue, tag, job) VALUES (?, ?, ?)", queue.number, name, job.job);
  }
  return tags;
}

/** Removes the rows of a job's tags; returns the tags. */
export function untag({ sql }: Transaction, queue: SqliteQueue, job: Job): readonly string[] {
  const tags = tagsOf(job);
  for (const name of tags) {
    sql.run("DELETE FROM tags WHERE queue = ? AND tag = ? AND job = ?", queue.number, name, job.job);
  }
  return tags;
}

const RECORD = `INSERT INTO attempts (job, epoch, number, worker, started_at, ended_at, outcome, fingerprint, error, build)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const CUT = `DELETE FROM attempts WHERE job = ? AND epoch IS NOT ?
  AND epoch <= (SELECT epoch FROM attempts WHERE job = ? ORDER BY epoch DESC LIMIT 1 OFFSET ${MOST_ATTEMPT_RECORDS})`;

/** Appends to the history how the latest run ended. */
export function recordAttempt(
  { sql }: Transaction,
  job: MovingJob,
  outcome: AttemptOutcome,
  endedAt: number,
  error: Failure | null = null,
): void {
  if (error !== null) job.errorEpoch = job.epoch;
  sql.run(
    RECORD,
    job.job,
    job.epoch,
    job.counted + 1,
    workerOf(job.session ?? ""),
    job.startedAt ?? endedAt,
    endedAt,
    outcome,
    error === null ? null : fingerprintOf(error),
    error === null ? null : encodeFailure(error),
    buildOf(job.session ?? ""),
  );
  // The last error is kept, however old. Epochs rise with each lease, so a job with a lower one had no more runs than are kept.
  if (job.epoch > MOST_ATTEMPT_RECORDS) sql.run(CUT, job.job, job.errorEpoch, job.job);
}

const RECORD_FAILURE = `INSERT OR REPLACE INTO attempts
  (job, epoch, number, worker, started_at, ended_at, outcome, fingerprint, error) VALUES (?, 0, 0, '', ?, ?, ?, ?, ?)`;

/** Records the failure of a job that did not run: as a run under epoch 0, which no history shows. */
export function recordFailure({ sql, now }: Transaction, job: MovingJob, error: Failure): void {
  job.errorEpoch = 0;
  sql.run(RECORD_FAILURE, job.job, now, now, "failed", fingerprintOf(error), encodeFailure(error));
}

/** Counts a failure of a job in its group: of its latest run, or, when it failed without one, of none. */
export function countFailure(
  { sql, now }: Transaction,
  queue: SqliteQueue,
  job: MovingJob,
  error: Failure,
  of: "run" | "no run",
): void {
  const run = of === "run" ? { session: job.session ?? "", leasedAt: job.startedAt ?? now } : null;
  const failure = { ...error, fingerprint: fingerprintOf(error) };
  queue.countFailure({ id: job.id, task: taskOf(sql, job), failure, run });
}

/** Appends the last run of a job that ended well to the history: until now its own row was the record of it. */
export function recordLastRun(transaction: Transaction, job: Job): void {
  const state = stateOfJob(job);
  if (!reportsLastRun(state, job)) return;
  const run = { ...job, counted: job.counted - 1 };
  recordAttempt(transaction, run, state, job.finishedAt ?? transaction.now);
}
