/** Samples of queues by the sweep, and reading series and totals. */
import {
  addSamples,
  addSample,
  noSamples,
  packSamples,
  unpackSamples,
  type Samples,
} from "../../../model/series/sample.js";
import {
  HOURS_KEPT,
  MINUTES_KEPT,
  type SeriesAnswer,
  type SeriesQuery,
  type TotalRow,
  type TotalsQuery,
} from "../../contract/worker/series.js";
import { PRIORITY_STEP } from "../../shared/listing-order.js";
import {
  HOUR,
  MINUTE,
  MOST_SAMPLED,
  SeriesCollector,
  slotsOf,
  TotalsCollector,
  type SlotRange,
} from "../../shared/series.js";
import type { Sql } from "../database/sql.js";
import type { SqliteQueue } from "../store/queue/queue.js";
import { ACTIVE, QUEUED } from "../store/queue/state-codes.js";
import { foldTallies, hasTallies, parsed } from "../store/queue/tallies.js";
import type { Transaction } from "../store/transaction.js";
import { isReserved } from "../../../model/value/name.js";

/** Samples are rows of the series without a task and an outcome. */
const SAMPLE = "SELECT figures FROM series WHERE queue = ? AND width = ? AND slot = ? AND task = '' AND outcome = ''";
const PUT_SAMPLE = `INSERT OR REPLACE INTO series (queue, width, slot, task, outcome, figures) VALUES (?, ?, ?, '', '', ?)`;
const DROP = `DELETE FROM series WHERE (queue, width, slot, task, outcome) IN (
  SELECT queue, width, slot, task, outcome FROM series WHERE queue = ? AND width = ? AND slot <= ? LIMIT ? + 0)`;

/** How many rows one call drops, and reads. */
const MOST_ROWS = 1_000;

/** Takes a sample of a queue in which anything waits or runs, unless there is one of this minute. */
export function sampleQueue({ sql, now }: Transaction, queue: SqliteQueue, queued: number, active: number): void {
  if (queued + active === 0) return;
  const minute = Math.floor(now / MINUTE);
  if (sql.all(SAMPLE, queue.number, MINUTE, minute).length > 0) return;
  const sample = noSamples();
  addSample(sample, { depth: queued, oldest: oldestIn(sql, queue, now), active, busy: busyIn(sql, queue) });
  for (const width of [MINUTE, HOUR]) {
    const slot = Math.floor(now / width);
    const samples: Samples = unpackSamples(
      parsed(sql.all<[figures: string]>(SAMPLE, queue.number, width, slot)[0]?.[0]),
    );
    addSamples(samples, sample);
    sql.run(PUT_SAMPLE, queue.number, width, slot, JSON.stringify(packSamples(samples)));
  }
}

/** Drops what is not kept any more, in the first minute of each hour; of very much some. */
export function trimSeries({ sql, now }: Transaction, queue: SqliteQueue): void {
  if (now % HOUR >= MINUTE) return;
  for (const [width, kept] of [
    [MINUTE, MINUTES_KEPT],
    [HOUR, HOURS_KEPT],
  ] as const) {
    sql.run(DROP, queue.number, width, Math.floor(now / width) - kept, MOST_ROWS);
  }
}

const HEAD = `SELECT priority, run_at FROM jobs WHERE queue = ? AND state_code = ${QUEUED} ORDER BY position, tiebreak LIMIT 1`;
const TAIL = `SELECT priority, run_at FROM jobs WHERE queue = ? AND state_code = ${QUEUED}
  ORDER BY position DESC, tiebreak DESC LIMIT 1`;
const FIRST_OF = `SELECT priority, run_at FROM jobs WHERE queue = ? AND state_code = ${QUEUED} AND position >= ?
  ORDER BY position, tiebreak LIMIT 1`;

type Waiting = [priority: number, runAt: number];

function oldestIn(sql: Sql, { number }: SqliteQueue, now: number): number {
  const [tail] = sql.all<Waiting>(TAIL, number);
  if (tail === undefined) return 0;
  const firsts = [sql.all<Waiting>(HEAD, number), sql.all<Waiting>(FIRST_OF, number, (tail[0] - 0.5) * PRIORITY_STEP)];
  return Math.max(0, ...firsts.flat().map(([, runAt]) => now - runAt));
}

const SESSIONS = `SELECT l.session, json_extract(s.worker, '$.concurrency') FROM lives l JOIN sessions s ON s.session = l.session
  WHERE l.queue = ? LIMIT ${MOST_SAMPLED}`;
