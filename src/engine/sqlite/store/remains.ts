/**
 * What is about a removed job alone: how its runs ended, its log, its checkpoints. That can be thousands of rows. Those beyond
 * what a transaction may remove go later, as those of an obliterated queue do (removal/obliterate.ts): until then the row of the
 * job stays under a queue that does not exist, so that no new job gets its number. The same while links of it are left.
 */
import type { Job } from "./job/job.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "./transaction.js";

/** The number of a queue that does not exist: those of queues begin at 1. */
export const NO_QUEUE = 0;

const someOf = (table: string, key: string): string =>
  `DELETE FROM ${table} WHERE job = ? AND ${key} IN (SELECT r.${key} FROM ${table} r WHERE r.job = ? LIMIT ? + 0)`;
const RUNS = someOf("attempts", "epoch");
const LINES = someOf("logs", "number");
const CHECKPOINTS = someOf("checkpoints", "seq");
const NO_STALE_ONES = "DELETE FROM stale_checkpoints WHERE job = ?";

const SET_APART = `UPDATE jobs SET queue = ${NO_QUEUE}, id = job, expire_at = NULL, remove_at = NULL, kept = NULL, linked = 0
  WHERE job = ?`;
const MARK = `INSERT OR IGNORE INTO obliterated (queue, name, flows_after) VALUES (${NO_QUEUE}, '', NULL)`;

const HOLD = `INSERT OR IGNORE INTO jobs
  (job, queue, id, state_code, position, priority, attempts, created_at, run_at, timeout, task)
  VALUES (?, ${NO_QUEUE}, ?, 0, 0, 0, 0, 0, 0, 0, '')`;
const RELEASE = `DELETE FROM jobs WHERE job = ? AND queue = ${NO_QUEUE}
  AND NOT EXISTS (SELECT 1 FROM obliterated WHERE queue = ${NO_QUEUE})`;

/** Keeps the number of a removed job from new ones while its links are there: its messages are left to later transactions. */
export function holdNumber(sql: Sql, job: number): void {
  sql.run(HOLD, job, String(job));
}

/** The last message of a removed job was sent. Where more is left of single jobs, its row goes with that. */
export function releaseNumber(sql: Sql, job: number): void {
  sql.run(RELEASE, job);
}

/** Removes the row of a job and those about it alone, as many as the transaction may. */
export function removeRows(transaction: Transaction, job: Job): void {
  const { sql } = transaction;
  sql.run("DELETE FROM inputs WHERE job = ?", job.job);
  if (removeSome(transaction, job)) {
    sql.run("DELETE FROM jobs WHERE job = ?", job.job);
    return;
  }
  sql.run(SET_APART, job.job);
  sql.run(MARK);
  transaction.leave();
}

/** Returns whether none of what is about it is left. */
function removeSome({ sql, left }: Transaction, job: Job): boolean {
  const parts: readonly (readonly [has: boolean, text: string])[] = [
    [job.epoch > 0 || job.errorEpoch !== null, RUNS],
    [job.logged > 0, LINES],
    [job.checkpointed || job.checkpointsFrom > 0, CHECKPOINTS],
  ];
  for (const [has, text] of parts) {
    if (!has) continue;
    const most = Math.max(left.rows, 0);
    const removed = most === 0 ? 0 : sql.run(text, job.job, job.job, most);
    left.rows -= removed;
    if (removed === most) return false;
  }
  if (job.checkpointsFrom > 0) sql.run(NO_STALE_ONES, job.job);
  return true;
}
