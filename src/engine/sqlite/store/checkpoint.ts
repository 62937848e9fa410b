/**
 * Checkpoints of jobs. A job that begins anew is without any at once: where it has more than a transaction removes, those of its
 * next runs are stored under numbers beyond theirs, and theirs are removed by transactions after it (leftovers.ts).
 */
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../../../model/job/report/checkpoint.js";
import { Undecodable } from "../../../model/errors/errors.js";
import type { JobRef } from "../../../model/job/job.js";
import type { Job } from "./job/job.js";
import type { SqliteQueue } from "./queue/queue.js";
import { countFitting, MOST_READ } from "./job/weight.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "./transaction.js";

const ENTRY = "SELECT entry FROM checkpoints WHERE job = ? AND seq = ?";

/** Stores checkpoints under their numbers, and emits milestones and statuses. */
export function keepCheckpoints(sql: Sql, queue: SqliteQueue, job: Job, checkpoints: readonly Checkpoint[]): void {
  for (const checkpoint of checkpoints) {
    const { kind, name, value } = checkpoint;
    const seq = job.checkpointsFrom + checkpoint.seq;
    const entry = encodeCheckpoint(checkpoint);
    const isShown = kind === "milestone" || kind === "status";
    // One that is sent again is not shown again.
    const known = isShown && sql.all<[entry: string]>(ENTRY, job.job, seq)[0]?.[0] === entry;
    if (known) continue;
    sql.run("INSERT OR REPLACE INTO checkpoints (job, seq, entry) VALUES (?, ?, ?)", job.job, seq, entry);
    if (kind === "milestone") queue.emit({ kind, id: job.id, name, value });
    if (kind === "status") queue.emit({ kind, id: job.id, name });
  }
  if (checkpoints.length === 0 || job.checkpointed) return;
  job.checkpointed = true;
  sql.run("UPDATE jobs SET checkpointed = 1 WHERE job = ?", job.job);
}

const DROP = `DELETE FROM checkpoints WHERE job = ? AND seq IN (
  SELECT c.seq FROM checkpoints c WHERE c.job = ? AND c.seq <= ? ORDER BY c.seq LIMIT ? + 0)`;
const HIGHEST = "SELECT max(seq) FROM checkpoints WHERE job = ?";
const NUMBER_FROM = "UPDATE jobs SET checkpoints_from = ? WHERE job = ?";
const MARK = "INSERT OR IGNORE INTO stale_checkpoints (job) VALUES (?)";
const UNMARK = "DELETE FROM stale_checkpoints WHERE job = ?";
const FIRST_STALE = `SELECT s.job, j.checkpoints_from FROM stale_checkpoints s CROSS JOIN jobs j ON j.job = s.job
  ORDER BY s.job LIMIT 1`;

/** Removes the checkpoints of a job, as many as the transaction may; the others are no longer its. The caller writes the run record back. */
export function dropCheckpoints(transaction: Transaction, { job }: Pick<Job, "job">): void {
  const { sql } = transaction;
  const highest = sql.all<[seq: number | null]>(HIGHEST, job)[0]?.[0] ?? null;
  if (highest === null || dropSome(transaction, job, highest)) return;
  sql.run(NUMBER_FROM, highest, job);
  sql.run(MARK, job);
  transaction.leave();
}

/** Removes checkpoints of runs before their jobs began anew, as many as the transaction may. */
export function dropStaleCheckpoints(transaction: Transaction): void {
  const { sql } = transaction;
  for (let first = firstStale(sql); first !== undefined; first = firstStale(sql)) {
    const [job, from] = first;
    if (!dropSome(transaction, job, from)) {
      transaction.leave();
      return;
    }
    sql.run(UNMARK, job);
  }
}

/** Are there such? */
export function hasStaleCheckpoints(sql: Sql): boolean {
  return firstStale(sql) !== undefined;
}

/** Its number, and up to which number its checkpoints are stale. */
function firstStale(sql: Sql): [job: number, from: number] | undefined {
  return sql.all<[job: number, from: number]>(FIRST_STALE)[0];
}

/** Removes checkpoints up to a number; returns whether those were all. */
function dropSome({ sql, left }: Transaction, job: number, upTo: number): boolean {
  const most = left.rows;
  if (most <= 0) return false;
  const removed = sql.run(DROP, job, job, upTo, most);
  left.rows -= removed;
  return removed < most;
}

/** How many checkpoints are read at once, however short they are. */
const MOST_AT_ONCE = 1_000;
const AFTER = `FROM queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.id = ?
  CROSS JOIN checkpoints c ON c.job = j.job AND c.seq > j.checkpoints_from + ? WHERE q.name = ? ORDER BY c.seq LIMIT ? + 0`;
const LENGTHS = `SELECT octet_length(c.entry) ${AFTER}`;
const READ = `SELECT c.seq - j.checkpoints_from, c.entry ${AFTER}`;

/** Some checkpoints of a job. */
export interface CheckpointPage {
  readonly checkpoints: Checkpoint[];
  /** The number after which it goes on; `null`: there are no more. */
  readonly next: number | null;
}

/** The checkpoints of a job after a number, as many as are read at once. @throws Undecodable */
export function checkpointsAfter(sql: Sql, { queue, id }: JobRef, after: number): CheckpointPage {
  const lengths = sql.all<[length: number]>(LENGTHS, id, after, queue, MOST_AT_ONCE).map(([length]) => length);
  if (lengths.length === 0) return { checkpoints: [], next: null };
  const some = Math.max(1, countFitting(lengths, MOST_READ));
  const checkpoints = sql.all<[seq: number, entry: string]>(READ, id, after, queue, some).map(([seq, entry]) => {
    try {
      return decodeCheckpoint(seq, entry);
    } catch (cause) {
      throw new Undecodable(id, `checkpoint ${seq}`, { cause });
    }
  });
  const isLast = some === lengths.length && some < MOST_AT_ONCE;
  return { checkpoints, next: isLast ? null : (checkpoints.at(-1)?.seq ?? null) };
}
