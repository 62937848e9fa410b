/** Schedules: stored, paused, fired. Firing enqueues the jobs and advances the schedule in one transaction. */
import { MOST_SCHEDULES } from "../../../model/schedule/schedule.js";
import { MOST_HANDED_OUT } from "../../../model/schedule/ticks.js";
import { isTerminal } from "../../../model/job/state.js";
import type { FencedAnswer } from "../../contract/engine.js";
import {
  decodeSchedule,
  encodeSchedule,
  timesText,
  type ScheduleFire,
  type SchedulePut,
  type SchedulePutAnswer,
  type ScheduleRecord,
  type ScheduleRef,
  type ScheduleResume,
  type ScheduleResumeAnswer,
  type ScheduleStatus,
} from "../../contract/schedules.js";
import { columns, type RowOf } from "../database/columns.js";
import type { SqlValue } from "../database/driver.js";
import { findJob } from "../store/job/job.js";
import { stateOf } from "../store/queue/state-codes.js";
import { enqueue } from "./enqueue/enqueue.js";
import type { SqliteQueue } from "../store/queue/queue.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "../store/transaction.js";

interface StoredSchedule {
  name: string;
  definition: string;
  times: string;
  status: ScheduleStatus;
  revision: string;
  answer: SchedulePutAnswer;
  lastDue: number;
  nextDue: number | null;
  lastJob: string | null;
  fired: string | null;
  createdAt: number;
  queue: string;
}

const NAMES = [
  ...([
    "name",
    "definition",
    "times",
    "status",
    "revision",
    "answer",
    "lastDue",
    "nextDue",
    "lastJob",
    "fired",
  ] as const),
  ...(["createdAt", "queue"] as const),
] as const;

type ScheduleRow = RowOf<typeof NAMES, StoredSchedule>;

const { at: AT, text: COLUMNS } = columns(NAMES, "s.", { queue: "q.name AS in_queue" });
const TABLES = "queues q CROSS JOIN schedules s ON s.queue = q.queue";

const LOAD = `SELECT ${COLUMNS} FROM ${TABLES} WHERE q.queue = ? AND s.name = ?`;
const INSERT = `INSERT INTO schedules (queue, name, definition, times, status, revision, answer, last_due, next_due, created_at)
  VALUES (?, ?, ?, ?, ?, ?, 'created', ?, ?, ?)`;
const CHANGE = `UPDATE schedules SET definition = ?, times = ?, revision = ?, answer = 'changed', last_due = ?, next_due = ?
  WHERE queue = ? AND name = ?`;

function load(sql: Sql, queue: SqliteQueue, name: string): ScheduleRow | null {
  return sql.all<ScheduleRow>(LOAD, queue.number, name)[0] ?? null;
}

/** Stores a schedule, or changes the one with its name. */
export function putSchedule(
  transaction: Transaction,
  { queue: queueName, schedule, status, lastDue, nextDue, op }: SchedulePut,
): SchedulePutAnswer {
  const { sql, now } = transaction;
  const queue = transaction.queue(queueName);
  const { name } = schedule;
  const definition = encodeSchedule(schedule);
  const times = timesText(schedule);
  const old = load(sql, queue, name);
  transaction.changed(queueName);
  if (old === null) {
    if (queue.schedules >= MOST_SCHEDULES) return "full";
    queue.countSchedule(1);
    const due = status === "paused" ? null : nextDue;
    sql.run(INSERT, queue.number, name, definition, times, status, op, lastDue, due, now);
    return "created";
  }
  if (old[AT.revision] === op) return old[AT.answer];
  if (old[AT.definition] === definition) return "unchanged";
  const same = old[AT.times] === times;
  const due = same || old[AT.status] !== "active" ? old[AT.nextDue] : nextDue;
  sql.run(CHANGE, definition, times, op, same ? old[AT.lastDue] : lastDue, due, queue.number, name);
  return "changed";
}

/** Removes a schedule; returns it as it was. */
export function removeSchedule(
  transaction: Transaction,
  { queue: queueName, name }: ScheduleRef,
): ScheduleRecord | null {
  const { sql } = transaction;
  const queue = transaction.find(queueName);
  const row = queue === null ? null : load(sql, queue, name);
  if (queue === null || row === null) return null;
  sql.run("DELETE FROM schedules WHERE queue = ? AND name = ?", queue.number, name);
  queue.countSchedule(-1);
  return recordOf(row);
}

const PAUSE = "UPDATE schedules SET status = 'paused', next_due = NULL WHERE queue = ? AND name = ?";

export function pauseSchedule(transaction: Transaction, { queue: queueName, name }: ScheduleRef): boolean {
  const queue = transaction.find(queueName);
  return queue !== null && transaction.sql.run(PAUSE, queue.number, name) > 0;
}

const RESUME = `UPDATE schedules SET status = 'active', last_due = ?, next_due = ? WHERE queue = ? AND name = ?`;

