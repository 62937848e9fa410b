/** Sessions: a worker's one expiry, however many jobs it holds. */
import type { LeaseRef, WorkerInfo, WorkerRecord } from "../contract.js";
import { ACTIVE } from "./lines.js";
import { jobFrom, JOB_COLUMNS, type Job, type JobRow } from "./job.js";
import type { SqliteQueue } from "./queue.js";
import type { Sql } from "./sql.js";
import type { Transaction } from "./transaction.js";

/** A session as it is stored. */
export interface Session {
  readonly id: string;
  /** The queues from which it has not been reaped. */
  readonly queues: readonly string[];
  readonly deadline: number;
}

type SessionRow = [id: string, queues: string, deadline: number];

/** A session, expired or not. */
export function findSession(sql: Sql, id: string): Session | null {
  const row = sql.first<SessionRow>("SELECT session, queues, deadline FROM sessions WHERE session = ?", id);
  return row === undefined ? null : sessionFrom(row);
}

/** A session that may act in all of these queues. */
export function aliveSession({ sql, now }: Transaction, id: string, queues: readonly string[]): Session | null {
  const session = findSession(sql, id);
  if (session === null || session.deadline <= now) return null;
  return queues.every((queue) => session.queues.includes(queue)) ? session : null;
}

/** The sessions of a queue that have expired, the earliest first; all of its sessions when `by` is left out. */
export function sessionsOf(sql: Sql, queue: string, by = Number.MAX_SAFE_INTEGER): Session[] {
  const rows = sql.all<SessionRow>(
    "SELECT session, queues, deadline FROM sessions WHERE deadline <= ? ORDER BY deadline, session",
    by,
  );
  return rows.map(sessionFrom).filter((session) => session.queues.includes(queue));
}

function sessionFrom([id, queues, deadline]: SessionRow): Session {
  return { id, queues: JSON.parse(queues) as string[], deadline };
}

/** Starts a session. */
export function openSession(transaction: Transaction, id: string, worker: WorkerInfo, ttl: number): void {
  const { sql, now } = transaction;
  for (const name of worker.queues) transaction.queue(name);
  endSession(sql, id);
  sql.run(
    "INSERT INTO sessions (session, worker, queues, deadline, seen_at) VALUES (?, ?, ?, ?, ?)",
    id,
    JSON.stringify(worker),
    JSON.stringify(worker.queues),
    now + ttl,
    now,
  );
}

/** Takes a session out of one queue; out of its last one ends it. */
export function leaveQueue(sql: Sql, session: Session, name: string): void {
  const queues = session.queues.filter((queue) => queue !== name);
  if (queues.length === 0) endSession(sql, session.id);
  else sql.run("UPDATE sessions SET queues = ? WHERE session = ?", JSON.stringify(queues), session.id);
}

function endSession(sql: Sql, id: string): void {
  sql.run("DELETE FROM sessions WHERE session = ?", id);
  sql.run("DELETE FROM calls WHERE session = ?", id);
  sql.run("DELETE FROM revoked WHERE session = ?", id);
}

/** Renews a session; answers the leases that were taken from it. */
export function heartbeat(
  transaction: Transaction,
  id: string,
  queues: readonly string[],
  ttl: number,
): { alive: boolean; revoked: LeaseRef[] } {
  const { sql, now } = transaction;
  const session = aliveSession(transaction, id, queues);
  if (session === null) return { alive: false, revoked: [] };
  sql.run("UPDATE sessions SET deadline = ?, seen_at = ? WHERE session = ?", now + ttl, now, id);
  const revoked = revokedSince(sql, id, 0).map(({ lease }) => lease);
  return { alive: true, revoked: revoked.filter((lease) => queues.includes(lease.queue)) };
}

/** The leases taken from a session after a number. */
export function revokedSince(sql: Sql, session: string, number: number): { number: number; lease: LeaseRef }[] {
  const rows = sql.all<[number: number, queue: string, id: string, epoch: number]>(
    "SELECT number, queue, id, epoch FROM revoked WHERE session = ? AND number > ? ORDER BY number",
    session,
    number,
  );
  return rows.map(([rowNumber, queue, id, epoch]) => ({ number: rowNumber, lease: { queue, id, epoch } }));
}

/** Takes a running job from its session by command: its worker is fenced off and told. */
export function revoke(transaction: Transaction, queue: SqliteQueue, job: Job): void {
  const { sql } = transaction;
  if (job.session === null) return;
  const lease = { queue: queue.name, id: job.id, epoch: job.epoch };
  let number: number | null = null;
  if (findSession(sql, job.session) !== null) {
    number = sql.insert(
      "INSERT INTO revoked (session, queue, id, epoch) VALUES (?, ?, ?, ?)",
      job.session,
      queue.name,
      job.id,
      job.epoch,
    );
  }
  transaction.revoked({ session: job.session, lease, number });
}

/** A session has settled a lease that was taken from it: it need not be told again. */
export function acknowledge(sql: Sql, session: string, { queue, id, epoch }: LeaseRef): void {
  sql.run("DELETE FROM revoked WHERE session = ? AND queue = ? AND id = ? AND epoch = ?", session, queue, id, epoch);
}

const HELD = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.line = ${ACTIVE} AND j.session = ? ORDER BY j.tie`;

/** What a session holds in a queue, by id. The jobs that run are few: no index of its own is kept for this. */
export function heldBy(sql: Sql, queue: SqliteQueue, session: string): Job[] {
  return sql.all<JobRow>(HELD, queue.number, session).map((row) => jobFrom(row));
}

/** Is this the lease under which the job runs? */
export function holds(session: string, job: Pick<Job, "line" | "session" | "epoch">, lease: LeaseRef): boolean {
  return job.line === ACTIVE && job.session === session && job.epoch === lease.epoch;
}

/** The workers whose sessions live. */
export function listWorkers(sql: Sql, now: number): WorkerRecord[] {
  const running = new Map(
    sql.all<[session: string, running: number]>(
      `SELECT j.session, count(*) FROM queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.line = ${ACTIVE} GROUP BY 1`,
    ),
  );
  return sql
    .all<[id: string, worker: string, seenAt: number]>(
      "SELECT session, worker, seen_at FROM sessions WHERE deadline > ? ORDER BY session",
      now,
    )
    .map(([id, worker, seenAt]) => {
      const info = JSON.parse(worker) as WorkerInfo;
      return { ...info, session: id, running: running.get(id) ?? 0, seenAt };
    });
}
