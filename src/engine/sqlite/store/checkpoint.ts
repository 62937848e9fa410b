/** What the runs of a job leave for those after them. A job of which runs left nothing has no row here, and costs nothing. */
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../../../model/job/checkpoint.js";
import { Undecodable } from "../../../model/errors/errors.js";
import type { JobRef } from "../../../model/job/job.js";
import type { Job } from "./job.js";
import type { SqliteQueue } from "./queue.js";
import type { Sql } from "../database/sql.js";

/** Keeps checkpoints of a job under their numbers, and tells watchers of milestones. */
export function keepCheckpoints(sql: Sql, queue: SqliteQueue, job: Job, checkpoints: readonly Checkpoint[]): void {
  for (const checkpoint of checkpoints) {
    const { seq, kind, name, value } = checkpoint;
    const entry = encodeCheckpoint(checkpoint);
    sql.run("INSERT OR REPLACE INTO checkpoints (job, seq, entry) VALUES (?, ?, ?)", job.job, seq, entry);
    if (kind === "milestone") queue.tell({ kind, id: job.id, name, value });
    if (kind === "status") queue.tell({ kind, id: job.id, name });
  }
  if (checkpoints.length === 0 || job.checkpointed) return;
  job.checkpointed = true;
  sql.run("UPDATE jobs SET checkpointed = 1 WHERE job = ?", job.job);
}

/** Forgets what the runs of a job left. Unless the job goes too, whoever asked writes its run record back. */
export function dropCheckpoints(sql: Sql, job: Job): void {
  if (job.checkpointed) sql.run("DELETE FROM checkpoints WHERE job = ?", job.job);
  job.checkpointed = false;
}

const READ = `SELECT c.seq, c.entry FROM queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.id = ?
  CROSS JOIN checkpoints c ON c.job = j.job WHERE q.name = ? ORDER BY c.seq`;

/** What the runs of a job left, by number. @throws Undecodable */
export function readCheckpoints(sql: Sql, { queue, id }: JobRef): Checkpoint[] {
  return sql.all<[seq: number, entry: string]>(READ, id, queue).map(([seq, entry]) => {
    try {
      return decodeCheckpoint(seq, entry);
    } catch (cause) {
      throw new Undecodable(id, `checkpoint ${seq}`, { cause });
    }
  });
}
