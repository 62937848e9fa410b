/** The events of a queue, recorded only while it is watched. */
import type { QueueEvent } from "../../../model/job/event.js";
import type { WatchAnswer } from "../../contract/engine.js";
import type { Sql } from "../database/sql.js";
import { noteInterest } from "../store/interest.js";
import type { Transaction } from "../store/transaction.js";

/** The events after a cursor; `null` starts at the present. */
export function watch(transaction: Transaction, name: string, cursor: number | null, max: number): WatchAnswer {
  const queue = transaction.find(name);
  if (queue === null) {
    const lapsed = noteInterest(transaction, name);
    // There are no events yet, or they went with the queue when it was obliterated.
    return { events: [], cursor: 0, gap: cursor !== null && (cursor > 0 || lapsed) };
  }
  const lapsed = queue.watchOn();
  if (cursor === null) return { events: [], cursor: queue.sequence, gap: false };
  // The queue was obliterated since: its sequence has started over.
  if (cursor > queue.sequence) return { events: [], cursor: queue.sequence, gap: true };
  const events = transaction.sql
    .all<[event: string]>(
      "SELECT event FROM events WHERE queue = ? AND sequence > ? ORDER BY sequence LIMIT ?",
      queue.number,
      cursor,
      max,
    )
    .map(([event]): QueueEvent => JSON.parse(event));
  const first = events[0]?.seq ?? queue.sequence + 1;
  return { events, cursor: events.at(-1)?.seq ?? Math.max(cursor, first - 1), gap: lapsed || first > cursor + 1 };
}

/** Does a queue have events after a cursor? */
export function hasEvents(sql: Sql, name: string, cursor: number): boolean {
  const row = sql.all<[sequence: number]>("SELECT sequence FROM queues WHERE name = ?", name)[0];
  return (row?.[0] ?? 0) > cursor;
}
