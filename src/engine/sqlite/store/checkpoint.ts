/** Checkpoints of jobs. A job without any has no rows in their table, as `checkpointed` in its run record says. */
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../../../model/job/checkpoint.js";
import { Undecodable } from "../../../model/errors/errors.js";
import type { JobRef } from "../../../model/job/job.js";
import type { Job } from "./job.js";
import type { SqliteQueue } from "./queue.js";
import { countFitting, MOST_READ } from "./weight.js";
import type { Sql } from "../database/sql.js";

const ENTRY = "SELECT entry FROM checkpoints WHERE job = ? AND seq = ?";

/** Stores checkpoints under their numbers, and emits milestones and statuses. */
export function keepCheckpoints(sql: Sql, queue: SqliteQueue, job: Job, checkpoints: readonly Checkpoint[]): void {
  for (const checkpoint of checkpoints) {
    const { seq, kind, name, value } = checkpoint;
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

/** Removes the checkpoints of a job. The caller writes the run record back. */
export function dropCheckpoints(sql: Sql, job: Job): void {
  if (job.checkpointed) sql.run("DELETE FROM checkpoints WHERE job = ?", job.job);
  job.checkpointed = false;
}

/** How many checkpoints are read at once, however short they are. */
const MOST_AT_ONCE = 1_000;
const AFTER = `FROM queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.id = ?
  CROSS JOIN checkpoints c ON c.job = j.job AND c.seq > ? WHERE q.name = ? ORDER BY c.seq LIMIT ?`;
const LENGTHS = `SELECT octet_length(c.entry) ${AFTER}`;
const READ = `SELECT c.seq, c.entry ${AFTER}`;

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
