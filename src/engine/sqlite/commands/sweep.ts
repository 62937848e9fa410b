/**
 * Upkeep of queues: recover, promote, expire, trim. Bounded, and safe to run from any worker at any time. Many queues are
 * swept in several transactions.
 */
import type { OverdueSession } from "../../contract/engine.js";
import { earliest } from "../../shared/listing-order.js";
import { isDead, MOST_OVERDUE, type QueueSweep } from "../../shared/sweep.js";
import { DEFAULT_RETENTION, mayCountOut, retentionClass } from "../../../model/job/retention.js";
import { TERMINAL_STATES } from "../../../model/job/state.js";
import { dueSchedules, nextTick } from "./schedules.js";
import { recover } from "./run/settle.js";
import { jobFrom, JOB_COLUMNS, saveJob, type Job, type JobRow } from "../store/job/job.js";
import { DELAYED, codeOf } from "../store/queue/state-codes.js";
import { finish, forget, move } from "../store/transitions.js";
import { dropTraces } from "../store/traces.js";
import { countStates, type SqliteQueue } from "../store/queue/queue.js";
import { foldTallies } from "../store/queue/tallies.js";
import { sampleQueue, trimSeries } from "./series.js";
import {
  declareDead,
  deadSessions,
  heldByDead,
  holdsAny,
  leaveQueue,
  nextExpiry,
  overdueSessions,
} from "./workers/sessions.js";
import type { Transaction } from "../store/transaction.js";

const DUE = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.state_code = ${DELAYED} AND j.position <= ?
  ORDER BY j.position, j.tiebreak LIMIT ? + 0`;
const PROMOTE = "UPDATE jobs SET state_code = ?, position = ?, tiebreak = ? WHERE job = ?";
const FIRST_DUE = `SELECT position FROM jobs WHERE queue = ? AND state_code = ${DELAYED} ORDER BY position LIMIT 1`;
const LATE = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.expire_at <= ? ORDER BY j.expire_at, j.id LIMIT ? + 0`;
const FIRST_LATE = "SELECT min(expire_at) FROM jobs WHERE queue = ? AND expire_at IS NOT NULL";
const OLDEST = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.state_code = ? + 0
  ORDER BY j.position DESC, j.tiebreak DESC LIMIT ? + 0`;
const SPECIAL = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.remove_at <= ?
  ORDER BY j.remove_at, j.id LIMIT ? + 0`;
const KEPT = {
  completed: `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.kept > 0 ORDER BY j.kept LIMIT ? + 0`,
  failed: `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.kept < 0 ORDER BY j.kept DESC LIMIT ? + 0`,
} as const;

/** The most jobs of a kind of one queue that one transaction sweeps. No queue is added to one that has changed so many rows. */
const MOST_SWEPT = 200;
const MOST_ROWS = 1_000;

const KINDS = ["recovered", "promoted", "expired", "removed"] as const;
type Counts = Readonly<Record<(typeof KINDS)[number], number>>;

/** How far a sweep has come. */
export interface SweepProgress {
  readonly swept: readonly QueueSweep[];
  /** The queues that are left, how many jobs of a kind are, and what was done of the first one already. */
  readonly rest: readonly { readonly name: string; readonly limit: number; readonly done: Counts }[];
}

/** A sweep of queues, of at most `limit` jobs of a kind in each. */
export function beginSweep(queues: readonly string[], limit: number): SweepProgress {
  const done = { recovered: 0, promoted: 0, expired: 0, removed: 0 };
  return { swept: [], rest: queues.map((name) => ({ name, limit, done })) };
}

/** Sweeps as many of the queues as one transaction may. */
export function sweepSome(
  transaction: Transaction,
  { swept, rest }: SweepProgress,
  dead: readonly OverdueSession[] | undefined,
): SweepProgress {
  const mostChanges = transaction.sql.changes + MOST_ROWS;
  const done: QueueSweep[] = [...swept];
  for (const [index, { name, limit, done: before }] of rest.entries()) {
    const others = rest.slice(index + 1);
    const most = Math.min(limit, MOST_SWEPT);
    const part = sweepQueue(transaction, name, most, dead);
    if (part === null) continue;
    const total = { ...part };
    for (const kind of KINDS) total[kind] += before[kind];
    const hasMore = limit > most && KINDS.some((kind) => part[kind] >= most);
    if (hasMore) return { swept: done, rest: [{ name, limit: limit - most, done: total }, ...others] };
    done.push(total);
    if (transaction.sql.changes >= mostChanges) return { swept: done, rest: others };
  }
  return { swept: done, rest: [] };
}

/** Sweeps a queue; `null`: there is none. */
function sweepQueue(
  transaction: Transaction,
  name: string,
  limit: number,
  dead: readonly OverdueSession[] | undefined,
): QueueSweep | null {
  const queue = transaction.find(name);
  if (queue === null) return null;
  dropTraces(transaction, queue);
  queue.gaps.drop(queue.firstInLine());
  const done: Counts = {
    recovered: recoverLost(transaction, queue, limit, dead),
    promoted: promoteDue(transaction, queue, limit),
    expired: expireLate(transaction, queue, limit),
    removed: trim(transaction, queue, limit),
  };
  const hasTallies = foldTallies(transaction.sql, queue.number);
  trimSeries(transaction, queue);
  queue.trimGroups();
  const counts = countStates(queue.counts);
  sampleQueue(transaction, queue, counts.queued, counts.active);
  // Mostly there is nothing to do, and no reason to wake those that wait for work or events.
  if (KINDS.some((kind) => done[kind] > 0)) transaction.changed(name);
  return {
    ...done,
    hasTallies,
    schedules: dueSchedules(transaction, queue),
    overdue: overdueSessions(transaction, queue),
    nextDue: nextDue(transaction, queue),
    nextTick: nextTick(transaction.sql, queue.number, transaction.now),
    nextRemoval: nextRemoval(transaction, queue),
  };
}

