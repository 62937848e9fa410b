/** Superseding: a newer job with the same key takes the place of the one before it, whose application is to be notified. */
import { SUPERSEDED_AGAIN, type JobRef } from "../../../model/job/job.js";
import { sources } from "../../../model/job/state.js";
import { jobFrom, JOB_COLUMNS, saveJob, stateOfJob, type Job, type JobRow } from "../store/job.js";
import { finish, recordAttempt, recordLastRun } from "../store/transitions.js";
import type { SqliteQueue } from "../store/queue.js";
import { revoke } from "./sessions.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "../store/transaction.js";

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
  finish(transaction, queue, job, "superseded");
  saveJob(sql, job);
  sql.run(
    "INSERT INTO superseded (job, queue, task, id, due) SELECT job, queue, task, id, ? FROM jobs WHERE job = ?",
    now,
    job.job,
  );
}

const PENDING = "SELECT job, id FROM superseded WHERE queue = ? AND task = ? AND due <= ? ORDER BY id LIMIT ?";

/** Claims superseded jobs whose application has not been notified, by task and id. */
export function claimSuperseded(
  transaction: Transaction,
  queues: readonly string[],
  tasks: readonly string[],
  limit: number,
): JobRef[] {
  const { sql, now } = transaction;
  const claimed: JobRef[] = [];
  for (const name of queues) {
    const queue = transaction.find(name);
    if (queue === null) continue;
    for (const task of tasks) {
      const pending = sql.all<[job: number, id: string]>(PENDING, queue.number, task, now, limit - claimed.length);
      for (const [job, id] of pending) {
        sql.run("UPDATE superseded SET due = ? WHERE job = ?", now + SUPERSEDED_AGAIN, job);
        claimed.push({ queue: name, id });
      }
    }
  }
  return claimed;
}

const ACKNOWLEDGE = `DELETE FROM superseded WHERE job = (SELECT j.job FROM queues q CROSS JOIN jobs j
  ON j.queue = q.queue AND j.id = ? WHERE q.name = ?)`;

/** Forgets claimed jobs: their application was notified. */
export function acknowledgeSuperseded({ sql }: Transaction, refs: readonly JobRef[]): void {
  for (const { queue, id } of refs) sql.run(ACKNOWLEDGE, id, queue);
}
