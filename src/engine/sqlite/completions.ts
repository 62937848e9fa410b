/**
 * The usual end of a run: the job completes, and neither its tags nor a retention of its own have to be looked after. Those
 * that end together are fenced and moved by one statement, many at a time; what it passes over is settled one by one.
 */
import type { Settlement } from "../contract.js";
import { ACTIVE, lineOf } from "./lines.js";
import type { SqliteQueue } from "./queue.js";
import { inPieces, type SqlRows } from "./rows.js";
import type { Transaction } from "./transaction.js";

const COMPLETED = lineOf("completed");

// What the rows of a statement have in common is bound once: time, epoch, queue, session, first key.
const COMMON = 5;
const COMPLETE: SqlRows = {
  text: (rows) => `WITH ended (id, key, result) AS (VALUES ${rows})
    UPDATE jobs SET line = ${COMPLETED}, key = ended.key, tie = NULL, finished_at = ?1, counted = counted + 1,
    settled = ?2, suspect = 0, result = ended.result FROM ended
    WHERE jobs.queue = ?3 AND jobs.id = ended.id AND jobs.line = ${ACTIVE} AND jobs.session = ?4 AND jobs.epoch = ?2
    AND jobs.tags IS NULL AND jobs.retention IS NULL RETURNING jobs.id`,
  row: (row) => `(?${COMMON + 1 + 2 * row}, ?5 - ${row}, ?${COMMON + 2 + 2 * row})`,
};

/** The completions of different jobs under one epoch that follow each other in a list of settlements. */
export function completionsFrom(settlements: readonly Settlement[], from: number): readonly Settlement[] {
  const epoch = settlements[from]?.epoch;
  const seen = new Set<string>();
  let to = from;
  for (; to < settlements.length; to += 1) {
    const settlement = settlements[to];
    if (settlement?.outcome.kind !== "complete" || settlement.epoch !== epoch || seen.has(settlement.id)) break;
    seen.add(settlement.id);
  }
  return settlements.slice(from, to);
}

/** Completes those that end as usual. Answers which did, and the number among the finished kept for the first of all. */
export function completeUsual(
  { sql, now }: Transaction,
  queue: SqliteQueue,
  session: string,
  group: readonly Settlement[],
): { completed: ReadonlySet<string>; order: number } {
  const completed = new Set<string>();
  const order = queue.finish(group.length);
  const epoch = group[0]?.epoch ?? 0;
  for (const { from, rows, text } of inPieces(COMPLETE, group.length)) {
    const values = group.slice(from, from + rows).flatMap(({ id, outcome }) => {
      return [id, outcome.kind === "complete" ? outcome.result : null];
    });
    const done = sql.all<[id: string]>(text, now, epoch, queue.number, session, -(order + from), ...values);
    for (const [id] of done) completed.add(id);
  }
  queue.count(ACTIVE, -completed.size);
  queue.count(COMPLETED, completed.size);
  for (const { id } of group) if (completed.has(id)) queue.tell({ kind: "state", id, state: "completed" });
  return { completed, order };
}
