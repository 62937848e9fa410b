/** Checkpoints of jobs. A job without any has no rows in their table, as `checkpointed` in its run record says. */
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../../../model/job/checkpoint.js";
import { Undecodable } from "../../../model/errors/errors.js";
import type { JobRef } from "../../../model/job/job.js";
import type { Job } from "./job.js";
import type { SqliteQueue } from "./queue.js";
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

const READ = `SELECT c.seq, c.entry FROM queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.id = ?
  CROSS JOIN checkpoints c ON c.job = j.job WHERE q.name = ? ORDER BY c.seq`;

/** The checkpoints of a job, by number. @throws Undecodable */
export function readCheckpoints(sql: Sql, { queue, id }: JobRef): Checkpoint[] {
  return sql.all<[seq: number, entry: string]>(READ, id, queue).map(([seq, entry]) => {
    try {
      return decodeCheckpoint(seq, entry);
    } catch (cause) {
      throw new Undecodable(id, `checkpoint ${seq}`, { cause });
    }
  });
}
