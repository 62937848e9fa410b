/**
 * Listings, page by page. A page looks at a bounded number of jobs and queues, and reads a bounded number of bytes, because the
 * process does nothing else meanwhile: long jobs, or a filter that few match, make it short, even empty, and its cursor goes on. A tag that few jobs have is read from the
 * index of tags instead.
 */
import { isListed, namedQueues, requiredTags, type JobFilter } from "../../../../model/job/query/filter.js";
import type { JobState } from "../../../../model/job/state.js";
import type { Params } from "../../../contract/commands.js";
import type { JobPage, ListOrder } from "../../../contract/engine.js";
import {
  compareKeys,
  decodeCursor,
  encodeCursor,
  isReversed,
  listedStates,
  type OrderKey,
} from "../../../shared/listing-order.js";
import type { SqlValue } from "../../database/driver.js";
import type { Sql } from "../../database/sql.js";
import { after, before, FIRST, LAST, type Condition } from "../../store/queue/order.js";
import { readCounts } from "../../store/queue/queue.js";
import { codeOf, codesOf, SECONDARY } from "../../store/queue/state-codes.js";
import { conditionsOf } from "./conditions.js";
import { readRecords, type Fields } from "./job-record.js";
import { countFitting, MOST_READ, weightOf } from "../../store/job/weight.js";
import { IS_OWN } from "../../store/queue/own-queues.js";

/** How many jobs a page with a filter looks at, of each state code. A queue without any counts as ten. */
const MOST_LOOKED_AT = 2_000;
const LOOKS_PER_QUEUE = 10;
/** How many jobs are looked at in one piece: as many as the page has room for at first, then ever more. */
const LARGEST_PIECE = 500;

const NEXT_QUEUES = `SELECT queue, name, counts FROM queues WHERE name >= ? AND ${IS_OWN}
  ORDER BY name LIMIT ${MOST_LOOKED_AT / LOOKS_PER_QUEUE + 1}`;
const NAMED_QUEUES = `SELECT q.queue, q.name, q.counts FROM json_each(?) e CROSS JOIN queues q ON q.name = e.value
  LIMIT ${MOST_LOOKED_AT / LOOKS_PER_QUEUE + 1}`;
type QueueRow = [queue: number, name: string, counts: string];

/** What is listed of one queue. */
interface Listed {
  readonly queue: number;
  readonly counts: readonly number[];
  /** What an index says of them; `null`: nothing, so all are looked at. */
  readonly index: Index | null;
  readonly conditions: Condition;
  readonly order: ListOrder | undefined;
}

/** Few jobs, found by an index: what follows FROM, with conditions. */
interface Index extends Condition {
  /** How many jobs there are in each state, as far as that is known. */
  readonly states: ReadonlyMap<JobState, number> | null;
  readonly total: number;
}

/** A job of the page: its number, its place, and how much there is to read of it. */
interface Entry {
  readonly job: number;
  readonly key: OrderKey;
  readonly weight: number;
}

/** Some jobs of a state. */
interface Piece {
  readonly found: readonly Entry[];
  readonly looked: number;
  /** The last place looked at; `null`: there are no more. */
  readonly last: OrderKey | null;
}

const THESE = `json_each(?) e CROSS JOIN jobs j ON j.job = e.value CROSS JOIN queues q ON q.queue = j.queue`;

/** One page of a listing. */
export function listPage(sql: Sql, params: Params<"listJobs">): JobPage {
  const { entries, next, looked } = choose(sql, params);
  const numbers = JSON.stringify(entries.map(({ job }) => job));
  const jobs = entries.length === 0 ? [] : readRecords(sql, params.fields, THESE, numbers);
  return { jobs, cursor: next, looked: Math.max(looked, jobs.length) };
}

/** The jobs of a page, in order, where the next one begins, and how many were looked at. */
interface Choice {
  readonly entries: readonly Entry[];
  readonly next: string | null;
  readonly looked: number;
}

