/** Leasing: from the head of the queue, at most one suspect, each lease with a new epoch. */
import { Undecodable } from "../../../../model/errors/errors.js";
import type { JobBody } from "../../../../model/job/job.js";
import type { Lease } from "../../../contract/engine.js";
import { expire } from "./settle.js";
import { tagsOf } from "../../store/job/job.js";
import { takeAside } from "./aside.js";
import {
  AT,
  candidate,
  CANDIDATE_COLUMNS,
  inputLength,
  isUnread,
  LEASE_COLUMNS,
  LEASE_WIDTH,
  readInputs,
  type Candidate,
  type LeaseRow,
  type Wish,
} from "../../store/job/candidate.js";
import { ACTIVE, ASIDE_SUSPECTS, QUEUED, SUSPECTS } from "../../store/queue/state-codes.js";
import { readBody, readTags } from "../../store/job/payload.js";
import type { SqliteQueue } from "../../store/queue/queue.js";
import { emitLease } from "../../store/state-event.js";
import type { Transaction } from "../../store/transaction.js";

const FIRST = `SELECT ${CANDIDATE_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.state_code = ? + 0 ORDER BY j.position, j.tiebreak LIMIT ? + 0`;
const HEAD = `SELECT j.job, j.expire_at FROM jobs j WHERE j.queue = ? AND j.state_code = ${QUEUED}
  ORDER BY j.position, j.tiebreak LIMIT ? + 0`;
const HELD = `SELECT ${LEASE_COLUMNS}, j.suspect, j.started_at FROM json_each(?) e CROSS JOIN jobs j
  ON j.queue = ? AND j.id = e.value ->> 0 AND j.epoch = e.value ->> 1
  WHERE j.state_code = ${ACTIVE} AND j.session = ? ORDER BY e.key`;
// A run continues from the progress of the one before it, if that left checkpoints.
const LEASE = `UPDATE jobs SET state_code = ${ACTIVE}, last_position = position, position = ?, tiebreak = id,
  epoch = ?, session = ?, started_at = ?, expire_at = NULL, progress = CASE WHEN checkpointed THEN progress END WHERE job`;
// Many workers run one job at a time.
const LEASE_ONE = `${LEASE} = ?`;
const LEASE_ALL = `${LEASE} IN (SELECT value FROM json_each(?))`;
const LAST_CALL = "SELECT call, leases FROM calls WHERE session = ? AND queue = ? AND lane = ?";
const KEEP_CALL = `INSERT INTO calls (session, queue, lane, call, leases) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET call = excluded.call, leases = excluded.leases`;

/**
 * Leases jobs of one queue. The same call sent again gets the same leases. A late copy of an earlier call leases nothing, as
 * its sender has given up on the answer.
 */
export function leaseOnce(transaction: Transaction, queue: SqliteQueue, wish: Wish): Lease[] {
  const { sql } = transaction;
  const { session, lane, call } = wish;
  const last = sql.all<[call: number, leases: string]>(LAST_CALL, session, queue.number, lane)[0];
  if (last?.[0] === call) {
    return sql
      .all<[...LeaseRow, suspect: number, startedAt: number]>(HELD, last[1], queue.number, session)
      .map((row) => {
        transaction.left.claimed -= inputLength(row);
        const [suspect, startedAt] = row.slice(LEASE_WIDTH) as [suspect: number, startedAt: number];
        return describeLease(queue, row, row[AT.epoch], suspect === 1, startedAt);
      });
  }
  if (last !== undefined && last[0] > call) return [];
  const leases = leaseFrom(transaction, queue, wish);
  const refs = leases.map(({ id, epoch }) => [id, epoch]);
  sql.run(KEEP_CALL, session, queue.number, lane, call, JSON.stringify(refs));
  return leases;
}

