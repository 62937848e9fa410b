/** What commands that wrote documents were answered, for as long as they may be sent again; and the version of the last write. */
import { MOST_TRACES, RESEND_WINDOW } from "../../contract/engine.js";
import { versionAfter } from "../../contract/document-version.js";
import type { Transaction } from "./transaction.js";

type Written = Pick<Transaction, "sql" | "now">;

const ANSWERED = "SELECT answer FROM document_operations WHERE op = ? AND at > ?";
const REMEMBER = "INSERT OR REPLACE INTO document_operations (op, at, answer) VALUES (?, ?, ?)";
const LAST = "SELECT max(number) FROM document_operations";
// The first by number are the oldest: no other is looked at.
const DROP = `DELETE FROM document_operations WHERE number IN (SELECT number FROM
  (SELECT number, at FROM document_operations ORDER BY number LIMIT ? + 0) WHERE at <= ? OR number <= ?)`;

/** How many a write drops: more than it adds. */
const AT_ONCE = 20;
const AT_ONCE_SWEPT = 500;

/** What the command was answered before, as it was remembered. */
export function answered({ sql, now }: Written, op: string): string | null {
  return sql.all<[answer: string]>(ANSWERED, op, now - RESEND_WINDOW)[0]?.[0] ?? null;
}

export function remember({ sql, now }: Written, op: string, answer: string): void {
  sql.run(REMEMBER, op, now, answer);
  drop({ sql, now }, AT_ONCE);
}

/** Drops what has been remembered for long enough; returns whether there may be more than fits into a transaction. */
export function dropDocumentOperations(transaction: Written): boolean {
  return drop(transaction, AT_ONCE_SWEPT) === AT_ONCE_SWEPT;
}

/** Returns how many it dropped. */
function drop({ sql, now }: Written, most: number): number {
  const last = sql.all<[number: number | null]>(LAST)[0]?.[0] ?? null;
  return last === null ? 0 : sql.run(DROP, most, now - RESEND_WINDOW, last - MOST_TRACES);
}

/** The version of the next write. */
export function nextVersion({ sql, now }: Written): number {
  const [last = 0] = sql.all<[last: number]>("SELECT document_version FROM identity")[0] ?? [];
  const version = versionAfter(last, now);
  sql.run("UPDATE identity SET document_version = ?", version);
  return version;
}
