/** Queries: jobs by id, queues, totals. */
import type { LongField, RecordWith } from "../../../model/job/query/fields.js";
import { keyOf, type JobRef } from "../../../model/job/job.js";
import { perState, type JobState } from "../../../model/job/state.js";
import type { QueueRecord, StateCounts } from "../../contract/engine.js";
import type { FirstRemovals } from "../../shared/first-removals.js";
import { waitsAside } from "./run/aside.js";
import { ASIDE, ASIDE_SUSPECTS, codeOf, QUEUED, SUSPECTS } from "../store/queue/state-codes.js";
import { countStates, readCounts } from "../store/queue/queue.js";
import { readRecords, type Fields } from "./listing/job-record.js";
import { firstTick } from "./schedules.js";
import { countFitting, MOST_READ, weightOf } from "../store/job/weight.js";
import type { Sql } from "../database/sql.js";
import { IS_OWN } from "../store/queue/own-queues.js";

/** How many jobs are read at once, however short they are. */
const MOST_AT_ONCE = 500;

const BY_REFS = `json_each(?) e CROSS JOIN queues q ON q.name = e.value ->> 'queue'
  CROSS JOIN jobs j ON j.queue = q.queue AND j.id = e.value ->> 'id'`;
const BY_IDS = `json_each(?) e CROSS JOIN jobs j ON j.job = (
    SELECT h.job FROM queues p CROSS JOIN jobs h ON h.queue = p.queue AND h.id = e.value ORDER BY p.name LIMIT 1)
  CROSS JOIN queues q ON q.queue = j.queue`;

/** Jobs by queue and id, `null` where there is none: of the first of these, as many as are read at once. */
export function getSome(sql: Sql, refs: readonly JobRef[], fields: Fields): (RecordWith<LongField> | null)[] {
  const wanted = refs.slice(0, MOST_AT_ONCE).map(({ queue, id }) => ({ queue, id }));
  const some = wanted.length > 1 ? wanted.slice(0, countSome(sql, wanted, fields)) : wanted;
  const found = new Map(
    readRecords(sql, fields, BY_REFS, JSON.stringify(some)).map((record) => [keyOf(record), record] as const),
  );
  return some.map((ref) => found.get(keyOf(ref)) ?? null);
}

function countSome(sql: Sql, refs: readonly JobRef[], fields: Fields): number {
  const weights = refs.map(() => 0);
  const text = `SELECT e.key, ${weightOf(fields)} FROM ${BY_REFS}`;
  for (const [index, weight] of sql.all<[index: number, weight: number]>(text, JSON.stringify(refs)))
    weights[index] = weight;
  return Math.max(1, countFitting(weights, MOST_READ));
}

/** Jobs by id alone; where several queues have it, the job of the first queue by name. */
export function findJobs(sql: Sql, ids: readonly string[], fields: Fields): (RecordWith<LongField> | null)[] {
  const records = readRecords(sql, fields, BY_IDS, JSON.stringify(ids));
  const found = new Map(records.map((record) => [record.id, record] as const));
  return ids.map((id) => found.get(id) ?? null);
}

/** All queues, or those of these names, in the order of their names. */
export function listQueues(sql: Sql, names?: readonly string[]): QueueRecord[] {
  const rows =
    names === undefined
      ? sql.all<QueueRow>("SELECT name, paused, counts FROM queues ORDER BY name")
      : sql.all<QueueRow>(
          "SELECT name, paused, counts FROM queues WHERE name IN (SELECT value FROM json_each(?)) ORDER BY name",
          JSON.stringify(names),
        );
  return rows.map(([name, paused, counts]) => ({
    name,
    paused: paused !== 0,
    pausedAt: paused > 1 ? paused : null,
    counts: countStates(readCounts(counts)),
  }));
}

type QueueRow = [name: string, paused: number, counts: string];

// By the default age nothing is removed before a worker at rest sweeps, so only other times matter.
const WAITED_FOR = `SELECT q.name, q.queue, q.paused, q.counts,
  CASE WHEN q.kept_completed > q.keep_completed OR q.kept_failed > q.keep_failed THEN 1 ELSE 0 END,
  (SELECT min(j.remove_at) FROM jobs j WHERE j.queue = q.queue AND j.remove_at IS NOT NULL)
  FROM json_each(?) e CROSS JOIN queues q ON q.name = e.value`;

type WaitedFor = [queue: number, paused: number, counts: string, surplus: number, removeAt: number | null];

/** A worker that waits. */
export interface Waiting {
  /** The tasks whose jobs it takes from those set aside. */
  readonly tasks: readonly string[];
  readonly removals: FirstRemovals;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Does `wakes` hold of a queue, or may it have work, or a due schedule, for a worker that waits, or is it to sweep sooner than it knows? */
export function hasWork(
  sql: Sql,
  names: readonly string[],
  waiting: Waiting,
  now: number,
  wakes: (name: string) => boolean,
): boolean {
  const rows = new Map(
    sql
      .all<[name: string, ...WaitedFor]>(WAITED_FOR, JSON.stringify(names))
      .map(([name, ...row]): [string, WaitedFor] => [name, row]),
  );
  return names.some((name) => hasWorkIn(sql, name, rows.get(name), waiting, now) || wakes(name));
}

function hasWorkIn(
  sql: Sql,
  name: string,
  row: WaitedFor | undefined,
  { tasks, removals, until }: Waiting,
  now: number,
): boolean {
  if (row === undefined) return removals.isEarlier(name, null);
  const [queue, paused, stored, surplus, removeAt] = row;
  if (removals.isEarlier(name, surplus === 1 ? Number.NEGATIVE_INFINITY : removeAt)) return true;
  const counts = readCounts(stored);
  if ((firstTick(sql, queue, now) ?? until) < until - 1) return true;
  if ((firstExpiry(sql, queue, now) ?? until) < until - 1) return true;
  if (paused !== 0) return false;
  if ((counts[QUEUED] ?? 0) + (counts[SUSPECTS] ?? 0) > 0) return true;
  if ([ASIDE, ASIDE_SUSPECTS].some((code) => (counts[code] ?? 0) > 0 && waitsAside(sql, queue, code, tasks)))
    return true;
  const due = sql.all<[position: number]>(FIRST_DUE, queue, codeOf("delayed"))[0]?.[0];
  return due !== undefined && due < until - 1;
}

const FIRST_EXPIRY = "SELECT min(expire_at) FROM jobs WHERE queue = ? AND expire_at > ?";

/** When the next `ttl` ends that is not over yet. */
export function firstExpiry(sql: Sql, queue: number, now: number): number | null {
  return sql.all<[number | null]>(FIRST_EXPIRY, queue, now)[0]?.[0] ?? null;
}

const FIRST_DUE = "SELECT position FROM jobs WHERE queue = ? AND state_code = ? + 0 ORDER BY position LIMIT 1";

/** How many jobs with a tag are in each state. */
export function tagTotals(sql: Sql, tag: string, queue: string | undefined): StateCounts {
  const totals = perState(() => 0);
  const rows = sql.all<[state: JobState, jobs: number]>(
    `SELECT t.state, sum(t.jobs) FROM queues q CROSS JOIN tag_totals t ON t.queue = q.queue AND t.tag = ?
     WHERE ${queue === undefined ? IS_OWN : "q.name = ?"} GROUP BY t.state`,
    tag,
    ...(queue === undefined ? [] : [queue]),
  );
  for (const [state, jobs] of rows) totals[state] = jobs;
  return totals;
}