function choose(sql: Sql, { filter, cursor, limit, fields, order }: Params<"listJobs">): Choice {
  const resume = cursor === null ? null : decodeCursor(cursor);
  const states = listedStates(filter);
  const [first] = states;
  if (first === undefined) return { entries: [], next: null, looked: 0 };
  const entries: Entry[] = [];
  let looked = 0;
  let room = MOST_READ;
  for (const [queue, name, counts] of queuesOf(sql, filter, resume?.queue ?? "")) {
    // The cursor is a place where nothing was looked at yet, never the end of what was: that would be looked at again.
    if (looked >= MOST_LOOKED_AT) {
      const key = isReversed(first, order) ? LAST : FIRST;
      return { entries, next: encodeCursor({ queue: name, state: first, key }), looked };
    }
    looked += LOOKS_PER_QUEUE;
    if (!isListed(name, filter)) continue;
    const index = indexFor(sql, queue, filter);
    const listed = { queue, counts: readCounts(counts), index, conditions: conditionsOf(filter, name), order };
    const from = resume?.queue === name ? resume : null;
    const rest = from === null ? states : states.filter((state) => codeOf(state) >= codeOf(from.state));
    for (const state of rest) {
      if (!mayHave(listed, state)) continue;
      let key: OrderKey | null = from?.state === state ? from.key : isReversed(state, order) ? LAST : FIRST;
      for (let size = limit - entries.length; key !== null; size *= 2) {
        if (looked >= MOST_LOOKED_AT) return { entries, next: encodeCursor({ queue: name, state, key }), looked };
        const pieceSize = { size: Math.min(size, LARGEST_PIECE), room: limit - entries.length, fields };
        const piece = pieceOf(sql, listed, state, key, pieceSize);
        const weights = piece.found.map(({ weight }) => weight);
        const fitting = piece.found.slice(0, Math.max(countFitting(weights, room), entries.length === 0 ? 1 : 0));
        entries.push(...fitting);
        looked += piece.looked;
        room -= fitting.reduce((sum, { weight }) => sum + weight, 0);
        const last = fitting.at(-1);
        if (fitting.length < piece.found.length || (last !== undefined && entries.length >= limit)) {
          return { entries, next: encodeCursor({ queue: name, state, key: last?.key ?? key }), looked };
        }
        key = piece.last;
      }
    }
  }
  return { entries, next: null, looked };
}

function queuesOf(sql: Sql, filter: JobFilter, from: string): QueueRow[] {
  const named = namedQueues(filter);
  if (named === null) return sql.all<QueueRow>(NEXT_QUEUES, from);
  const rest = named.filter((name) => name >= from);
  return sql.all<QueueRow>(NAMED_QUEUES, JSON.stringify(rest));
}

const OF_TAG = "tags t CROSS JOIN jobs j ON j.job = t.job WHERE t.queue = ? AND t.tag = ?";
const OF_FINGERPRINT = `attempts a CROSS JOIN jobs j ON j.job = a.job
  WHERE a.fingerprint = ? AND a.epoch = j.error_epoch AND j.queue = ?`;
const COUNT_FINGERPRINT = `SELECT count(*) FROM (SELECT 1 FROM attempts WHERE fingerprint = ? LIMIT ${MOST_LOOKED_AT + 1})`;

/** The index that has the fewest jobs of those that match, if they are few. */
function indexFor(sql: Sql, queue: number, filter: JobFilter): Index | null {
  const indexes = requiredTags(filter).map((tag) => indexOfTag(sql, queue, tag));
  const [rarest] = indexes.toSorted((a, b) => a.total - b.total);
  if (rarest !== undefined && rarest.total <= MOST_LOOKED_AT) return rarest;
  const { fingerprint } = filter;
  if (fingerprint === undefined) return null;
  const total = sql.all<[jobs: number]>(COUNT_FINGERPRINT, fingerprint)[0]?.[0] ?? 0;
  return total > MOST_LOOKED_AT ? null : { text: OF_FINGERPRINT, values: [fingerprint, queue], states: null, total };
}

function indexOfTag(sql: Sql, queue: number, tag: string): Index {
  const totals = "SELECT state, jobs FROM tag_totals WHERE queue = ? AND tag = ?";
  const states = new Map(sql.all<[state: JobState, jobs: number]>(totals, queue, tag));
  const total = [...states.values()].reduce((sum, jobs) => sum + jobs, 0);
  return { text: OF_TAG, values: [queue, tag], states, total };
}

function mayHave({ counts, index }: Listed, state: JobState): boolean {
  if (index !== null && index.states !== null && (index.states.get(state) ?? 0) === 0) return false;
  return codesOf(state).some((code) => (counts[code] ?? 0) > 0);
}

/** How many jobs to look at, and how many the page has room for. */
interface PieceSize {
  readonly size: number;
  readonly room: number;
  readonly fields: Fields;
}

function pieceOf(sql: Sql, listed: Listed, state: JobState, from: OrderKey, size: PieceSize): Piece {
  const { index } = listed;
  return index === null
    ? orderedPiece(sql, listed, state, from, size)
    : indexedPiece(sql, { ...listed, index }, state, from, size);
}

