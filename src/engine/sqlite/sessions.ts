/** Sessions: a worker's expiry in its queues, however many jobs it holds. */
import type { LeaseRef, Revocation, WorkerInfo, WorkerRecord } from "../contract.js";
import { ACTIVE } from "./lines.js";
import { jobFrom, JOB_COLUMNS, type Job, type JobRow } from "./job.js";
import { revokedSince } from "./revocation.js";
import type { SqliteQueue } from "./queue.js";
import type { Sql } from "./sql.js";
import type { Transaction } from "./transaction.js";

/** Does a session live in a queue? */
export function isAlive({ sql, now }: Transaction, session: string, queue: SqliteQueue): boolean {
  const deadline = sql.all<[deadline: number]>(
    "SELECT deadline FROM lives WHERE session = ? AND queue = ?",
    session,
    queue.number,
  )[0]?.[0];
  return deadline !== undefined && deadline > now;
}

/** The sessions that have expired in a queue, the earliest first; all that have not ended in it when `by` is left out. */
export function sessionsIn(sql: Sql, queue: SqliteQueue, by = Number.MAX_SAFE_INTEGER): string[] {
  const rows = sql.all<[session: string]>(
    "SELECT session FROM lives WHERE queue = ? AND deadline <= ? ORDER BY deadline, session",
    queue.number,
    by,
  );
  return rows.map(([session]) => session);
}

/** When the first session of a queue expires; `null` if there is none. */
export function nextExpiry(sql: Sql, queue: SqliteQueue): number | null {
  return sql.all<[number | null]>("SELECT min(deadline) FROM lives WHERE queue = ?", queue.number)[0]?.[0] ?? null;
}

/** Starts a session. */
export function openSession(transaction: Transaction, session: string, worker: WorkerInfo, ttl: number): void {
  const { sql, now } = transaction;
  endSession(sql, session);
  sql.run("INSERT INTO sessions (session, worker) VALUES (?, ?)", session, JSON.stringify(worker));
  for (const name of worker.queues) {
    sql.run(
      "INSERT OR IGNORE INTO lives (session, queue, deadline, seen_at) VALUES (?, ?, ?, ?)",
      session,
      transaction.queue(name).number,
      now + ttl,
      now,
    );
  }
}

/** Takes a session out of one queue; out of its last one ends it. Answers whether it was in that queue. */
export function leaveQueue(sql: Sql, session: string, queue: SqliteQueue): boolean {
  const left = sql.run("DELETE FROM lives WHERE session = ? AND queue = ?", session, queue.number) > 0;
  if (left && sql.all("SELECT 1 FROM lives WHERE session = ? LIMIT 1", session).length === 0) endSession(sql, session);
  return left;
}

function endSession(sql: Sql, session: string): void {
  for (const table of ["sessions", "lives", "calls", "revoked"]) {
    sql.run(`DELETE FROM ${table} WHERE session = ?`, session);
  }
}

/** Renews a session in queues; answers the leases of theirs that were taken from it. */
export function heartbeat(
  transaction: Transaction,
  session: string,
  queues: readonly string[],
  ttl: number,
): { alive: boolean; revoked: Revocation[] } {
  const { sql, now } = transaction;
  const taken = revokedSince(sql, session, 0).map(({ lease }) => lease);
  const revoked: Revocation[] = [];
  let alive = true;
  for (const name of queues) {
    const queue = transaction.find(name);
    if (queue === null || !isAlive(transaction, session, queue)) {
      alive = false;
      continue;
    }
    const renew = "UPDATE lives SET deadline = ?, seen_at = ? WHERE session = ? AND queue = ?";
    sql.run(renew, now + ttl, now, session, queue.number);
    revoked.push(...taken.filter((lease) => lease.queue === name));
  }
  return { alive, revoked };
}

/** Takes a running job from its session by command: its worker is fenced off and told. */
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

/** A session has settled a lease that was taken from it: it need not be told again. */
export function acknowledge(sql: Sql, session: string, { queue, id, epoch }: LeaseRef): void {
  sql.run("DELETE FROM revoked WHERE session = ? AND queue = ? AND id = ? AND epoch = ?", session, queue, id, epoch);
}

const HELD = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.line = ${ACTIVE} AND j.key = 0
  AND j.session = ? ORDER BY j.tie`;

/** What a session holds in a queue, by id. The jobs that run are few: no index of its own is kept for this. */
export function heldBy(sql: Sql, queue: SqliteQueue, session: string): Job[] {
  return sql.all<JobRow>(HELD, queue.number, session).map((row) => jobFrom(row));
}

/** Is this the lease under which the job runs? */
export function holds(session: string, job: Pick<Job, "line" | "session" | "epoch">, lease: LeaseRef): boolean {
  return job.line === ACTIVE && job.session === session && job.epoch === lease.epoch;
}

const RUNNING = `SELECT j.session, count(*) FROM queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.line = ${ACTIVE}
  CROSS JOIN lives l ON l.session = j.session AND l.queue = q.queue WHERE l.deadline > ? GROUP BY j.session`;
const LIVING = `SELECT s.session, s.worker, max(l.seen_at) FROM sessions s CROSS JOIN lives l ON l.session = s.session
  WHERE l.deadline > ? GROUP BY s.session ORDER BY s.session`;

/** The workers whose sessions live. */
export function listWorkers(sql: Sql, now: number): WorkerRecord[] {
  const running = new Map(sql.all<[session: string, running: number]>(RUNNING, now));
  return sql.all<[session: string, worker: string, seenAt: number]>(LIVING, now).map(([session, worker, seenAt]) => {
    const info = JSON.parse(worker) as WorkerInfo;
    return { ...info, session, running: running.get(session) ?? 0, seenAt };
  });
}
