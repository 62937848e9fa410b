/** The end of a job that did not start in time. */
import { loadJob, saveJob } from "../store/job.js";
import { finish } from "../store/transitions.js";
import type { SqliteQueue } from "../store/queue.js";
import type { Transaction } from "../store/transaction.js";

/** Ends the job of this number as expired. */
export function expire(transaction: Transaction, queue: SqliteQueue, number: number): void {
  const job = loadJob(transaction.sql, number);
  if (job === null) return;
  finish(transaction, queue, job, "expired");
  saveJob(transaction.sql, job);
}
