/** The events of a queue, recorded only while it is watched. */
import { MOST_EVENT_TEXT, RENEW_INTEREST_BELOW, type QueueEvent } from "../../../model/job/event.js";
import type { QueueCursor, WatchAnswer } from "../../contract/engine.js";
import type { Sql } from "../database/sql.js";
import { hasInterest, noteInterest } from "../store/interest.js";
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
  const events = eventsAfter(transaction.sql, queue.number, cursor, max);
  const first = events[0]?.seq ?? queue.sequence + 1;
  return { events, cursor: events.at(-1)?.seq ?? Math.max(cursor, first - 1), gap: lapsed || first > cursor + 1 };
}

const AFTER = "SELECT event FROM events WHERE queue = ? AND sequence > ? ORDER BY sequence LIMIT ? + 0";
/** How many events are read at a time: a milestone may be long. */
const AT_ONCE = 50;

/** The events after a number, until they are long enough. */
function eventsAfter(sql: Sql, queue: number, cursor: number, max: number): QueueEvent[] {
  const events: QueueEvent[] = [];
  let length = 0;
  for (let more = true; more;) {
    const size = Math.min(AT_ONCE, max - events.length);
    const texts = sql.all<[event: string]>(AFTER, queue, cursor + events.length, size);
    more = texts.length === size && events.length + size < max;
    for (const [text] of texts) {
      length += text.length;
      if (length > MOST_EVENT_TEXT && events.length > 0) return events;
      events.push(JSON.parse(text));
    }
  }
  return events;
}

const READY = `SELECT e.value ->> 'queue' FROM json_each(?) e LEFT JOIN queues q ON q.name = e.value ->> 'queue'
  LEFT JOIN interests i ON i.name = e.value ->> 'queue'
  WHERE coalesce(q.sequence, 0) <> e.value ->> 'cursor' OR coalesce(q.interest, i.until, 0) <= ?`;

/** Which of the queues have events after their cursors, were obliterated, or record none any more. */
export function withEvents(sql: Sql, queues: readonly QueueCursor[], now: number): string[] {
  return sql.all<[name: string]>(READY, JSON.stringify(queues), now).map(([name]) => name);
}

const LAPSING = `SELECT e.value ->> 'queue' FROM json_each(?) e LEFT JOIN queues q ON q.name = e.value ->> 'queue'
  LEFT JOIN interests i ON i.name = e.value ->> 'queue'
  WHERE coalesce(q.interest, i.until, 0) > ? AND coalesce(q.interest, i.until, 0) < ?`;

/** Those that soon record none any more. */
export function lapsing(sql: Sql, queues: readonly QueueCursor[], now: number): string[] {
  const soon = now + RENEW_INTEREST_BELOW;
  return sql.all<[name: string]>(LAPSING, JSON.stringify(queues), now, soon).map(([name]) => name);
}

/** Records events of these queues for `WATCH_INTEREST` from now on, where they are recorded still. */
export function renewInterests(transaction: Transaction, names: readonly string[]): void {
  for (const name of names) {
    const queue = transaction.find(name);
    if (queue === null) {
      if (hasInterest(transaction, name)) noteInterest(transaction, name);
    } else if (queue.watched) {
      queue.watchOn();
    }
  }
}
