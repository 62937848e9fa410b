/** Removes what is left of an obliterated queue without its jobs: sessions, keys, tags, events, schedules. */
import { TABLES } from "../database/schema.js";
import { leaveQueue, sessionsIn } from "../commands/workers/sessions.js";
import type { Transaction } from "../store/transaction.js";
import type { Obliterated } from "./obliterated.js";
import { someOf } from "./remove-jobs.js";

const REST = Object.entries(TABLES.ofQueues).map(([table, key]) => someOf(table, key, "queue = ?"));

/** Removes rows, as many as the transaction may; returns whether that was all. */
export function removeRest({ sql, left }: Transaction, queue: Obliterated): boolean {
  const sessions = sessionsIn(sql, queue, Math.max(left.rows, 1));
  for (const session of sessions) leaveQueue(sql, session, queue);
  left.rows -= sessions.length;
  for (const text of REST) {
    if (left.rows <= 0) return false;
    const most = left.rows;
    const removed = sql.run(text, queue.number, most);
    left.rows -= removed;
    if (removed === most) return false;
  }
  return true;
}
