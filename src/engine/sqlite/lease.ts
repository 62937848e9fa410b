/** Leasing: from the head of the line, at most one suspect, each lease with a new epoch. */
import { Undecodable } from "../../model/errors.js";
import type { JobBody } from "../../model/job.js";
import type { Lease } from "../contract.js";
import { expire } from "./expire.js";
import { tagsOf } from "./job.js";
import { ACTIVE, QUEUED, SUSPECTS } from "./lines.js";
import { PAYLOAD_COLUMNS, readBody, readTags, type PayloadRow } from "./payload.js";
import type { SqliteQueue } from "./queue.js";
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

/** What a lease needs of a job: a payload and what follows it. */
type LeaseRow = [
  ...PayloadRow,
  job: number,
  id: string,
  key: number,
  priority: number,
  attempts: number,
  createdAt: number,
  runAt: number,
  expireAt: number | null,
  counted: number,
  epoch: number,
  crashes: number,
  tags: string | null,
  supersedes: string | null,
  checkpointed: number,
];

/** A job that may be leased. */
interface Candidate {
  readonly row: LeaseRow;
  readonly job: number;
  readonly id: string;
  readonly key: number;
  readonly expireAt: number | null;
  readonly tags: string | null;
}

const COLUMNS = `${PAYLOAD_COLUMNS}, j.job, j.id, j.key, j.priority, j.attempts, j.created_at, j.run_at, j.expire_at,
  j.counted, j.epoch, j.crashes, j.tags, j.supersedes, j.checkpointed`;
const FIRST = `SELECT ${COLUMNS} FROM jobs j WHERE j.queue = ? AND j.line = ? ORDER BY j.key, j.tie LIMIT ?`;
const HELD = `SELECT ${COLUMNS}, j.suspect, j.started_at FROM json_each(?) e CROSS JOIN jobs j
  ON j.queue = ? AND j.id = e.value ->> 0 AND j.epoch = e.value ->> 1
  WHERE j.line = ${ACTIVE} AND j.session = ? ORDER BY e.key`;
// A run goes on where the one before it came to, if that left anything to go on from.
const LEASE = `UPDATE jobs SET line = ${ACTIVE}, key = 0, tie = id, epoch = ?, session = ?, started_at = ?,
  expire_at = NULL, progress = CASE WHEN checkpointed THEN progress END
  WHERE job IN (SELECT value FROM json_each(?))`;
const LAST_CALL = "SELECT call, leases FROM calls WHERE session = ? AND queue = ? AND lane = ?";
const KEEP_CALL = `INSERT INTO calls (session, queue, lane, call, leases) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET call = excluded.call, leases = excluded.leases`;

/**
 * Leases jobs of one queue; the same call again answers the same leases again. One that was overtaken by a later call leases
 * nothing: nobody waits for its answer any more.
 */
export function leaseOnce(transaction: Transaction, queue: SqliteQueue, wish: Wish): Lease[] {
  const { sql } = transaction;
  const { session, lane, call } = wish;
  const last = sql.all<[call: number, leases: string]>(LAST_CALL, session, queue.number, lane)[0];
  if (last?.[0] === call) {
    return sql
      .all<[...LeaseRow, suspect: number, startedAt: number]>(HELD, last[1], queue.number, session)
      .map((row) => describeLease(queue, row, row[15], row[20] === 1, row[21]));
  }
  if (last !== undefined && last[0] > call) return [];
  const leases = leaseFrom(transaction, queue, wish);
  const refs = leases.map(({ id, epoch }) => [id, epoch]);
  sql.run(KEEP_CALL, session, queue.number, lane, call, JSON.stringify(refs));
  return leases;
}

function leaseFrom(transaction: Transaction, queue: SqliteQueue, wish: Wish): Lease[] {
  if (queue.paused || wish.max <= 0) return [];
  const suspects = wish.suspect ? take(transaction, queue, SUSPECTS, 1) : [];
  let ready = take(transaction, queue, QUEUED, wish.max);
  const [suspect, head] = [suspects[0], ready[0]];
  const suspectFirst = suspect !== undefined && (head === undefined || suspect.key < head.key);
  const leases = suspectFirst ? lease(transaction, queue, wish, SUSPECTS, suspects) : [];
  for (;;) {
    const line = ready.slice(0, wish.max - leases.length);
    const leased = lease(transaction, queue, wish, QUEUED, line);
    leases.push(...leased);
    if (leased.length === line.length) break;
    // Some had expired instead, and others stand behind them.
    ready = take(transaction, queue, QUEUED, wish.max - leases.length);
  }
  if (!suspectFirst && leases.length < wish.max) leases.push(...lease(transaction, queue, wish, SUSPECTS, suspects));
  if (leases.length > 0) queue.leased();
  return leases;
}

function take({ sql }: Transaction, queue: SqliteQueue, line: number, max: number): Candidate[] {
  if (queue.standing(line) === 0) return [];
  return sql.all<LeaseRow>(FIRST, queue.number, line, max).map(candidate);
}

function candidate(row: LeaseRow): Candidate {
  return { row, job: row[6], id: row[7], key: row[8], expireAt: row[13], tags: row[17] };
}

/** Leases jobs of a line, but for those that have expired. */
function lease(
  transaction: Transaction,
  queue: SqliteQueue,
  { session }: Wish,
  line: number,
  candidates: readonly Candidate[],
): Lease[] {
  const { sql, now } = transaction;
  const leases: Lease[] = [];
  const numbers: number[] = [];
  for (const { row, job, id, expireAt, tags } of candidates) {
    if (expireAt !== null && expireAt <= now) {
      expire(transaction, queue, job);
      continue;
    }
    queue.count(line, -1);
    queue.count(ACTIVE, 1);
    for (const tag of tagsOf({ tags })) {
      queue.tally(tag, "queued", -1);
      queue.tally(tag, "active", 1);
    }
    queue.tell({ kind: "state", id, state: "active" });
    numbers.push(job);
    leases.push(describeLease(queue, row, queue.nextEpoch, line === SUSPECTS, now));
  }
  if (numbers.length > 0) sql.run(LEASE, queue.nextEpoch, session, now, JSON.stringify(numbers));
  return leases;
}

/** The lease of an active job as its worker gets it. */
function describeLease(
  queue: SqliteQueue,
  row: readonly [...LeaseRow, ...unknown[]],
  epoch: number,
  suspect: boolean,
  leasedAt: number,
): Lease {
  const [, , , , meta, , , id, , priority, attempts, createdAt, runAt, , counted, , crashes, stored, supersedes] = row;
  let body: JobBody | null = null;
  let tags: readonly string[] = [];
  let problem: string | null = null;
  try {
    tags = readTags({ id, tags: stored });
    body = readBody({ id, supersedes }, row);
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    problem = error.message;
  }
  return {
    queue: queue.name,
    id,
    epoch,
    attempt: counted + 1,
    attempts,
    crashes,
    suspect,
    body,
    problem,
    checkpoints: row[19] === 1,
    tags,
    meta,
    priority,
    createdAt,
    runAt,
    leasedAt,
  };
}