/** Promotes due jobs; returns how many. */
export function promoteDue(transaction: Transaction, queue: SqliteQueue, limit: number): number {
  const { sql, now } = transaction;
  if (queue.jobsWith(DELAYED) === 0) return 0;
  const due = sql.all<JobRow>(DUE, queue.number, now, limit).map((row) => jobFrom(row));
  for (const job of due) {
    move(transaction, queue, job, "queued", "promote");
    sql.run(PROMOTE, job.stateCode, job.position, job.tiebreak, job.job);
  }
  return due.length;
}

/** When the first delayed job is due; `null` if there is none. */
export function nextDelayed({ sql }: Transaction, queue: SqliteQueue): number | null {
  if (queue.jobsWith(DELAYED) === 0) return null;
  return sql.all<[number]>(FIRST_DUE, queue.number)[0]?.[0] ?? null;
}

/** Declares sessions dead and recovers their jobs; returns how many. A session without jobs left is removed. */
function recoverLost(
  transaction: Transaction,
  queue: SqliteQueue,
  limit: number,
  dead: readonly OverdueSession[] | undefined,
): number {
  const { sql } = transaction;
  for (const overdue of overdueSessions(transaction, queue)) {
    if (isDead(overdue, dead)) declareDead(transaction, overdue.session, queue);
  }
  const sessions = deadSessions(sql, queue, MOST_OVERDUE);
  if (sessions.length === 0) return 0;
  const held = heldByDead(sql, queue, limit);
  for (const job of held) recover(transaction, queue, job);
  for (const session of sessions) if (!holdsAny(sql, queue, session)) leaveQueue(sql, session, queue);
  return held.length;
}

/** Expires jobs that did not start in time; returns how many. */
function expireLate(transaction: Transaction, queue: SqliteQueue, limit: number): number {
  const { sql, now } = transaction;
  const late = sql.all<JobRow>(LATE, queue.number, now, limit).map((row) => jobFrom(row));
  for (const job of late) {
    finish(transaction, queue, job, "expired", "expire");
    saveJob(sql, job);
  }
  return late.length;
}

/** Removes jobs that retention no longer keeps; returns how many. */
function trim(transaction: Transaction, queue: SqliteQueue, limit: number): number {
  const { sql, now } = transaction;
  let removed = 0;
  const drop = (jobs: readonly Job[]): void => {
    for (const job of jobs) forget(transaction, queue, job);
    removed += jobs.length;
  };
  for (const state of TERMINAL_STATES) {
    const { age } = DEFAULT_RETENTION[retentionClass(state)];
    drop(oldest(transaction, queue, codeOf(state), now - age, limit - removed));
  }
  drop(sql.all<JobRow>(SPECIAL, queue.number, now, limit - removed).map((row) => jobFrom(row)));
  for (const kind of ["completed", "failed"] as const) {
    const keep = queue.keep[kind];
    const surplus = keep === null ? 0 : Math.max(0, Math.min(queue.kept[kind] - keep, limit - removed));
    const counted = surplus === 0 ? [] : sql.all<JobRow>(KEPT[kind], queue.number, surplus).map((row) => jobFrom(row));
    drop(counted.filter(({ finishedAt }) => mayCountOut(finishedAt ?? 0, queue.watched, now)));
  }
  return removed;
}

/** The oldest jobs of a state code that finished by a time. One is read first, as mostly none is due. */
function oldest({ sql }: Transaction, queue: SqliteQueue, stateCode: number, by: number, limit: number): Job[] {
  if (queue.jobsWith(stateCode) === 0 || limit <= 0) return [];
  for (const count of [1, limit]) {
    const jobs = sql.all<JobRow>(OLDEST, queue.number, stateCode, count).map((row) => jobFrom(row));
    const end = jobs.findIndex((job) => (job.finishedAt ?? 0) > by);
    if (end !== -1) return jobs.slice(0, end);
    if (jobs.length < count || count === limit) return jobs;
  }
  return [];
}

const FIRST_SPECIAL = "SELECT min(remove_at) FROM jobs WHERE queue = ? AND remove_at IS NOT NULL";
const FIRST_ENDED = `SELECT finished_at FROM jobs WHERE queue = ? AND state_code = ? + 0
  ORDER BY position DESC, tiebreak DESC LIMIT 1`;

/** When retention removes the next job by its age; `null` when none has ended. */
function nextRemoval({ sql }: Transaction, queue: SqliteQueue): number | null {
  const usual = TERMINAL_STATES.map((state) => {
    if (queue.jobsWith(codeOf(state)) === 0) return null;
    const [finishedAt] = sql.all<[number]>(FIRST_ENDED, queue.number, codeOf(state))[0] ?? [];
    return finishedAt === undefined ? null : finishedAt + DEFAULT_RETENTION[retentionClass(state)].age;
  });
  return earliest(...usual, sql.all<[number | null]>(FIRST_SPECIAL, queue.number)[0]?.[0] ?? null);
}

/** When the next job or session of this queue is due; `null` if none is. */
function nextDue(transaction: Transaction, queue: SqliteQueue): number | null {
  const { sql } = transaction;
  const late = sql.all<[number | null]>(FIRST_LATE, queue.number)[0]?.[0] ?? null;
  return earliest(nextDelayed(transaction, queue), nextExpiry(transaction, queue), late);
}
