/** Queries: jobs by id, listings, totals, positions. */
import type { JobFilter } from "../../../model/job/filter.js";
import { keyOf, type JobRecord, type JobRef } from "../../../model/job/job.js";
import { perState, type JobState } from "../../../model/job/state.js";
import type { JobPage, QueueRecord, StateCounts } from "../../contract/engine.js";
import { compareKeys, decodeCursor, encodeCursor, listedStates, type OrderKey } from "../../shared/listing-order.js";
import { waitsAside } from "./aside.js";
import type { SqlValue } from "../database/driver.js";
import { findJob } from "../store/job.js";
import { SECONDARY, ASIDE, ASIDE_SUSPECTS, codeOf, QUEUED, stateOf, SUSPECTS } from "../store/state-codes.js";
import { countStates, readCounts, SqliteQueue } from "../store/queue.js";
import { readRecords, type StoredRecord } from "./job-record.js";
import { firstTick } from "./schedules.js";
import type { Sql } from "../database/sql.js";

const BY_REFS = `json_each(?) e CROSS JOIN queues q ON q.name = e.value ->> 'queue'
  CROSS JOIN jobs j ON j.queue = q.queue AND j.id = e.value ->> 'id'`;
const BY_IDS =
  "json_each(?) e CROSS JOIN queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.id = e.value ORDER BY q.name";

/** Jobs by queue and id; `null` where there is none. */
export function getJobs(sql: Sql, refs: readonly JobRef[]): (JobRecord | null)[] {
  const wanted = JSON.stringify(refs.map(({ queue, id }) => ({ queue, id })));
  const found = new Map(readRecords(sql, BY_REFS, wanted).map(({ record }) => [keyOf(record), record] as const));
  return refs.map((ref) => found.get(keyOf(ref)) ?? null);
}

/** Jobs by id alone; where several queues have it, the job of the first queue by name. */
export function findJobs(sql: Sql, ids: readonly string[]): (JobRecord | null)[] {
  const found = new Map<string, JobRecord>();
  for (const { record } of readRecords(sql, BY_IDS, JSON.stringify(ids))) {
    if (!found.has(record.id)) found.set(record.id, record);
  }
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
    paused: paused === 1,
    counts: countStates(readCounts(counts)),
  }));
}

type QueueRow = [name: string, paused: number, counts: string];

/** May a queue have work, or a due schedule, for a worker that waits from `now` until `until`? */
export function hasWork(sql: Sql, name: string, tasks: readonly string[], now: number, until: number): boolean {
  const row = sql.all<[queue: number, paused: number, counts: string]>(
    "SELECT queue, paused, counts FROM queues WHERE name = ?",
    name,
  )[0];
  if (row === undefined) return false;
  const [queue, paused, stored] = row;
  const counts = readCounts(stored);
  if ((firstTick(sql, queue, now) ?? until) < until - 1) return true;
  if (paused === 1) return false;
  if ((counts[QUEUED] ?? 0) + (counts[SUSPECTS] ?? 0) > 0) return true;
  if ([ASIDE, ASIDE_SUSPECTS].some((code) => (counts[code] ?? 0) > 0 && waitsAside(sql, queue, code, tasks)))
    return true;
  const due = sql.all<[position: number]>(FIRST_DUE, queue, codeOf("delayed"))[0]?.[0];
  return due !== undefined && due < until - 1;
}

const FIRST_DUE = "SELECT position FROM jobs WHERE queue = ? AND state_code = ? ORDER BY position LIMIT 1";

/** How many jobs with a tag are in each state. */
export function tagTotals(sql: Sql, tag: string, queue: string | undefined): StateCounts {
  const totals = perState(() => 0);
  const rows = sql.all<[state: JobState, jobs: number]>(
    `SELECT t.state, sum(t.jobs) FROM queues q CROSS JOIN tag_totals t ON t.queue = q.queue AND t.tag = ?
     WHERE q.name = coalesce(?, q.name) GROUP BY t.state`,
    tag,
    queue ?? null,
  );
  for (const [state, jobs] of rows) totals[state] = jobs;
  return totals;
}

