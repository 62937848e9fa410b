/** Leasing: from the head of the line, at most one suspect, each lease with a new epoch. */
import { Undecodable } from "../../model/errors.js";
import type { Lease } from "../contract.js";
import { findJob, jobFrom, JOB_COLUMNS, JOB_WIDTH, saveJob, tagsOf, type Job, type JobRow } from "./job.js";
import { ACTIVE, QUEUED, SUSPECTS } from "./lines.js";
import { finish, leave, stand } from "./moves.js";
import { PAYLOAD_COLUMNS, readPayload, type PayloadRow } from "./payload.js";
import type { SqliteQueue } from "./queue.js";
import { holds } from "./sessions.js";
import type { Transaction } from "./transaction.js";

/** Who asks, and for how much. */
export interface Wish {
  readonly session: string;
  readonly lane: number;
  readonly call: number;
  readonly max: number;
  /** May one of the jobs be a suspect? */
  readonly suspect: boolean;
}

/** A job and what it carries, as read. */
interface Found {
  readonly job: Job;
  readonly payload: PayloadRow;
}

type FoundRow = [...JobRow, ...PayloadRow];

const FIRST = `SELECT ${JOB_COLUMNS}, ${PAYLOAD_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.line = ?
  ORDER BY j.key, j.tie LIMIT ?`;
const LEASE = `UPDATE jobs SET line = ${ACTIVE}, key = 0, tie = id, epoch = epoch + 1, session = ?, started_at = ?,
  expire_at = NULL, progress = NULL WHERE job IN (SELECT value FROM json_each(?))`;
const LAST_CALL = "SELECT call, leases FROM calls WHERE session = ? AND queue = ? AND lane = ?";
const KEEP_CALL = `INSERT INTO calls (session, queue, lane, call, leases) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET call = excluded.call, leases = excluded.leases`;

/** Leases jobs of one queue; the same call again answers the same leases again. */
export function leaseOnce(transaction: Transaction, queue: SqliteQueue, wish: Wish): Lease[] {
  const { sql } = transaction;
  const { session, lane, call } = wish;
  const last = sql.first<[call: number, leases: string]>(LAST_CALL, session, queue.number, lane);
  if (last?.[0] === call) return leasesAgain(transaction, queue, session, last[1]);
  const leases = leaseFrom(transaction, queue, wish);
  const refs = leases.map(({ id, epoch }) => [id, epoch]);
  sql.run(KEEP_CALL, session, queue.number, lane, call, JSON.stringify(refs));
  return leases;
}

function leasesAgain({ sql, now }: Transaction, queue: SqliteQueue, session: string, stored: string): Lease[] {
  const refs: [id: string, epoch: number][] = JSON.parse(stored);
  return refs.flatMap(([id, epoch]) => {
    const job = findJob(sql, queue.number, id);
    if (job === null || !holds(session, job, { queue: queue.name, id, epoch })) return [];
    const payload = sql.first<PayloadRow>(`SELECT ${PAYLOAD_COLUMNS} FROM jobs j WHERE j.job = ?`, job.job);
    return payload === undefined ? [] : [describeLease(queue, { job, payload }, job.startedAt ?? now)];
  });
}

function leaseFrom(transaction: Transaction, queue: SqliteQueue, wish: Wish): Lease[] {
  const leases: Lease[] = [];
  if (queue.paused || wish.max <= 0) return leases;
  const suspect = wish.suspect ? take(transaction, queue, SUSPECTS, 1)[0] : undefined;
  let ready = take(transaction, queue, QUEUED, wish.max);
  const head = ready[0];
  const suspectFirst = suspect !== undefined && (head === undefined || suspect.job.key < head.job.key);
  if (suspectFirst) leases.push(...lease(transaction, queue, wish, [suspect]));
  for (;;) {
    const before = leases.length;
    const wanted = wish.max - before;
    const line = ready.slice(0, wanted);
    leases.push(...lease(transaction, queue, wish, line));
    // Some of them had expired instead of being leased, and others stand behind them.
    if (leases.length - before === line.length || queue.standing(QUEUED) === 0) break;
    ready = take(transaction, queue, QUEUED, wish.max - leases.length);
  }
  if (suspect !== undefined && !suspectFirst && leases.length < wish.max) {
    leases.push(...lease(transaction, queue, wish, [suspect]));
  }
  return leases;
}

function take({ sql }: Transaction, queue: SqliteQueue, line: number, max: number): Found[] {
  if (queue.standing(line) === 0) return [];
  return sql.all<FoundRow>(FIRST, queue.number, line, max).map((row) => ({
    job: jobFrom(row),
    payload: row.slice(JOB_WIDTH) as PayloadRow,
  }));
}

/** Leases jobs, but for those that have expired. */
function lease(transaction: Transaction, queue: SqliteQueue, wish: Wish, found: readonly Found[]): Lease[] {
  const { sql, now } = transaction;
  const leases: Lease[] = [];
  const numbers: number[] = [];
  for (const one of found) {
    const { job } = one;
    if (job.expireAt !== null && job.expireAt <= now) {
      finish(queue, job, "expired", now);
      saveJob(sql, job);
      continue;
    }
    leave(queue, job);
    stand(queue, job, "active", "tail");
    queue.tell({ kind: "state", id: job.id, state: "active" });
    job.epoch += 1;
    numbers.push(job.job);
    leases.push(describeLease(queue, one, now));
  }
  if (numbers.length > 0) sql.run(LEASE, wish.session, now, JSON.stringify(numbers));
  return leases;
}

/** The lease of an active job as its worker gets it. */
function describeLease(queue: SqliteQueue, { job, payload }: Found, leasedAt: number): Lease {
  const common = {
    queue: queue.name,
    id: job.id,
    epoch: job.epoch,
    attempt: job.counted + 1,
    attempts: job.attempts,
    crashes: job.crashes,
    suspect: job.suspect,
    meta: payload[4],
    priority: job.priority,
    createdAt: job.createdAt,
    runAt: job.runAt,
    leasedAt,
  };
  try {
    const { body, tags } = readPayload(job, payload);
    return { ...common, body, problem: null, tags };
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    return { ...common, body: null, problem: error.message, tags: tagsOf(job) };
  }
}
