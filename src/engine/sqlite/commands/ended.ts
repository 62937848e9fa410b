/** Jobs that ended without a run, and whose application is to be notified by a worker. */
import { ENDED_AGAIN, type JobRef } from "../../../model/job/job.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "../store/transaction.js";

const PENDING = "SELECT job, id FROM ended WHERE queue = ? AND task = ? AND due <= ? ORDER BY id LIMIT ? + 0";

const ANY = "SELECT 1 FROM queues q CROSS JOIN ended e ON e.queue = q.queue WHERE q.name = ? LIMIT 1";
const OF_TASK = `SELECT 1 FROM queues q CROSS JOIN ended e ON e.queue = q.queue AND e.task = ? AND e.due <= ?
  WHERE q.name = ? LIMIT 1`;

/** Are there any of these tasks to be claimed? Mostly a queue has none at all, so that is asked first. */
export function hasEnded(sql: Sql, queue: string, tasks: readonly string[], now: number): boolean {
  if (tasks.length === 0 || sql.all(ANY, queue).length === 0) return false;
  return tasks.some((task) => sql.all(OF_TASK, task, now, queue).length > 0);
}

/** Claims some of them, by task and id. */
export function claimEnded(
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
        sql.run("UPDATE ended SET due = ? WHERE job = ?", now + ENDED_AGAIN, job);
        claimed.push({ queue: name, id });
      }
    }
  }
  return claimed;
}

const ACKNOWLEDGE = `DELETE FROM ended WHERE job = (SELECT j.job FROM queues q CROSS JOIN jobs j
  ON j.queue = q.queue AND j.id = ? WHERE q.name = ?)`;

/** Forgets claimed jobs: their application was notified. */
export function acknowledgeEnded({ sql }: Transaction, refs: readonly JobRef[]): void {
  for (const { queue, id } of refs) sql.run(ACKNOWLEDGE, id, queue);
}