const AHEAD = `SELECT count(*) FROM jobs WHERE queue = ? AND state_code = ?
  AND (position < ? OR (position = ? AND coalesce(tiebreak, id) < ?))`;

/** The place of a queued job in running order, 1 = next. */
export function positionOf(sql: Sql, ref: JobRef, now: number): number | null {
  const queue = SqliteQueue.load(sql, ref.queue, now);
  const job = queue === null ? null : findJob(sql, queue.number, ref.id);
  if (queue === null || job === null || stateOf(job.stateCode) !== "queued") return null;
  const ahead = [QUEUED, SUSPECTS, ASIDE, ASIDE_SUSPECTS].map((code) => {
    if (queue.jobsWith(code) === 0) return 0;
    return sql.all<[number]>(AHEAD, queue.number, code, job.position, job.position, job.id)[0]?.[0] ?? 0;
  });
  return ahead.reduce((a, b) => a + b, 1);
}

/** One page of a listing. */
export function listPage(sql: Sql, filter: JobFilter, cursor: string | null, limit: number): JobPage {
  const after = cursor === null ? null : decodeCursor(cursor);
  const states = listedStates(filter);
  const jobs: JobRecord[] = [];
  for (const { name, counts } of listQueues(sql)) {
    if (filter.queue !== undefined && filter.queue !== name) continue;
    if (after !== null && name < after.queue) continue;
    for (const state of states) {
      if (counts[state] === 0) continue;
      const here = after?.queue === name ? after : null;
      if (here !== null && states.indexOf(state) < states.indexOf(here.state)) continue;
      const from = here?.state === state ? here.key : null;
      const found = standing(sql, name, state, filter, from, limit - jobs.length);
      jobs.push(...found.map(({ record }) => record));
      const last = found.at(-1);
      if (last !== undefined && jobs.length >= limit) {
        return { jobs, cursor: encodeCursor({ queue: name, state, key: [last.position, last.record.id] }) };
      }
    }
  }
  return { jobs, cursor: null };
}

/** The jobs of one state after a position, in order; a state has several codes. */
function standing(
  sql: Sql,
  queue: string,
  state: JobState,
  filter: JobFilter,
  after: OrderKey | null,
  limit: number,
): StoredRecord[] {
  const code = codeOf(state);
  const { conditions, values } = filterSql(filter);
  const [position, tiebreak] = after ?? [Number.MIN_SAFE_INTEGER, ""];
  const from = `queues q CROSS JOIN jobs j ON j.queue = q.queue
    WHERE q.name = ? AND j.state_code = ? AND j.position >= ?
    AND (j.position > ? OR coalesce(j.tiebreak, j.id) > ?)${conditions}
    ORDER BY j.position, j.tiebreak LIMIT ?`;
  const codes = state === "queued" ? [QUEUED, SUSPECTS, ASIDE, ASIDE_SUSPECTS] : [code, code + SECONDARY];
  return codes
    .flatMap((number) => readRecords(sql, from, queue, number, position, position, tiebreak, ...values, limit))
    .sort((a, b) => compareKeys([a.position, a.record.id], [b.position, b.record.id]))
    .slice(0, limit);
}

/** A filter as conditions, without `queue` and `states`: listings are read by those. */
function filterSql(filter: JobFilter): { conditions: string; values: SqlValue[] } {
  const tests: readonly [condition: string, value: SqlValue | undefined][] = [
    ["j.task = ?", filter.task],
    ["EXISTS (SELECT 1 FROM tags t WHERE t.queue = j.queue AND t.tag = ? AND t.job = j.job)", filter.tag],
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
    conditions: asked.map(([condition]) => ` AND ${condition}`).join(""),
    values: asked.map(([, value]) => value),
  };
}
