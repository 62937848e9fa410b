/**
 * The run record of a job: the columns of its row that decide its state, place and lease. Commands read it, change it and write
 * it back; its payload (input, result, meta …) stays in the file.
 */
import { DEFAULT_RETENTION, retentionClass, type Retention } from "../../../../model/job/retention.js";
import { isTerminal, type JobState } from "../../../../model/job/state.js";
import { readRetention } from "../../../../model/options/strict-job.js";
import { stateOf } from "../queue/state-codes.js";
import { columns, type RowOf, type Stored } from "../../database/columns.js";
import type { Sql } from "../../database/sql.js";

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
  /** The epoch of the last lease that its worker settled: the same outcome sent again is answered `applied`. */
  settled: number;
  crashes: number;
  suspect: boolean;
  /** Since when it has been declined. Only queued and active jobs have this. */
  declinedAt: number | null;
  /** Its position when it was leased last. */
  readonly lastPosition: number | null;
  /** The session of the latest run: it holds the job only while that is active. */
  session: string | null;
  /** The epoch of the run with the last error; 0: the job failed without a run. */
  errorEpoch: number | null;
  logged: number;
  readonly retention: string | null;
  kept: number | null;
  removeAt: number | null;
  readonly uniqueKey: string | null;
  readonly uniqueUntil: "started" | "finished" | number | null;
  /** The last commands on it (shared/operations.ts). */
  op: string | null;
  tags: string | null;
  /** The key under which it supersedes the job before it. */
  readonly supersedes: string | null;
  /** Has it checkpoints? */
  checkpointed: boolean;
  /** Its checkpoints are stored under their numbers beyond this. */
  readonly checkpointsFrom: number;
  /** Is it linked to other jobs? */
  linked: boolean;
}

/** The part of a run record that a move reads and changes. */
export type MovingJob = Omit<
  Job,
  | "attempts"
  | "settled"
  | "crashes"
  | "logged"
  | "uniqueKey"
  | "uniqueUntil"
  | "op"
  | "supersedes"
  | "checkpointed"
  | "checkpointsFrom"
>;

/** The columns of a run record. */
const NAMES = [
  "job",
  "id",
  "stateCode",
  "position",
  "tiebreak",
  "priority",
  "attempts",
  "createdAt",
  "runAt",
  "startedAt",
  "finishedAt",
  "expireAt",
  "counted",
  "epoch",
  "settled",
  "crashes",
  "suspect",
  "session",
  "errorEpoch",
  "logged",
  "retention",
  "kept",
  "removeAt",
  "uniqueKey",
  "uniqueUntil",
  "op",
  "tags",
  "supersedes",
  "checkpointed",
  "linked",
  "declinedAt",
  "lastPosition",
  "checkpointsFrom",
] as const satisfies readonly (keyof Job)[];

export type JobRow = RowOf<typeof NAMES, Stored<Job>>;

const JOB = columns(NAMES, "j.");
const AT = JOB.at;

/** What selects a `JobRow` from the table `j`. */
export const JOB_COLUMNS = JOB.text;

/** How many columns a run record has. */
export const JOB_WIDTH = JOB.width;

/** A run record from its row, which may have more columns after it. */
export function jobFrom(row: readonly [...JobRow, ...unknown[]]): Job {
  return {
    job: row[AT.job],
    id: row[AT.id],
    stateCode: row[AT.stateCode],
    position: row[AT.position],
    tiebreak: row[AT.tiebreak],
    priority: row[AT.priority],
    attempts: row[AT.attempts],
    createdAt: row[AT.createdAt],
    runAt: row[AT.runAt],
    startedAt: row[AT.startedAt],
    finishedAt: row[AT.finishedAt],
    expireAt: row[AT.expireAt],
    counted: row[AT.counted],
    epoch: row[AT.epoch],
    settled: row[AT.settled],
    crashes: row[AT.crashes],
    suspect: row[AT.suspect] === 1,
    session: row[AT.session],
    errorEpoch: row[AT.errorEpoch],
    logged: row[AT.logged],
    retention: row[AT.retention],
    kept: row[AT.kept],
    removeAt: row[AT.removeAt],
    uniqueKey: row[AT.uniqueKey],
    uniqueUntil: row[AT.uniqueUntil],
    op: row[AT.op],
    tags: row[AT.tags],
    supersedes: row[AT.supersedes],
    checkpointed: row[AT.checkpointed] === 1,
    linked: row[AT.linked] === 1,
    declinedAt: row[AT.declinedAt],
    lastPosition: row[AT.lastPosition],
    checkpointsFrom: row[AT.checkpointsFrom],
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

/** Under which fingerprint a job is filed. Takes whether it is, and the epoch of its error. */
export const FILED = `CASE WHEN ? THEN (SELECT a.fingerprint FROM attempts a WHERE a.job = jobs.job AND a.epoch = ?) END`;

/** Does the job stand failed or partial? Then it is filed under the fingerprint of its error. */
export function isFiled(job: Pick<Job, "stateCode">): number {
  const state = stateOfJob(job);
  return state === "failed" || state === "partial" ? 1 : 0;
}

const SAVE = `UPDATE jobs SET state_code = ?, position = ?, tiebreak = ?, priority = ?, run_at = ?, started_at = ?,
  finished_at = ?, expire_at = ?, counted = ?, epoch = ?, settled = ?, crashes = ?, suspect = ?, session = ?, error_epoch = ?, kept = ?,
  remove_at = ?, op = ?, tags = ?, checkpointed = ?, declined_at = ?, filed = ${FILED} WHERE job = ?`;

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
    isFiled(job),
    job.errorEpoch,
    job.job,
  );
}

export function stateOfJob(job: Pick<Job, "stateCode">): JobState {
  return stateOf(job.stateCode);
}

/** The retention of a job; the default when it cannot be decoded, so that such a job is removed one day too. */
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

/** Did the job run and end well? Its own row is then the record of its last run. */
export function reportsLastRun(state: JobState, { epoch }: Pick<Job, "epoch">): state is "completed" | "partial" {
  return isTerminal(state) && retentionClass(state) === "completed" && epoch > 0;
}
