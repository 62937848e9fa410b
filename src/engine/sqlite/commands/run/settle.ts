/** Settles outcomes, and ends leases without one: the session was closed, its worker died, the job was cancelled. */
import { plainFailure } from "../../../../model/failure/failure.js";
import { WORKER_LOST } from "../../../../model/job/job.js";
import { isTerminal } from "../../../../model/job/state.js";
import { encodeStepFailures } from "../../../../model/failure/step-failure.js";
import type { SeriesOutcome } from "../../../../model/series/figures.js";
import { judge, judgeCrash } from "../../../../model/job/outcome.js";
import type { FencedAnswer, Outcome, Settlement } from "../../../contract/engine.js";
import {
  FILED,
  isFiled,
  loadJob,
  saveJob,
  stateOfJob,
  reportsLastRun,
  type Job,
  type MovingJob,
} from "../../store/job/job.js";
import { ACTIVE, codeOf } from "../../store/queue/state-codes.js";
import { countFailure, endIn, finish, leaveNotice, move, recordAttempt, taskOf } from "../../store/transitions.js";
import type { SqliteQueue } from "../../store/queue/queue.js";
import { emitUsualEnd } from "../../store/state-event.js";
import { acknowledge, holds, revoke } from "../workers/sessions.js";
import { columns, type RowOf, type Stored } from "../../database/columns.js";
import type { Sql } from "../../database/sql.js";
import { linksOf } from "../../store/job/dependencies.js";
import type { Transaction } from "../../store/transaction.js";

type SettledJob = MovingJob & Pick<Job, "attempts" | "crashes" | "settled">;

/** The index of the settlement, whether the session holds the job, and columns of the job. */
interface Settled extends Stored<SettledJob> {
  index: number;
  mine: number;
}

const NAMES = [
  ...(["index", "mine", "job", "stateCode", "epoch", "settled", "priority", "attempts", "createdAt", "runAt"] as const),
  ...(["startedAt", "counted", "crashes", "suspect", "errorEpoch", "retention", "tags", "linked"] as const),
  ...(["declinedAt", "lastPosition"] as const),
] as const;

type SettledRow = RowOf<typeof NAMES, Settled>;

const { at: AT, text: COLUMNS } = columns(NAMES, "j.", {
  index: "e.key",
  mine: `j.state_code = ${ACTIVE} AND j.session = ?`,
});

const SETTLED = `SELECT ${COLUMNS} FROM json_each(?) e CROSS JOIN jobs j ON j.queue = ? AND j.id = e.value`;

/** Settles outcomes of one queue, in order. */
export function settleAll(
  transaction: Transaction,
  queue: SqliteQueue,
  session: string,
  settlements: readonly Settlement[],
): FencedAnswer[] {
  const answers: FencedAnswer[] = [];
  while (answers.length < settlements.length) {
    const from = answers.length;
    const settlement = settlements[from];
    if (settlement !== undefined && completeUsual(transaction, queue, session, settlement)) {
      answers.push("applied");
      continue;
    }
    // The settlements up to the next completion are looked up together.
    let to = from + 1;
    while (to < settlements.length && settlements[to]?.outcome.kind !== "complete") to += 1;
    const others = settlements.slice(from, to);
    const jobs = loadSettled(transaction.sql, queue, session, others);
    for (const other of others) answers.push(settleOne(transaction, queue, session, jobs.get(other.id), other));
  }
  return answers;
}

const COMPLETED = codeOf("completed");
const COMPLETE = `UPDATE jobs SET state_code = ${COMPLETED}, position = ?, tiebreak = NULL, finished_at = ?,
  counted = counted + 1, settled = epoch, suspect = 0, declined_at = NULL, result = ?
  WHERE queue = ? AND id = ? AND state_code = ${ACTIVE} AND session = ? AND epoch = ? AND tags IS NULL AND retention IS NULL AND linked = 0`;

