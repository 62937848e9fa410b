/**
 * Listings, page by page. A page looks at a bounded number of jobs and queues, and reads a bounded number of bytes, because the
 * process does nothing else meanwhile: long jobs, or a filter that few match, make it short, even empty, and its cursor goes on. A tag that few jobs have is read from the
 * index of tags instead.
 */
import type { JobFilter } from "../../../model/job/filter.js";
import type { JobState } from "../../../model/job/state.js";
import type { Params } from "../../contract/commands.js";
import type { JobPage } from "../../contract/engine.js";
import { compareKeys, decodeCursor, encodeCursor, listedStates, type OrderKey } from "../../shared/listing-order.js";
import type { SqlValue } from "../database/driver.js";
import type { Sql } from "../database/sql.js";
import { after, FIRST } from "../store/order.js";
import { readCounts } from "../store/queue.js";
import { codeOf, codesOf, SECONDARY } from "../store/state-codes.js";
import { readRecords, type Fields } from "./job-record.js";
import { countFitting, MOST_READ, weightOf } from "../store/weight.js";

/** How many jobs a page with a filter looks at, of each state code. A queue without any counts as ten. */
const MOST_LOOKED_AT = 2_000;
const LOOKS_PER_QUEUE = 10;
/** How many jobs are looked at in one piece: as many as the page has room for at first, then ever more. */
const LARGEST_PIECE = 500;

const NEXT_QUEUES = `SELECT queue, name, counts FROM queues WHERE name >= ?
  ORDER BY name LIMIT ${MOST_LOOKED_AT / LOOKS_PER_QUEUE + 1}`;
const ONE_QUEUE = "SELECT queue, name, counts FROM queues WHERE name = ?";
type QueueRow = [queue: number, name: string, counts: string];

