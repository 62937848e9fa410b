/** The end of a job that did not start in time. */
import { loadJob, saveJob } from "./job.js";
import { finish } from "./moves.js";
import type { SqliteQueue } from "./queue.js";
import type { Sql } from "./sql.js";

/** Ends the job of this number as expired. */
export function expire(sql: Sql, queue: SqliteQueue, number: number, now: number): void {
  const job = loadJob(sql, number);
  if (job === null) return;
  finish(queue, job, "expired", now);
  saveJob(sql, job);
}