export function resumeSchedule(
  transaction: Transaction,
  { queue: queueName, name, from, revision, lastDue, nextDue }: ScheduleResume,
): ScheduleResumeAnswer {
  const { sql } = transaction;
  const queue = transaction.find(queueName);
  const row = queue === null ? null : load(sql, queue, name);
  if (queue === null || row === null) return "missing";
  if (row[AT.revision] !== revision) return "stale";
  if (row[AT.status] !== from) return "applied";
  sql.run(RESUME, lastDue, nextDue, queue.number, name);
  transaction.changed(queueName);
  return "applied";
}

const FIRED = `UPDATE schedules SET last_due = ?, next_due = ?, last_job = ?, fired = ? WHERE queue = ? AND name = ?`;

/** Enqueues the jobs of some ticks, if the last tick of the schedule is still `from` (compare and set). */
export function fireSchedule(transaction: Transaction, fire: ScheduleFire): FencedAnswer {
  const { sql } = transaction;
  const queue = transaction.find(fire.queue);
  const row = queue === null ? null : load(sql, queue, fire.name);
  if (queue === null || row === null) return "stale";
  if (row[AT.fired] === fire.op) return "applied";
  const follows = row[AT.revision] === fire.revision && row[AT.lastDue] === fire.from;
  if (row[AT.status] !== "active" || !follows) return "stale";
  const last = createJobs(transaction, queue, fire, row[AT.lastJob]);
  sql.run(FIRED, fire.to, fire.nextDue, last, fire.op, queue.number, fire.name);
  transaction.changed(fire.queue);
  return "applied";
}

/** Returns the id of the last one. */
function createJobs(
  transaction: Transaction,
  queue: SqliteQueue,
  { jobs, skipOverlap }: ScheduleFire,
  lastJob: string | null,
): string | null {
  if (!skipOverlap) return enqueue(transaction, jobs).at(-1)?.id ?? lastJob;
  let last = lastJob;
  for (const spec of jobs) {
    const job = last === null ? null : findJob(transaction.sql, queue.number, last);
    if (job !== null && !isTerminal(stateOf(job.stateCode))) continue;
    last = enqueue(transaction, [spec])[0]?.id ?? last;
  }
  return last;
}

const ALL = `SELECT ${COLUMNS} FROM ${TABLES}
  WHERE (? IS NULL OR q.name IN (SELECT value FROM json_each(?)))
  AND (? IS NULL OR s.name IN (SELECT value FROM json_each(?))) ORDER BY q.name, s.name`;

function among(list: readonly string[] | undefined): SqlValue {
  return list === undefined ? null : JSON.stringify(list);
}

/** Schedules, ordered by queue, then name. */
export function listSchedules(
  sql: Sql,
  queues: readonly string[] | undefined,
  names: readonly string[] | undefined,
): ScheduleRecord[] {
  const [inQueues, called] = [among(queues), among(names)];
  return sql.all<ScheduleRow>(ALL, inQueues, inQueues, called, called).map(recordOf);
}

const DUE = `SELECT ${COLUMNS} FROM ${TABLES} WHERE q.queue = ? AND s.next_due <= ? ORDER BY s.next_due, s.name LIMIT ? + 0`;

/** The schedules that are due, the earliest first, as many as a sweep hands out. */
export function dueSchedules({ sql, now }: Transaction, queue: SqliteQueue): { due: ScheduleRecord[]; more: boolean } {
  const rows = sql.all<ScheduleRow>(DUE, queue.number, now, MOST_HANDED_OUT + 1);
  const due = rows.slice(0, MOST_HANDED_OUT).map(recordOf);
  return { due, more: rows.length > due.length };
}

const FIRST = "SELECT min(next_due) FROM schedules WHERE queue = ? AND next_due IS NOT NULL";

/** When the first schedule is due; `null` if there is none, or if it is due already: the next sweep reports it. */
export function firstTick(sql: Sql, queue: number, now: number): number | null {
  const first = sql.all<[number | null]>(FIRST, queue)[0]?.[0] ?? null;
  return first !== null && first > now ? first : null;
}

const NEXT = "SELECT min(next_due) FROM schedules WHERE queue = ? AND next_due > ?";

/** When the first schedule that is not due yet will be due; `null` if there is none. */
export function nextTick(sql: Sql, queue: number, now: number): number | null {
  return sql.all<[number | null]>(NEXT, queue, now)[0]?.[0] ?? null;
}

function recordOf(row: ScheduleRow): ScheduleRecord {
  const [name, status] = [row[AT.name], row[AT.status]];
  return {
    queue: row[AT.queue],
    name,
    ...decodeSchedule(name, row[AT.definition], status),
    status,
    revision: row[AT.revision],
    lastDue: row[AT.lastDue],
    nextDue: row[AT.nextDue],
    lastJob: row[AT.lastJob],
    createdAt: row[AT.createdAt],
  };
}