/** What is listed of one queue. */
interface Listed {
  readonly queue: number;
  readonly counts: readonly number[];
  /** How many jobs have the tag of the filter, in each state; `null`: it has none. */
  readonly tagged: ReadonlyMap<JobState, number> | null;
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
export function listPage(sql: Sql, { filter, cursor, limit, fields }: Params<"listJobs">): JobPage {
  const { entries, next } = choose(sql, filter, cursor, { limit, fields });
  const numbers = JSON.stringify(entries.map(({ job }) => job));
  return { jobs: entries.length === 0 ? [] : readRecords(sql, fields, THESE, numbers), cursor: next };
}

/** How much a page may have. */
interface PageSize {
  readonly limit: number;
  readonly fields: Fields;
}

/** The jobs of a page, in order, and where the next one begins. */
function choose(
  sql: Sql,
  filter: JobFilter,
  cursor: string | null,
  { limit, fields }: PageSize,
): { readonly entries: readonly Entry[]; readonly next: string | null } {
  const resume = cursor === null ? null : decodeCursor(cursor);
  const states = listedStates(filter);
  const [first] = states;
  if (first === undefined) return { entries: [], next: null };
  const entries: Entry[] = [];
  let looked = 0;
  let room = MOST_READ;
  for (const [queue, name, counts] of queuesOf(sql, filter, resume?.queue ?? "")) {
    // The cursor is a place where nothing was looked at yet, never the end of what was: that would be looked at again.
    if (looked >= MOST_LOOKED_AT) return { entries, next: encodeCursor({ queue: name, state: first, key: FIRST }) };
    looked += LOOKS_PER_QUEUE;
    const listed = { queue, counts: readCounts(counts), tagged: taggedIn(sql, queue, filter) };
    const from = resume?.queue === name ? resume : null;
    const rest = from === null ? states : states.filter((state) => codeOf(state) >= codeOf(from.state));
    for (const state of rest) {
      if (!mayHave(listed, state)) continue;
      let key: OrderKey | null = from?.state === state ? from.key : FIRST;
      for (let size = limit - entries.length; key !== null; size *= 2) {
        if (looked >= MOST_LOOKED_AT) return { entries, next: encodeCursor({ queue: name, state, key }) };
        const pieceSize = { size: Math.min(size, LARGEST_PIECE), room: limit - entries.length, fields };
        const piece = pieceOf(sql, listed, state, key, filter, pieceSize);
        const weights = piece.found.map(({ weight }) => weight);
        const fitting = piece.found.slice(0, Math.max(countFitting(weights, room), entries.length === 0 ? 1 : 0));
        entries.push(...fitting);
        looked += piece.looked;
        room -= fitting.reduce((sum, { weight }) => sum + weight, 0);
        const last = fitting.at(-1);
        if (fitting.length < piece.found.length || (last !== undefined && entries.length >= limit)) {
          return { entries, next: encodeCursor({ queue: name, state, key: last?.key ?? key }) };
        }
        key = piece.last;
      }
    }
  }
  return { entries, next: null };
}

function queuesOf(sql: Sql, { queue }: JobFilter, from: string): QueueRow[] {
  if (queue === undefined) return sql.all<QueueRow>(NEXT_QUEUES, from);
  return queue < from ? [] : sql.all<QueueRow>(ONE_QUEUE, queue);
}

function taggedIn(sql: Sql, queue: number, { tag }: JobFilter): Listed["tagged"] {
  if (tag === undefined) return null;
  const totals = "SELECT state, jobs FROM tag_totals WHERE queue = ? AND tag = ?";
  return new Map(sql.all<[state: JobState, jobs: number]>(totals, queue, tag));
}

function mayHave({ counts, tagged }: Listed, state: JobState): boolean {
  if (tagged !== null && (tagged.get(state) ?? 0) === 0) return false;
  return codesOf(state).some((code) => (counts[code] ?? 0) > 0);
}

/** How many jobs to look at, and how many the page has room for. */
interface PieceSize {
  readonly size: number;
  readonly room: number;
  readonly fields: Fields;
}

function pieceOf(
  sql: Sql,
  listed: Listed,
  state: JobState,
  from: OrderKey,
  filter: JobFilter,
  pieceSize: PieceSize,
): Piece {
  const { tag } = filter;
  const total = listed.tagged === null ? 0 : [...listed.tagged.values()].reduce((sum, jobs) => sum + jobs, 0);
  return tag !== undefined && total <= MOST_LOOKED_AT
    ? taggedPiece(sql, { queue: listed.queue, tag, total }, state, from, filter, pieceSize)
    : orderedPiece(sql, listed, state, from, filter, pieceSize);
}

/** A job with a tag, of those in a state, after a key: the keys of all of them are sorted. */
const TAGGED = `SELECT j.job FROM tags t CROSS JOIN jobs j ON j.job = t.job
  WHERE t.queue = ? AND t.tag = ? AND j.state_code % ${SECONDARY} = ?
  AND (j.position > ? OR (j.position = ? AND coalesce(j.tiebreak, j.id) > ?))`;

function taggedPiece(
  sql: Sql,
  { queue, tag, total }: { readonly queue: number; readonly tag: string; readonly total: number },
  state: JobState,
  [position, id]: OrderKey,
  filter: JobFilter,
  { room, fields }: PieceSize,
): Piece {
  const { text, values } = conditionsOf(filter);
  const chosen = `${TAGGED}${text} ORDER BY j.position, coalesce(j.tiebreak, j.id) LIMIT ?`;
  const found = entriesOf(sql, fields, chosen, [queue, tag, codeOf(state), position, position, id, ...values, room]);
  const last = found.length < room ? undefined : found.at(-1);
  return { found, looked: total, last: last === undefined ? null : last.key };
}

/** Of the jobs of a state, as they are in the index of positions, `size` of each code. */
function orderedPiece(
  sql: Sql,
  { queue, counts }: Listed,
  state: JobState,
  from: OrderKey,
  filter: JobFilter,
  { size, room, fields }: PieceSize,
): Piece {
  const { text, values } = conditionsOf(filter);
  const codes = codesOf(state).filter((code) => (counts[code] ?? 0) > 0);
  const [end = null] = codes.flatMap((code) => keyAt(sql, queue, code, from, size)).toSorted(compareKeys);
  const found = codes.flatMap((code) => {
    const range = after(code, from);
    const next = `SELECT j.job FROM jobs j WHERE j.queue = ? AND j.state_code = ? AND ${range.text}
      ORDER BY j.position, j.tiebreak LIMIT ?`;
    return entriesOf(sql, fields, next, [queue, code, ...range.values, size, ...values], text);
  });
  const inOrder = end === null ? found : found.filter(({ key }) => compareKeys(key, end) <= 0);
  return {
    found: inOrder.toSorted((a, b) => compareKeys(a.key, b.key)).slice(0, room),
    // Without a filter what is looked at is listed, and bounded by that.
    looked: values.length === 0 ? 0 : codes.reduce((sum, code) => sum + Math.min(size, counts[code] ?? 0), 0),
    last: end,
  };
}

/** The key of the job `steps` after a key, of those with a code; empty: there are not so many. */
export function keyAt(sql: Sql, queue: number, code: number, from: OrderKey, steps: number): OrderKey[] {
  const { text, values } = after(code, from);
  const statement = `SELECT j.position, coalesce(j.tiebreak, j.id) FROM jobs j
    WHERE j.queue = ? AND j.state_code = ? AND ${text} ORDER BY j.position, j.tiebreak LIMIT 1 OFFSET ?`;
  return sql.all<[position: number, id: string]>(statement, queue, code, ...values, steps - 1);
}

type EntryRow = [job: number, position: number, id: string, weight: number];

/** The jobs that a statement chooses, in their order, by conditions. */
function entriesOf(sql: Sql, fields: Fields, chosen: string, values: readonly SqlValue[], conditions = ""): Entry[] {
  const rows = sql.all<EntryRow>(
    `SELECT j.job, j.position, j.id, ${weightOf(fields)} FROM (${chosen}) c CROSS JOIN jobs j ON j.job = c.job WHERE true${conditions}`,
    ...values,
  );
  return rows
    .map(([job, position, id, weight]): Entry => ({ job, key: [position, id], weight }))
    .toSorted((a, b) => compareKeys(a.key, b.key));
}

/** A filter as conditions, without `queue` and `states`: listings are read by those. */
function conditionsOf(filter: JobFilter): { readonly text: string; readonly values: readonly SqlValue[] } {
  const tests: readonly [condition: string, value: SqlValue | undefined][] = [
    ["j.task = ?", filter.task],
    ["EXISTS (SELECT 1 FROM tags g WHERE g.queue = j.queue AND g.tag = ? AND g.job = j.job)", filter.tag],
    [
      "EXISTS (SELECT 1 FROM attempts a WHERE a.job = j.job AND a.epoch = j.error_epoch AND a.fingerprint = ?)",
      filter.fingerprint,
    ],
    ["instr(j.id, ?) > 0", filter.idContains],
    ["j.created_at >= ?", filter.createdFrom],
    ["j.created_at < ?", filter.createdBefore],
  ];
  const asked = tests.filter((test): test is [string, SqlValue] => test[1] !== undefined);
  return {
    text: asked.map(([condition]) => ` AND ${condition}`).join(""),
    values: asked.map(([, value]) => value),
  };
}
