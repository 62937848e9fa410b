/**
 * Who watches a queue that does not exist yet: it comes into being with its first job, not by being watched, and its events are
 * recorded from then on.
 */
import { WATCH_INTEREST } from "../../../model/job/event.js";
import type { Transaction } from "./transaction.js";

const LAST = "SELECT until FROM interests WHERE name = ?";
const NOTE = "INSERT OR REPLACE INTO interests (name, until) VALUES (?, ?)";
const FORGET = "DELETE FROM interests WHERE name = ?";
const DROP =
  "DELETE FROM interests WHERE name IN (SELECT name FROM interests WHERE until <= ? ORDER BY until LIMIT ? + 0)";

/** How many notes are dropped at a time. */
const AT_ONCE = 500;

/** Notes that a queue is watched for `WATCH_INTEREST` from now on; returns whether that was not known before. */
export function noteInterest(transaction: Transaction, name: string): boolean {
  const lapsed = !hasInterest(transaction, name);
  transaction.sql.run(NOTE, name, transaction.now + WATCH_INTEREST);
  return lapsed;
}

/** Is the queue noted as watched? */
export function hasInterest({ sql, now }: Transaction, name: string): boolean {
  const [until = 0] = sql.all<[until: number]>(LAST, name)[0] ?? [];
  return until > now;
}

/** Drops the note that a queue is watched. */
export function forgetInterest({ sql }: Transaction, name: string): void {
  sql.run(FORGET, name);
}

/** Drops notes of queues that are not watched any more. */
export function dropInterests({ sql, now }: Transaction): void {
  sql.run(DROP, now, AT_ONCE);
}
