/** Superseding: a newer job with the same key takes the place of the one before it. */
import { sources } from "../../../../model/job/state.js";
import { jobFrom, JOB_COLUMNS, saveJob, stateOfJob, type Job, type JobRow } from "../../store/job/job.js";
import { finish, recordAttempt, recordLastRun } from "../../store/transitions.js";
import type { SqliteQueue } from "../../store/queue/queue.js";
import { revoke } from "../workers/sessions.js";
import type { Sql } from "../../database/sql.js";
import type { Transaction } from "../../store/transaction.js";

const PREDECESSOR = `SELECT ${JOB_COLUMNS} FROM latest l CROSS JOIN jobs j ON j.job = l.job
  WHERE l.queue = ? AND l.key = ?`;

/** The job that a new one with this key supersedes. */
export function predecessor(sql: Sql, queue: SqliteQueue, key: string): Job | null {
  const row = sql.all<JobRow>(PREDECESSOR, queue.number, key)[0];
  const job = row === undefined ? null : jobFrom(row);
  return job !== null && sources("supersede").includes(stateOfJob(job)) ? job : null;
}

/** Makes a job the latest of its key. */
export function makeLatest(sql: Sql, queue: SqliteQueue, key: string, { job }: Pick<Job, "job">): void {
  sql.run("INSERT OR REPLACE INTO latest (queue, key, job) VALUES (?, ?, ?)", queue.number, key, job);
}

/** Is this the latest job of its key? */
export function isLatest(sql: Sql, queue: SqliteQueue, key: string, { job }: Pick<Job, "job">): boolean {
  return sql.all("SELECT 1 FROM latest WHERE queue = ? AND key = ? AND job = ?", queue.number, key, job).length > 0;
}

/** Ends the job as superseded. */
export function supersede(transaction: Transaction, queue: SqliteQueue, job: Job): void {
  const { sql, now } = transaction;
  if (stateOfJob(job) === "active") {
    recordAttempt(transaction, job, "superseded", now);
    revoke(transaction, queue, job, "supersede");
  }
  recordLastRun(transaction, job);
  finish(transaction, queue, job, "superseded", "supersede");
  saveJob(sql, job);
}
