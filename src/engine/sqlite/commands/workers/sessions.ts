/**
 * Sessions: one row per worker and queue renews all leases of the worker there. Deadlines are on the monotonic clock, which all
 * processes of a machine share and no change of the date moves. That clock starts over with the machine: a deadline further
 * away than the session's ttl was written before, so the session is overdue too. A session declared dead has a negative
 * deadline: its commands are refused, and it is removed once its jobs are recovered.
 */
import type { Params } from "../../../contract/commands.js";
import type {
  AbandonedPage,
  HeartbeatAnswer,
  HeldPage,
  LeaseRef,
  OverdueSession,
  Revocation,
  WorkerInfo,
  WorkerRecord,
} from "../../../contract/engine.js";
import { compareKeys } from "../../../shared/listing-order.js";
import { MOST_OVERDUE } from "../../../shared/sweep.js";
import { decodeWorkerInfo } from "../../../shared/workers/worker-info.js";
import { workerRecords } from "../../../shared/workers/worker-records.js";
import { rememberBuild } from "../../store/builds.js";
import { ACTIVE } from "../../store/queue/state-codes.js";
import { jobFrom, JOB_COLUMNS, type Job, type JobRow } from "../../store/job/job.js";
import type { SqliteQueue } from "../../store/queue/queue.js";
import { TABLES } from "../../database/schema.js";
import type { Sql } from "../../database/sql.js";
import type { Transaction } from "../../store/transaction.js";
import { revokedSince } from "../../store/watching/watchers.js";
import { exchangeNotes, readNotes } from "./worker-command.js";

/** How long a session lives in a queue without a heartbeat (milliseconds), and until when on the monotonic clock. */
export interface SessionLife {
  readonly ttl: number;
  readonly deadline: number;
}

/** The life of the session of a command; `null`: it has ended in that queue. A command renews a session that is late. */
export function liveSession(transaction: Transaction, session: string, queue: SqliteQueue): SessionLife | null {
  const { sql, monotonic } = transaction;
  const life = sql.all<[deadline: number, ttl: number]>(
    "SELECT deadline, ttl FROM lives WHERE session = ? AND queue = ?",
    session,
    queue.number,
  )[0];
  if (life === undefined) return null;
  const [deadline, ttl] = life;
  if (deadline < 0) return null;
  return isOver(deadline, ttl, monotonic) ? renew(transaction, session, queue, ttl) : { deadline, ttl };
}

function renew({ sql, now, monotonic }: Transaction, session: string, queue: SqliteQueue, life: number): SessionLife {
  const ttl = Math.ceil(life);
  const deadline = monotonic + ttl;
  const set = "UPDATE lives SET deadline = ?, ttl = ?, seen_at = ? WHERE session = ? AND queue = ?";
  sql.run(set, deadline, ttl, now, session, queue.number);
  return { deadline, ttl };
}

/** Shortens a session's ttl to `ttl` milliseconds, unless it ends sooner already. */
export function shortenLife(
  transaction: Transaction,
  session: string,
  queue: SqliteQueue,
  life: SessionLife,
  ttl: number,
): void {
  if (life.deadline > transaction.monotonic + Math.ceil(ttl)) renew(transaction, session, queue, ttl);
}

function isOver(deadline: number, ttl: number, monotonic: number): boolean {
  return deadline <= monotonic || deadline > monotonic + ttl;
}

/** The number of a queue, which it has longer than its name. */
type QueueNumber = Pick<SqliteQueue, "number">;

/** Sessions that have not ended in a queue, at most `most`. */
export function sessionsIn(sql: Sql, { number }: QueueNumber, most: number): string[] {
  return sql
    .all<[session: string]>("SELECT session FROM lives WHERE queue = ? LIMIT ? + 0", number, most)
    .map(([session]) => session);
}

const OVERDUE = `SELECT session, deadline, ttl FROM lives
  WHERE queue = ? AND deadline >= 0 AND (deadline <= ? OR deadline > ? + ttl) ORDER BY deadline, session
  LIMIT ${MOST_OVERDUE}`;

/** The overdue sessions of a queue, the earliest first: as many as a sweep reports. */
export function overdueSessions({ sql, monotonic }: Transaction, queue: SqliteQueue): OverdueSession[] {
  return sql
    .all<[session: string, deadline: number, ttl: number]>(OVERDUE, queue.number, monotonic, monotonic)
    .map(([session, deadline, ttl]) => {
      // Of a session from before the machine started it is only known that it has been overdue since.
      const overdue = deadline <= monotonic ? monotonic - deadline : monotonic;
      return { session, queue: queue.name, deadline, ttl, overdue };
    });
}

/** The deadline of a dead session is the date at which it was declared dead, plus this. */
const DEAD = -1e15;

/** Declares a session dead. */
export function declareDead({ sql, now }: Transaction, session: string, queue: SqliteQueue): void {
  sql.run("UPDATE lives SET deadline = ? WHERE session = ? AND queue = ?", DEAD + now, session, queue.number);
}

