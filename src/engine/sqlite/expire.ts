/** The end of a job that did not start in time. */
import { loadJob, saveJob } from "./job.js";
import { finish } from "./moves.js";
import type { SqliteQueue } from "./queue.js";
import type { Transaction } from "./transaction.js";

/** Ends the job of this number as expired. */
export function expire(transaction: Transaction, queue: SqliteQueue, number: number): void {
  const job = loadJob(transaction.sql, number);
  if (job === null) return;
  finish(transaction, queue, job, "expired");
  saveJob(transaction.sql, job);
}
