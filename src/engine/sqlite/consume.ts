/** Settling outcomes, and what is left when a session ends. */
import { plainFailure } from "../../model/failure.js";
import { WORKER_LOST } from "../../model/job.js";
import { isTerminal } from "../../model/state.js";
import { judge, judgeCrash } from "../../model/verdict.js";
import type { FencedAnswer, Outcome, Settlement } from "../contract.js";
import { findJobs, saveJob, tellsLastRun, type Job } from "./job.js";
import { finish, move, recordAttempt } from "./moves.js";
import type { SqliteQueue } from "./queue.js";
import { acknowledge, heldBy, holds, leaveQueue, type Session } from "./sessions.js";
import type { Transaction } from "./transaction.js";

/** Settles outcomes of one queue, in order. */
export function settleAll(
  transaction: Transaction,
  queue: SqliteQueue,
  session: string,
  settlements: readonly Settlement[],
): FencedAnswer[] {
  if (settlements.length === 0) return [];
  const ids = settlements.map((settlement) => settlement.id);
  const jobs = findJobs(transaction.sql, queue.number, ids);
  return settlements.map((settlement) => settleOne(transaction, queue, session, jobs.get(settlement.id), settlement));
}

function settleOne(
  transaction: Transaction,
  queue: SqliteQueue,
  session: string,
  job: Job | undefined,
  settlement: Settlement,
): FencedAnswer {
  if (job !== undefined && holds(session, job, settlement)) {
    job.settled = settlement.epoch;
    applyOutcome(transaction, queue, job, settlement.outcome);
    return "applied";
  }
  acknowledge(transaction.sql, session, settlement);
  return job?.settled === settlement.epoch ? "applied" : "stale";
}

const SETTLE = `UPDATE jobs SET line = ?, key = ?, tie = ?, run_at = ?, finished_at = ?, counted = ?, settled = ?,
  suspect = ?, error_epoch = ?, kept = ?, remove_at = ? WHERE job = ?`;
const SETTLE_RESULT = SETTLE.replace("SET ", "SET result = ?, ");

function applyOutcome(transaction: Transaction, queue: SqliteQueue, job: Job, outcome: Outcome): void {
  const { sql, now } = transaction;
  const verdict = judge(job, outcome);
  // A job that ends well tells by itself how its last run ended.
  if (!tellsLastRun(verdict.state)) {
    recordAttempt(transaction, job, verdict.outcome, now, outcome.kind === "fail" ? outcome.error : null);
  }
  if (verdict.counts) job.counted += 1;
  // A run that ended proves that the job does not kill its worker; one that was handed back proves nothing.
  if (outcome.kind !== "release") job.suspect = false;
  if (isTerminal(verdict.state)) {
    finish(queue, job, verdict.state, now);
  } else {
    job.runAt = now + verdict.delay;
    move(queue, job, verdict.state, verdict.place);
  }
  const values = [
    job.line,
    job.key,
    job.tie,
    job.runAt,
    job.finishedAt,
    job.counted,
    job.settled,
    job.suspect ? 1 : 0,
    job.errorEpoch,
    job.kept,
    job.removeAt,
    job.job,
  ];
  if ("result" in outcome) sql.run(SETTLE_RESULT, outcome.result, ...values);
  else sql.run(SETTLE, ...values);
}

/** Ends a session in one queue: what it holds returns to the head of the line, uncounted. */
export function closeIn(transaction: Transaction, session: Session, name: string): void {
  const queue = transaction.queue(name);
  // In reverse, so that the first of them ends up at the very head.
  for (const job of heldBy(transaction.sql, queue, session.id).toReversed()) {
    applyOutcome(transaction, queue, job, { kind: "release" });
  }
  leaveQueue(transaction.sql, session, name);
  transaction.changed(name);
}

/** Takes a job from a dead session. */
export function recover(transaction: Transaction, queue: SqliteQueue, job: Job): void {
  const { sql, now } = transaction;
  const verdict = judgeCrash(job);
  job.crashes += 1;
  const lost = plainFailure("WorkerLost", `the worker running it died ${job.crashes} times`, WORKER_LOST);
  recordAttempt(transaction, job, verdict.outcome, now, verdict.state === "failed" ? lost : null);
  if (isTerminal(verdict.state)) {
    finish(queue, job, verdict.state, now);
  } else {
    job.suspect = true;
    job.runAt = now;
    move(queue, job, verdict.state);
  }
  saveJob(sql, job);
}