/** Dead sessions, at most `most`, in the order in which they were declared so. */
export function deadSessions(sql: Sql, queue: SqliteQueue, most: number): string[] {
  const dead = "SELECT session FROM lives WHERE queue = ? AND deadline < 0 ORDER BY deadline, session LIMIT ? + 0";
  return sql.all<[session: string]>(dead, queue.number, most).map(([session]) => session);
}

/** When the first session of a queue becomes overdue, epoch milliseconds; `null`: none will. */
export function nextExpiry({ sql, now, monotonic }: Transaction, queue: SqliteQueue): number | null {
  const row = sql.all<[number | null]>(
    "SELECT min(deadline) FROM lives WHERE queue = ? AND deadline > ? AND deadline <= ? + ttl",
    queue.number,
    monotonic,
    monotonic,
  )[0];
  const first = row?.[0] ?? null;
  return first === null ? null : now + first - monotonic;
}

export function openSession(transaction: Transaction, session: string, worker: WorkerInfo, ttl: number): void {
  const { sql, now, monotonic } = transaction;
  endSession(sql, session);
  sql.run("INSERT INTO sessions (session, worker) VALUES (?, ?)", session, JSON.stringify(worker));
  for (const name of worker.queues) {
    const queue = transaction.queue(name).number;
    rememberBuild(sql, queue, session, worker, now);
    sql.run(
      "INSERT OR IGNORE INTO lives (session, queue, deadline, ttl, seen_at) VALUES (?, ?, ?, ?, ?)",
      session,
      queue,
      monotonic + Math.ceil(ttl),
      Math.ceil(ttl),
      now,
    );
  }
}

/** Ends a session in one queue; in the last one, altogether. Returns whether it was in that queue. */
export function leaveQueue(sql: Sql, session: string, queue: QueueNumber): boolean {
  const left = sql.run("DELETE FROM lives WHERE session = ? AND queue = ?", session, queue.number) > 0;
  if (left && sql.all("SELECT 1 FROM lives WHERE session = ? LIMIT 1", session).length === 0) endSession(sql, session);
  return left;
}

function endSession(sql: Sql, session: string): void {
  for (const table of TABLES.ofSessions) {
    sql.run(`DELETE FROM ${table} WHERE session = ?`, session);
  }
}

/** Renews a session in queues; returns the leases there that were taken from it. */
export function heartbeat(transaction: Transaction, params: Params<"heartbeat">): HeartbeatAnswer {
  const { session, queues, ttl } = params;
  const taken = revokedSince(transaction.sql, session, 0).map(({ lease }) => lease);
  const revoked: Revocation[] = [];
  let alive = true;
  let notes = {};
  for (const name of queues) {
    const queue = transaction.find(name);
    if (queue === null || liveSession(transaction, session, queue) === null) {
      alive = false;
      continue;
    }
    renew(transaction, session, queue, ttl);
    if (name === queues[0]) notes = exchangeNotes(transaction, params);
    revoked.push(...taken.filter((lease) => lease.queue === name));
  }
  return { alive, revoked, ...notes };
}

/** Revokes the lease of a running job: writes under it are refused, and its session is notified. */
export function revoke(transaction: Transaction, queue: SqliteQueue, job: Job, cause: Revocation["cause"]): void {
  const { sql } = transaction;
  if (job.session === null) return;
  const lease = { queue: queue.name, id: job.id, epoch: job.epoch, cause };
  let number: number | null = null;
  if (sql.all("SELECT 1 FROM sessions WHERE session = ?", job.session).length > 0) {
    number = sql.insert(
      "INSERT INTO revoked (session, queue, id, epoch, cause) VALUES (?, ?, ?, ?, ?)",
      job.session,
      queue.name,
      job.id,
      job.epoch,
      cause,
    );
  }
  transaction.revoked({ session: job.session, lease, number });
}

/** Forgets a revocation whose lease the session has settled. */
export function acknowledge(sql: Sql, session: string, { queue, id, epoch }: LeaseRef): void {
  sql.run("DELETE FROM revoked WHERE session = ? AND queue = ? AND id = ? AND epoch = ?", session, queue, id, epoch);
}

// The active jobs of a session have an index of their own, so that no command for one session reads those of all.
const OF_SESSION = `jobs j INDEXED BY jobs_held WHERE j.queue = ? AND j.session = ? AND j.state_code = ${ACTIVE}`;
const LAST_HELD = `SELECT ${JOB_COLUMNS} FROM ${OF_SESSION} ORDER BY j.position DESC, j.tiebreak DESC LIMIT ? + 0`;
const HOLDS = `SELECT 1 FROM ${OF_SESSION} LIMIT 1`;

/** The jobs that a session runs in a queue, at most `most`, the last to be leased first. */
export function lastHeld(sql: Sql, queue: SqliteQueue, session: string, most: number): Job[] {
  return sql.all<JobRow>(LAST_HELD, queue.number, session, most).map((row) => jobFrom(row));
}

/** Does a session run any job in a queue? */
export function holdsAny(sql: Sql, queue: SqliteQueue, session: string): boolean {
  return sql.all(HOLDS, queue.number, session).length > 0;
}