/**
 * The fast path: the job completes, and has neither tags nor links nor a retention of its own. One statement fences and moves
 * it. Returns whether it did.
 */
function completeUsual(
  { sql, now }: Transaction,
  queue: SqliteQueue,
  session: string,
  { id, epoch, outcome, measured }: Settlement,
): boolean {
  if (outcome.kind !== "complete") return false;
  const position = -queue.nextFinished;
  if (sql.run(COMPLETE, position, now, outcome.result, queue.number, id, session, epoch) === 0) return false;
  queue.finish();
  queue.count(ACTIVE, -1);
  queue.count(COMPLETED, 1);
  if (measured !== undefined) queue.countEnd(measured.task, "completed", measured);
  emitUsualEnd(sql, queue, id, now);
  return true;
}

function loadSettled(
  sql: Sql,
  queue: SqliteQueue,
  session: string,
  settlements: readonly Settlement[],
): Map<string, SettledJob> {
  const jobs = new Map<string, SettledJob>();
  const ids = JSON.stringify(settlements.map((settlement) => settlement.id));
  for (const row of sql.all<SettledRow>(SETTLED, session, ids, queue.number)) {
    const id = settlements[row[AT.index]]?.id ?? "";
    // Only a job that the session holds is moved; of others only the epoch that was settled last matters.
    jobs.set(id, settledJob(id, row[AT.mine] === 1 ? session : null, row));
  }
  return jobs;
}

function settledJob(id: string, session: string | null, row: SettledRow): SettledJob {
  return {
    job: row[AT.job],
    id,
    stateCode: row[AT.stateCode],
    position: 0,
    tiebreak: id,
    priority: row[AT.priority],
    attempts: row[AT.attempts],
    createdAt: row[AT.createdAt],
    runAt: row[AT.runAt],
    startedAt: row[AT.startedAt],
    finishedAt: null,
    expireAt: null,
    counted: row[AT.counted],
    epoch: row[AT.epoch],
    settled: row[AT.settled],
    crashes: row[AT.crashes],
    suspect: row[AT.suspect] === 1,
    session,
    errorEpoch: row[AT.errorEpoch],
    retention: row[AT.retention],
    kept: null,
    removeAt: null,
    tags: row[AT.tags],
    linked: row[AT.linked] === 1,
    declinedAt: row[AT.declinedAt],
    lastPosition: row[AT.lastPosition],
  };
}

function settleOne(
  transaction: Transaction,
  queue: SqliteQueue,
  session: string,
  job: SettledJob | undefined,
  settlement: Settlement,
): FencedAnswer {
  if (job !== undefined && holds(session, job, settlement)) {
    job.settled = settlement.epoch;
    const ended = applyOutcome(transaction, queue, job, settlement.outcome);
    const { measured } = settlement;
    if (ended !== null && measured !== undefined) queue.countEnd(measured.task, ended, measured);
    return "applied";
  }
  acknowledge(transaction.sql, session, settlement);
  return job?.settled === settlement.epoch ? "applied" : "stale";
}

const END = `UPDATE jobs SET state_code = ?, position = ?, tiebreak = NULL, finished_at = ?, counted = ?, settled = ?,
  suspect = 0, declined_at = NULL, error_epoch = ?, kept = ?, remove_at = ?, filed = ${FILED}, result = ?, failures = ? WHERE job = ?`;
const PUT_BACK = `UPDATE jobs SET state_code = ?, position = ?, tiebreak = ?, run_at = ?, counted = ?, settled = ?,
  suspect = ?, declined_at = ?, error_epoch = ? WHERE job = ?`;