function leaseFrom(transaction: Transaction, queue: SqliteQueue, wish: Wish): Lease[] {
  if (queue.paused || wish.max <= 0) return [];
  let ready = take(transaction, queue, QUEUED, wish.max);
  const head = ready[0];
  const aside = takeAside(transaction.sql, queue, wish);
  const before = aside.filter(({ position }) => head === undefined || position < head.position);
  const leases = lease(transaction, queue, wish, before);
  const wantsSuspect =
    wish.suspect && before.length < wish.max && !aside.some(({ stateCode }) => stateCode === ASIDE_SUSPECTS);
  const suspects = wantsSuspect ? take(transaction, queue, SUSPECTS, 1) : [];
  const [suspect] = suspects;
  const suspectFirst = suspect !== undefined && (head === undefined || suspect.position < head.position);
  if (suspectFirst) leases.push(...lease(transaction, queue, wish, suspects));
  for (;;) {
    const next = ready.slice(0, wish.max - leases.length);
    const leased = lease(transaction, queue, wish, next);
    leases.push(...leased);
    if (leased.length === next.length || transaction.left.claimed < 0) break;
    // Some had expired: the jobs behind them take their places. After too many the exchange answers that there are more.
    if (!expireHead(transaction, queue)) break;
    ready = take(transaction, queue, QUEUED, wish.max - leases.length);
  }
  if (!suspectFirst && leases.length < wish.max) leases.push(...lease(transaction, queue, wish, suspects));
  leases.push(...lease(transaction, queue, wish, aside.slice(before.length, before.length + wish.max - leases.length)));
  if (leases.length > 0) queue.leased();
  return leases;
}

function take({ sql }: Transaction, queue: SqliteQueue, stateCode: number, max: number): Candidate[] {
  if (queue.jobsWith(stateCode) === 0) return [];
  return sql.all<LeaseRow>(FIRST, queue.number, stateCode, max).map(candidate);
}

/** Expires jobs at the head of the line up to the first one that has time left; returns whether it came to that. */
function expireHead(transaction: Transaction, queue: SqliteQueue): boolean {
  const { sql, now, left } = transaction;
  const head = sql.all<[job: number, expireAt: number | null]>(HEAD, queue.number, left.expired + 1);
  for (const [job, expireAt] of head) {
    if (expireAt === null || expireAt > now) return true;
    if (left.expired <= 0) return false;
    left.expired -= 1;
    expire(transaction, queue, job);
  }
  return true;
}

/**
 * Leases the candidates; those past their ttl are expired instead. It ends when these are too many, and once there are more
 * characters of input than one claim gives.
 */
function lease(
  transaction: Transaction,
  queue: SqliteQueue,
  { session }: Wish,
  candidates: readonly Candidate[],
): Lease[] {
  const { sql, now, left } = transaction;
  const leases: Lease[] = [];
  const numbers: number[] = [];
  for (const [index, one] of candidates.entries()) {
    if (left.claimed < 0) break;
    const { row, job, stateCode, expireAt, tags } = one;
    if (expireAt !== null && expireAt <= now) {
      if (left.expired <= 0) break;
      left.expired -= 1;
      expire(transaction, queue, job);
      continue;
    }
    if (isUnread(one)) readInputs(sql, candidates.slice(index), left.claimed);
    left.claimed -= inputLength(row);
    queue.count(stateCode, -1);
    queue.count(ACTIVE, 1);
    for (const tag of tagsOf({ tags })) {
      queue.tally(tag, "queued", -1);
      queue.tally(tag, "active", 1);
    }
    numbers.push(job);
    const suspect = stateCode === SUSPECTS || stateCode === ASIDE_SUSPECTS;
    const described = describeLease(queue, row, queue.nextEpoch, suspect, now);
    emitLease(queue, described);
    leases.push(described);
  }
  const [first] = numbers;
  const values = [queue.nextEpoch, queue.nextEpoch, session, now] as const;
  if (first !== undefined && numbers.length === 1) sql.run(LEASE_ONE, ...values, first);
  else if (first !== undefined) sql.run(LEASE_ALL, ...values, JSON.stringify(numbers));
  return leases;
}

/** The lease of an active job, as its worker receives it. */
function describeLease(
  queue: SqliteQueue,
  row: readonly [...LeaseRow, ...unknown[]],
  epoch: number,
  suspect: boolean,
  leasedAt: number,
): Lease {
  const id = row[AT.id];
  let body: JobBody | null = null;
  let tags: readonly string[] = [];
  let problem: string | null = null;
  try {
    tags = readTags({ id, tags: row[AT.tags] });
    body = readBody({ id, supersedes: row[AT.supersedes] }, row);
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    problem = error.message;
  }
  return {
    queue: queue.name,
    id,
    epoch,
    attempt: row[AT.counted] + 1,
    attempts: row[AT.attempts],
    crashes: row[AT.crashes],
    suspect,
    declinedAt: row[AT.declinedAt],
    body,
    problem,
    checkpoints: row[AT.checkpointed] === 1,
    tags,
    meta: row[AT.meta],
    priority: row[AT.priority],
    createdAt: row[AT.createdAt],
    runAt: row[AT.runAt],
    leasedAt,
  };
}