/** After so many jobs the sessions that were declared dead later wait, and so many are asked for jobs at all. */
const MOST_LOST = 2_000;
const MOST_ASKED = 1_000;
const FIRST_HELD = `SELECT j.job, j.position, j.id FROM ${OF_SESSION} ORDER BY j.position, j.tiebreak LIMIT ? + 0`;
const THESE = `SELECT ${JOB_COLUMNS} FROM json_each(?) e CROSS JOIN jobs j ON j.job = e.value`;

/** The jobs that dead sessions hold in a queue, at most `limit`, as they were leased. */
export function heldByDead(sql: Sql, queue: SqliteQueue, limit: number): Job[] {
  const found: [job: number, position: number, id: string][] = [];
  for (const session of deadSessions(sql, queue, MOST_ASKED)) {
    if (found.length >= MOST_LOST) break;
    found.push(...sql.all<[job: number, position: number, id: string]>(FIRST_HELD, queue.number, session, limit));
  }
  const first = found.toSorted((a, b) => compareKeys([a[1], a[2]], [b[1], b[2]])).slice(0, limit);
  return sql.all<JobRow>(THESE, JSON.stringify(first.map(([job]) => job))).map((row) => jobFrom(row));
}

/** How many leases a page has. */
const HELD_PAGE = 1_000;
const HELD_AFTER = `SELECT j.id, j.epoch, j.position FROM ${OF_SESSION}
  AND j.position >= ? AND (j.position > ? OR j.tiebreak > ?) ORDER BY j.position, j.tiebreak LIMIT ${HELD_PAGE}`;

/** A page of the leases of a session in a queue. */
export function heldPage(sql: Sql, session: string, name: string, cursor: string | null): HeldPage {
  const [queue] = sql.all<[number]>("SELECT queue FROM queues WHERE name = ?", name)[0] ?? [];
  if (queue === undefined) return { leases: [], cursor: null };
  const [text = "-1", after = ""] = cursor?.split(" ") ?? [];
  const position = Number(text);
  type HeldRow = [id: string, epoch: number, position: number];
  const rows = sql.all<HeldRow>(HELD_AFTER, queue, session, position, position, after);
  const leases = rows.map(([id, epoch]) => ({ queue: name, id, epoch }));
  const last = rows.length < HELD_PAGE ? undefined : rows.at(-1);
  return { leases, cursor: last === undefined ? null : `${last[2]} ${last[0]}` };
}

/** Is this the lease under which the job runs? */
export function holds(session: string, job: Pick<Job, "stateCode" | "session" | "epoch">, lease: LeaseRef): boolean {
  return job.stateCode === ACTIVE && job.session === session && job.epoch === lease.epoch;
}

const OF_LIVING = "SELECT 1 FROM lives l WHERE l.queue = q.queue AND l.deadline > ? AND l.deadline <= ? + l.ttl";
const SOME_QUEUES = `SELECT q.name, EXISTS (SELECT 1 FROM lives l WHERE l.queue = q.queue) AND NOT EXISTS (${OF_LIVING})
  FROM queues q WHERE q.name > ? ORDER BY q.name LIMIT ? + 0`;

/** Queues that have sessions, none of them alive: of the `limit` by name after the cursor. */
export function abandonedQueues(
  sql: Sql,
  { cursor, limit, except = [] }: Params<"abandoned">,
  monotonic: number,
): AbandonedPage {
  const rows = sql.all<[name: string, abandoned: number]>(SOME_QUEUES, monotonic, monotonic, cursor ?? "", limit);
  const queues = rows.flatMap(([name, abandoned]) => (abandoned === 1 && !except.includes(name) ? name : []));
  return { queues, cursor: rows.length < limit ? null : (rows.at(-1)?.[0] ?? null) };
}

const RUNNING = `SELECT l.session, sum((SELECT count(*) FROM jobs j INDEXED BY jobs_held
    WHERE j.queue = l.queue AND j.session = l.session AND j.state_code = ${ACTIVE})) FROM lives l GROUP BY l.session`;
// A deadline below 0 is of a session that was declared dead; one beyond the TTL, of a time before the machine started. Of
// the queues of a session that differ in nothing but the time, the first to lapse stands for all.
const LIVES = `SELECT session, max(seen_at),
  min(CASE WHEN deadline < 0 OR deadline > ? + ttl THEN 0 ELSE deadline - ? END), ttl FROM lives GROUP BY session, ttl`;

/** The workers, by session. */
export function listWorkers(sql: Sql, now: number, monotonic: number): WorkerRecord[] {
  const infos = new Map(sql.all<[session: string, worker: string]>("SELECT session, worker FROM sessions"));
  const running = new Map(sql.all<[session: string, running: number]>(RUNNING));
  const lives = sql
    .all<[session: string, seenAt: number, left: number, ttl: number]>(LIVES, monotonic, monotonic)
    .map(([session, seenAt, left, ttl]) => ({ session, running: 0, seenAt, left, ttl }));
  const notesOf = readNotes(sql);
  return workerRecords(lives, now, (session) => {
    const worker = decodeWorkerInfo(session, infos.get(session) ?? "");
    return { ...worker, ...notesOf(session, worker) };
  }).map((record) => {
    return { ...record, running: running.get(record.session) ?? 0 };
  });
}
