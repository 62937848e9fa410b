/**
 * The run record of a job: the columns of its row that decide where it stands and whose it is. Commands read it, change it
 * and write it back; what it carries (input, result, meta …) stays where it is.
 */
import { DEFAULT_RETENTION, retentionClass, type Retention } from "../../../model/job/retention.js";
import { isTerminal, type JobState } from "../../../model/job/state.js";
import { readRetention } from "../../../model/options/strict-job.js";
import { stateOf } from "./state-codes.js";
import type { Sql } from "../database/sql.js";

export interface Job {
  /** The number of its row. */
  job: number;
  readonly id: string;
  stateCode: number;
  position: number;
  tiebreak: string | null;
  priority: number;
  readonly attempts: number;
  readonly createdAt: number;
  runAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  expireAt: number | null;
  counted: number;
  epoch: number;
  /** The last lease that its own worker ended. */
  settled: number;
  crashes: number;
  suspect: boolean;
  /** Since when it has been declined; only a queued or active job has been. */
  declinedAt: number | null;
  /** The position it had when it was leased last. */
  readonly lastPosition: number | null;
  /** The session of the latest run: it holds the job only while that is active. */
  session: string | null;
  /** The lease under which the last error happened; 0: the job ended without a run. */
  errorEpoch: number | null;
  logged: number;
  readonly retention: string | null;
  kept: number | null;
  removeAt: number | null;
  readonly uniqueKey: string | null;
  readonly uniqueUntil: "started" | "finished" | number | null;
  op: string | null;
  tags: string | null;
  /** The key under which it replaces the job before it. */
  readonly supersedes: string | null;
  /** Have its runs left checkpoints? */
  checkpointed: boolean;
  /** Is it linked to other jobs? */
  linked: boolean;
}

/** What moving a job needs of it. */
export type MovingJob = Omit<
  Job,
  "attempts" | "settled" | "crashes" | "logged" | "uniqueKey" | "uniqueUntil" | "op" | "supersedes" | "checkpointed"
>;

/** The columns of a run record, in the order of `JobRow`; `j` is the table. */
export const JOB_COLUMNS = `j.job, j.id, j.state_code, j.position, j.tiebreak, j.priority, j.attempts, j.created_at,
  j.run_at, j.started_at, j.finished_at, j.expire_at, j.counted, j.epoch, j.settled, j.crashes, j.suspect, j.session, j.error_epoch, j.logged,
  j.retention, j.kept, j.remove_at, j.unique_key, j.unique_until, j.op, j.tags,
  j.supersedes, j.checkpointed, j.linked, j.declined_at, j.last_position`;

export type JobRow = [
  job: number,
  id: string,
  stateCode: number,
  position: number,
  tiebreak: string | null,
  priority: number,
  attempts: number,
  createdAt: number,
  runAt: number,
  startedAt: number | null,
  finishedAt: number | null,
  expireAt: number | null,
  counted: number,
  epoch: number,
  settled: number,
  crashes: number,
  suspect: number,
  session: string | null,
  errorEpoch: number | null,
  logged: number,
  retention: string | null,
  kept: number | null,
  removeAt: number | null,
  uniqueKey: string | null,
  uniqueUntil: "started" | "finished" | number | null,
  op: string | null,
  tags: string | null,
  supersedes: string | null,
  checkpointed: number,
  linked: number,
  declinedAt: number | null,
  lastPosition: number | null,
];

/** How many columns a run record has. */
export const JOB_WIDTH = 32;

/** A run record from its row, which may have more columns behind. */
export function jobFrom(row: readonly [...JobRow, ...unknown[]]): Job {
  return {
    job: row[0],
    id: row[1],
    stateCode: row[2],
    position: row[3],
    tiebreak: row[4],
    priority: row[5],
    attempts: row[6],
    createdAt: row[7],
    runAt: row[8],
    startedAt: row[9],
    finishedAt: row[10],
    expireAt: row[11],
    counted: row[12],
    epoch: row[13],
    settled: row[14],
    crashes: row[15],
    suspect: row[16] === 1,
    session: row[17],
    errorEpoch: row[18],
    logged: row[19],
    retention: row[20],
    kept: row[21],
    removeAt: row[22],
    uniqueKey: row[23],
    uniqueUntil: row[24],
    op: row[25],
    tags: row[26],
    supersedes: row[27],
    checkpointed: row[28] === 1,
    linked: row[29] === 1,
    declinedAt: row[30],
    lastPosition: row[31],
  };
}

const BY_ID = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.queue = ? AND j.id = ?`;
const BY_NUMBER = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.job = ?`;

/** A job by its id. */
export function findJob(sql: Sql, queue: number, id: string): Job | null {
  const row = sql.all<JobRow>(BY_ID, queue, id)[0];
  return row === undefined ? null : jobFrom(row);
}

/** A job by its number. */
export function loadJob(sql: Sql, number: number): Job | null {
  const row = sql.all<JobRow>(BY_NUMBER, number)[0];
  return row === undefined ? null : jobFrom(row);
}

const SAVE = `UPDATE jobs SET state_code = ?, position = ?, tiebreak = ?, priority = ?, run_at = ?, started_at = ?,
  finished_at = ?, expire_at = ?, counted = ?, epoch = ?, settled = ?, crashes = ?, suspect = ?, session = ?, error_epoch = ?, kept = ?,
  remove_at = ?, op = ?, tags = ?, checkpointed = ?, declined_at = ? WHERE job = ?`;

/** Writes a run record back. */
export function saveJob(sql: Sql, job: Job): void {
  sql.run(
    SAVE,
    job.stateCode,
    job.position,
    job.tiebreak,
    job.priority,
    job.runAt,
    job.startedAt,
    job.finishedAt,
    job.expireAt,
    job.counted,
    job.epoch,
    job.settled,
    job.crashes,
    job.suspect ? 1 : 0,
    job.session,
    job.errorEpoch,
    job.kept,
    job.removeAt,
    job.op,
    job.tags,
    job.checkpointed ? 1 : 0,
    job.declinedAt,
    job.job,
  );
}

/** The state of a job. */
export function stateOfJob(job: Pick<Job, "stateCode">): JobState {
  return stateOf(job.stateCode);
}

/** How long a job is kept. What cannot be decoded counts as the default: such a job, too, must go one day. */
export function retentionOf(job: Pick<Job, "retention">): Retention {
  if (job.retention === null) return DEFAULT_RETENTION;
  try {
    return parseRetention(job.retention);
  } catch {
    return DEFAULT_RETENTION;
  }
}

/** The tags of a job; none when they cannot be decoded. */
export function tagsOf(job: Pick<Job, "tags">): readonly string[] {
  if (job.tags === null) return [];
  try {
    return parseTags(job.tags);
  } catch {
    return [];
  }
}

/** Retention as it is stored. @throws when it cannot be decoded */
export function parseRetention(text: string): Retention {
  return readRetention("retention", JSON.parse(text));
}

/** Tags as they are stored. @throws when they cannot be decoded */
export function parseTags(text: string): readonly string[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === "string"))
    throw new TypeError("not a list of text");
  return value;
}

/** Did the job end well by running, so that its own row tells how its last run ended? */
export function reportsLastRun(state: JobState, { epoch }: Pick<Job, "epoch">): state is "completed" | "partial" {
  return isTerminal(state) && retentionClass(state) === "completed" && epoch > 0;
}