const HELD = `SELECT count(*) FROM (
  SELECT 1 FROM jobs WHERE queue = ? AND state_code = ${ACTIVE} AND session = ? LIMIT ? + 0)`;

function busyIn(sql: Sql, { number }: SqliteQueue): number {
  return sql
    .all<[session: string, slots: number | null]>(SESSIONS, number)
    .map(
      ([session, slots]) =>
        sql.all<[held: number]>(HELD, number, session, Math.max(0, Math.trunc(slots ?? 0)))[0]?.[0] ?? 0,
    )
    .reduce((sum, held) => sum + held, 0);
}

/** The number of a queue and its name. */
export type NamedQueue = readonly [number: number, name: string];

/** The queues that a query asks for. */
export function queuesOf(sql: Sql, { queues }: TotalsQuery): NamedQueue[] {
  const all = sql.all<[number: number, name: string]>("SELECT queue, name FROM queues ORDER BY name");
  return all.filter(([, name]) => queues?.includes(name) ?? !isReserved(name));
}

type Place = readonly [slot: number, task: string, outcome: string];

const ROWS = `SELECT slot, task, outcome, figures FROM series
  WHERE queue = ? AND width = ? AND (slot, task, outcome) > (?, ?, ?) AND slot <= ? ORDER BY slot, task, outcome LIMIT ${MOST_ROWS}`;

/** Reads rows of a queue after a place; returns that of the last one, `null` when there are no more. */
function readSome(
  sql: Sql,
  [number, name]: NamedQueue,
  { width, last }: SlotRange,
  after: Place,
  collector: SeriesCollector,
): Place | null {
  type Row = [slot: number, task: string, outcome: string, figures: string];
  const rows = sql.all<Row>(ROWS, number, width, ...after, last);
  for (const [slot, task, letter, figures] of rows) {
    if (letter === "") collector.sample(name, slot, unpackSamples(parsed(figures)));
    else collector.add(name, slot, task, letter, parsed(figures));
  }
  const end = rows.at(-1);
  return rows.length < MOST_ROWS || end === undefined ? null : [end[0], end[1], end[2]];
}

/** What reading needs of the engine. `read` runs a query; `fold` adds up what waits in these queues. */
export interface SeriesAccess {
  readonly read: <T>(query: (sql: Sql) => T) => Promise<T>;
  readonly fold: (queues: readonly NamedQueue[]) => Promise<void>;
}

/** `read` and `write` run a query, and a command in a transaction. A queue in which nothing waits is only looked at. */
export function seriesAccess(
  read: SeriesAccess["read"],
  write: <T>(command: (transaction: Transaction) => T) => Promise<T>,
): SeriesAccess {
  const fold = async (queues: readonly NamedQueue[]): Promise<void> => {
    const having = await read((sql) => queues.filter(([number]) => hasTallies(sql, number)));
    for (const [number] of having) {
      for (let more = true; more;) more = await write(({ sql }) => foldTallies(sql, number));
    }
  };
  return { read, fold };
}

/** Answers a query, in as many reads as it takes. */
export async function readSeries({ read, fold }: SeriesAccess, query: SeriesQuery, now: number): Promise<SeriesAnswer> {
  const range = slotsOf(query, now);
  const collector = new SeriesCollector(query, range);
  const queues = await read((sql) => queuesOf(sql, query));
  await fold(queues);
  for (const queue of queues) {
    // No row is at this place: the samples of a slot, its first row, have neither task nor outcome.
    let after: Place | null = [range.first - 1, "\u{10FFFF}", ""];
    while (after !== null) {
      const from: Place = after;
      after = await read((sql) => readSome(sql, queue, range, from, collector));
    }
  }
  return collector.answer();
}

export async function readTotals({ read, fold }: SeriesAccess, query: TotalsQuery): Promise<TotalRow[]> {
  const collector = new TotalsCollector(query);
  const queues = await read((sql) => queuesOf(sql, query));
  await fold(queues);
  for (const [number, name] of queues) {
    const rows = await read((sql) => {
      const all = "SELECT task, outcome, figures FROM totals WHERE queue = ? ORDER BY task, outcome";
      return sql.all<[task: string, outcome: string, figures: string]>(all, number);
    });
    for (const [task, letter, figures] of rows) collector.add(name, task, letter, parsed(figures));
  }
  return collector.answer();
}
