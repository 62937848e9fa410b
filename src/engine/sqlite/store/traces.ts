/** Traces of removed jobs (shared/trace.ts). */
import { MOST_TRACES, RESEND_WINDOW } from "../../contract/engine.js";
import { withOperation } from "../../shared/operations.js";
import { leavesTrace, type Trace } from "../../shared/trace.js";
import type { Sql } from "../database/sql.js";
import type { Job } from "./job/job.js";
import type { SqliteQueue } from "./queue/queue.js";
import { stateOf } from "./queue/state-codes.js";
import type { Transaction } from "./transaction.js";

const LEAVE = `INSERT OR REPLACE INTO traces (queue, id, at, state_code, nonce, operations)
  SELECT queue, id, ?, state_code, nonce, ? FROM jobs WHERE job = ?`;
const FIND = `SELECT t.id, t.at, t.state_code, t.nonce, t.operations FROM json_each(?) e
  CROSS JOIN traces t ON t.queue = ? AND t.id = e.value WHERE t.at > ?`;
const DROP = `DELETE FROM traces WHERE (queue, id) IN (
  SELECT queue, id FROM traces WHERE queue = ? AND at <= ? ORDER BY at LIMIT ? + 0)`;
const SURPLUS = `SELECT at FROM traces WHERE queue = ? ORDER BY at DESC LIMIT 1 OFFSET ${MOST_TRACES}`;

/** How many traces one transaction drops. */
const AT_ONCE = 1_000;

/** Leaves the trace of a job that is removed, by the command `op` if it is not `null`. Its row is still there. */
export function leaveTrace(transaction: Transaction, queue: SqliteQueue, job: Job, op: string | null): void {
  const { sql, now } = transaction;
  if (!leavesTrace(job.createdAt, op, now)) return;
  const operations = op === null ? job.op : withOperation(job.op, op);
  sql.run(LEAVE, now, operations, job.job);
  if (queue.tracedUntil(now + RESEND_WINDOW)) dropTraces(transaction, queue);
}

/** The traces of some jobs, by id. A queue that has none is not asked. */
export function tracesOf(
  { sql, now }: Transaction,
  queue: SqliteQueue,
  ids: readonly string[],
): ReadonlyMap<string, Trace> {
  if (queue.traced <= now) return NONE;
  type Row = [id: string, at: number, stateCode: number, nonce: string | null, operations: string | null];
  const rows = sql.all<Row>(FIND, JSON.stringify(ids), queue.number, now - RESEND_WINDOW);
  return new Map(
    rows.map(([id, at, stateCode, nonce, operations]) => [id, { at, state: stateOf(stateCode), nonce, operations }]),
  );
}

const NONE: ReadonlyMap<string, Trace> = new Map();

/** Drops traces that are old, or too many; of very many some. */
export function dropTraces({ sql, now }: Pick<Transaction, "sql" | "now">, queue: SqliteQueue): void {
  if (queue.traced === 0) return;
  const old = now - RESEND_WINDOW;
  sql.run(DROP, queue.number, Math.max(old, surplusOf(sql, queue) ?? old), AT_ONCE);
  if (queue.traced <= now && isEmpty(sql, queue)) queue.tracedUntil(0);
}

/** When the latest of those was left that are too many; `null` if none is. */
function surplusOf(sql: Sql, queue: SqliteQueue): number | null {
  return sql.all<[at: number]>(SURPLUS, queue.number)[0]?.[0] ?? null;
}

function isEmpty(sql: Sql, queue: SqliteQueue): boolean {
  return sql.all("SELECT 1 FROM traces WHERE queue = ? LIMIT 1", queue.number).length === 0;
}