/** Of the jobs that an index has, those in a state, after a key: the keys of all of them are sorted. */
function indexedPiece(
  sql: Sql,
  { index, conditions, order }: Listed & { readonly index: Index },
  state: JobState,
  [position, id]: OrderKey,
  { room, fields }: PieceSize,
): Piece {
  const reversed = isReversed(state, order);
  const [beyond, direction] = reversed ? ["<", "DESC"] : [">", ""];
  const chosen = `SELECT j.job FROM ${index.text} AND j.state_code % ${SECONDARY} = ?
    AND (j.position ${beyond} ? OR (j.position = ? AND coalesce(j.tiebreak, j.id) ${beyond} ?))${conditions.text}
    ORDER BY j.position ${direction}, coalesce(j.tiebreak, j.id) ${direction} LIMIT ? + 0`;
  const values = [...index.values, codeOf(state), position, position, id, ...conditions.values, room];
  const found = inOrder(entriesOf(sql, fields, chosen, values), reversed);
  const last = found.length < room ? undefined : found.at(-1);
  return { found, looked: index.total, last: last === undefined ? null : last.key };
}

/** Of the jobs of a state, as they are in the index of positions, `size` of each code. */
function orderedPiece(
  sql: Sql,
  { queue, counts, conditions, order }: Listed,
  state: JobState,
  from: OrderKey,
  { size, room, fields }: PieceSize,
): Piece {
  const { text, values } = conditions;
  const reversed = isReversed(state, order);
  const codes = codesOf(state).filter((code) => (counts[code] ?? 0) > 0);
  const ends = codes.flatMap((code) => keyAt(sql, queue, code, from, size, reversed));
  const [end = null] = ends.toSorted((a, b) => (reversed ? compareKeys(b, a) : compareKeys(a, b)));
  const found = codes.flatMap((code) => {
    const range = reversed ? before(code, from) : after(code, from);
    const next = `SELECT j.job FROM jobs j WHERE j.queue = ? AND j.state_code = ? + 0 AND ${range.text}
      ORDER BY ${orderBy(reversed)} LIMIT ? + 0`;
    return entriesOf(sql, fields, next, [queue, code, ...range.values, size, ...values], text);
  });
  const upTo = (key: OrderKey): boolean =>
    end === null || (reversed ? compareKeys(key, end) >= 0 : compareKeys(key, end) <= 0);
  return {
    found: inOrder(
      found.filter(({ key }) => upTo(key)),
      reversed,
    ).slice(0, room),
    // Without a filter what is looked at is listed, and bounded by that.
    looked: text === "" ? 0 : codes.reduce((sum, code) => sum + Math.min(size, counts[code] ?? 0), 0),
    last: end,
  };
}

function orderBy(reversed: boolean): string {
  return reversed ? "j.position DESC, j.tiebreak DESC" : "j.position, j.tiebreak";
}

function inOrder(entries: readonly Entry[], reversed: boolean): Entry[] {
  return entries.toSorted((a, b) => (reversed ? compareKeys(b.key, a.key) : compareKeys(a.key, b.key)));
}

/** The key of the job `steps` after a key, of those with a code; `reversed`: before it. Empty: there are not so many. */
export function keyAt(
  sql: Sql,
  queue: number,
  code: number,
  from: OrderKey,
  steps: number,
  reversed = false,
): OrderKey[] {
  const { text, values } = reversed ? before(code, from) : after(code, from);
  const statement = `SELECT j.position, coalesce(j.tiebreak, j.id) FROM jobs j
    WHERE j.queue = ? AND j.state_code = ? + 0 AND ${text} ORDER BY ${orderBy(reversed)} LIMIT 1 OFFSET ?`;
  return sql.all<[position: number, id: string]>(statement, queue, code, ...values, steps - 1);
}

type EntryRow = [job: number, position: number, id: string, weight: number];

/** The jobs that a statement chooses, by conditions. */
function entriesOf(sql: Sql, fields: Fields, chosen: string, values: readonly SqlValue[], conditions = ""): Entry[] {
  const rows = sql.all<EntryRow>(
    `SELECT j.job, j.position, j.id, ${weightOf(fields)} FROM (${chosen}) c CROSS JOIN jobs j ON j.job = c.job WHERE true${conditions}`,
    ...values,
  );
  return rows.map(([job, position, id, weight]): Entry => ({ job, key: [position, id], weight }));
}
