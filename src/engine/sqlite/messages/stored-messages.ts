/**
 * What a transaction leaves of its messages: those that it has no room for, and jobs that have more to send. Both are rows,
 * written in the same transaction, so that the next transaction delivers them: of this process at once, or a sweep of any.
 */
import { readObject } from "../../../model/value/strict.js";
import type { Message } from "../../shared/relay.js";
import type { Sql } from "../database/sql.js";
import { holdNumber } from "../store/remains.js";
import type { OutboxCursor, Transaction } from "../store/transaction.js";

const KEEP_MESSAGE = "INSERT INTO messages (message) VALUES (?)";
const FIRST_MESSAGES = "SELECT number, message FROM messages ORDER BY number LIMIT ? + 0";
const KEEP_MARK = "INSERT OR REPLACE INTO outbox (number, job, queue, id, cursor) VALUES (?, ?, ?, ?, ?)";
const FIRST_MARKS = "SELECT number, job, queue, id, cursor FROM outbox ORDER BY number LIMIT ? + 0";

type MarkRow = [number: number, job: number, queue: string, id: string, cursor: string | null];

/** Leaves messages to the next transaction. */
export function leaveMessages(transaction: Transaction, messages: readonly Message[]): void {
  if (messages.length === 0) return;
  for (const message of messages) transaction.sql.run(KEEP_MESSAGE, JSON.stringify(message));
  transaction.leave();
}

/** Leaves the jobs that still have something to send. */
export function leaveMarks(transaction: Transaction): void {
  const { sql } = transaction;
  const marks = transaction
    .pendingQueues()
    .flatMap((queue) => [...transaction.marksOf(queue)].map(([job, mark]) => ({ queue, job, ...mark })));
  // Those that have a place keep it; the others come after them.
  const inOrder = [...marks.filter(({ number }) => number !== null), ...marks.filter(({ number }) => number === null)];
  for (const { number, job, queue, id, cursor } of inOrder) {
    sql.run(KEEP_MARK, number, job, queue, id, cursor === null ? null : JSON.stringify(cursor));
    holdNumber(sql, job);
    transaction.marksOf(queue).delete(job);
    transaction.leave();
  }
}

/** Takes the first messages, as many as the transaction has room for. */
export function takeMessages({ sql, left }: Transaction): Message[] {
  const rows = sql.all<[number: number, message: string]>(FIRST_MESSAGES, left.messages);
  const last = rows.at(-1);
  if (last !== undefined) sql.run("DELETE FROM messages WHERE number <= ?", last[0]);
  return rows.flatMap(([, text]) => decode(text) ?? []);
}

/** Takes the first jobs that have something to send into the outbox of the transaction. */
export function takeMarks(transaction: Transaction, most: number): void {
  const { sql } = transaction;
  for (const [number, job, queue, id, cursor] of sql.all<MarkRow>(FIRST_MARKS, most)) {
    transaction.marksOf(queue).set(job, { id, cursor: decodeCursor(cursor), number });
    transaction.changed(queue);
    sql.run("DELETE FROM outbox WHERE number = ?", number);
  }
}

/** Is anything left? */
export function hasStored(sql: Sql): boolean {
  return sql.all("SELECT 1 WHERE EXISTS (SELECT 1 FROM messages) OR EXISTS (SELECT 1 FROM outbox)").length > 0;
}

/** A message that cannot be decoded is dropped: the audit of jobs that wait for long asks again. */
function decode(text: string): Message | null {
  try {
    const { kind, to, from } = readObject("message", JSON.parse(text));
    readObject("to", to);
    readObject("from", from);
    return typeof kind === "string" ? (JSON.parse(text) as Message) : null;
  } catch {
    return null;
  }
}

function decodeCursor(text: string | null): OutboxCursor | null {
  try {
    return text === null ? null : (JSON.parse(text) as OutboxCursor);
  } catch {
    return null;
  }
}