/** Applies the outcome of a run; returns as what it is counted, if it is. */
function applyOutcome(
  transaction: Transaction,
  queue: SqliteQueue,
  job: SettledJob,
  outcome: Outcome,
): SeriesOutcome | null {
  const { sql, now } = transaction;
  const waiting = outcome.kind === "wait" ? linksOf(sql, job).pending : 0;
  const transition = judge({ ...job, waiting }, outcome);
  // The row of a job that ended well is also the record of its last run.
  if (!reportsLastRun(transition.state, job)) {
    recordAttempt(transaction, job, transition.outcome, now, outcome.kind === "fail" ? outcome.error : null);
  }
  if (outcome.kind === "fail") countFailure(transaction, queue, job, outcome.error, "run");
  // A run that ended proves that the job does not kill its worker; a returned one proves nothing.
  if (outcome.kind === "decline") {
    job.declinedAt ??= now;
  } else if (outcome.kind !== "return") {
    job.suspect = false;
    job.declinedAt = null;
  }
  if (isTerminal(transition.state)) {
    endIn(transaction, queue, job, transition.state, transition.cause);
    if (transition.counts) job.counted += 1;
    // A running job has neither result nor failures: a retry removes them.
    const result = "result" in outcome ? outcome.result : null;
    const failures = outcome.kind === "partial" ? encodeStepFailures(outcome.failures ?? []) : null;
    const { stateCode, position, counted, settled, errorEpoch, kept, removeAt } = job;
    const filed = [isFiled(job), errorEpoch] as const;
    sql.run(
      END,
      stateCode,
      position,
      now,
      counted,
      settled,
      errorEpoch,
      kept,
      removeAt,
      ...filed,
      result,
      failures,
      job.job,
    );
    return transition.state;
  } else {
    job.runAt = now + transition.delay;
    move(transaction, queue, job, transition.state, transition.cause, transition.place);
    if (transition.counts) job.counted += 1;
    const { stateCode, position, tiebreak, runAt, counted, settled, suspect, declinedAt, errorEpoch } = job;
    sql.run(
      PUT_BACK,
      stateCode,
      position,
      tiebreak,
      runAt,
      counted,
      settled,
      suspect ? 1 : 0,
      declinedAt,
      errorEpoch,
      job.job,
    );
    return outcome.kind === "fail" ? "retried" : null;
  }
}

/** Ends a job as cancelled, and revokes its lease. The caller writes the run record back. */
export function endCancelled(transaction: Transaction, queue: SqliteQueue, job: Job): void {
  if (stateOfJob(job) === "active") {
    recordAttempt(transaction, job, "cancelled", transaction.now);
    revoke(transaction, queue, job, "cancel");
  }
  finish(transaction, queue, job, "cancelled", "cancel");
}

/** Ends the job of this number as expired. */
export function expire(transaction: Transaction, queue: SqliteQueue, number: number): void {
  const job = loadJob(transaction.sql, number);
  if (job === null) return;
  finish(transaction, queue, job, "expired", "expire");
  saveJob(transaction.sql, job);
}

/** Hands a job back: it returns to the head of its priority, uncounted. */
export function handBack(transaction: Transaction, queue: SqliteQueue, job: Job): void {
  applyOutcome(transaction, queue, job, { kind: "return" });
}

/** Recovers a job of a dead session. */
export function recover(transaction: Transaction, queue: SqliteQueue, job: Job): void {
  const { sql, now } = transaction;
  const transition = judgeCrash(job);
  job.crashes += 1;
  const lost = plainFailure("WorkerLost", `the worker running it died ${job.crashes} times`, WORKER_LOST);
  recordAttempt(transaction, job, transition.outcome, now, transition.state === "failed" ? lost : null);
  if (isTerminal(transition.state)) {
    countFailure(transaction, queue, job, lost, "run");
    finish(transaction, queue, job, transition.state, transition.cause);
    leaveNotice(transaction, queue, job);
  } else {
    queue.countEnd(taskOf(sql, job), "lost", null);
    job.suspect = transition.suspect;
    job.declinedAt = null;
    job.runAt = now;
    move(transaction, queue, job, transition.state, transition.cause);
  }
  saveJob(sql, job);
}
