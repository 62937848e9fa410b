/** Jobs as they are read back: the row, the runs that ended, the run under way. */
import { DEFAULT_BACKOFF } from "../../../model/failure/backoff.js";
import { Undecodable } from "../../../model/errors/errors.js";
import type { Failure } from "../../../model/failure/failure.js";
import { MOST_ATTEMPT_RECORDS, type AttemptOutcome, type AttemptRecord } from "../../../model/job/job.js";
import { UNLINKED, type JobRecord } from "../../../model/job/job.js";
import { decodeProgress, progressIn, type Progress } from "../../../model/job/progress.js";
import { DEFAULT_RETENTION } from "../../../model/job/retention.js";
import { decodeStepFailures, type StepFailure } from "../../../model/failure/step-failure.js";
import type { Unique } from "../../../model/job/unique.js";
import { workerOf } from "../../shared/session-id.js";
import type { SqlValue } from "../database/driver.js";
import { jobFrom, JOB_COLUMNS, JOB_WIDTH, stateOfJob, reportsLastRun, type Job, type JobRow } from "../store/job.js";
import {
  decode,
  PAYLOAD_COLUMNS,
  readBody,
  readRetention,
  readTags,
  readLinks,
  type PayloadRow,
} from "../store/payload.js";
import type { Sql } from "../database/sql.js";

type RecordRow = [
  ...JobRow,
  ...PayloadRow,
  ttl: number | null,
  progress: SqlValue,
  result: string | null,
  failures: SqlValue,
  onConflict: Unique["onConflict"] | null,
  debounceWait: number | null,
  debounceMost: number | null,
  queue: string,
];

/** The columns of a record, in the order of its row; `j` is the table of jobs, `q` that of queues. */
const COLUMNS = `${JOB_COLUMNS}, ${PAYLOAD_COLUMNS}, j.ttl, j.progress, j.result, j.failures, j.unique_on_conflict,
  j.debounce_wait, j.debounce_most, q.name`;

/** A record and its position. */
export interface Standing {
  readonly record: JobRecord;
  readonly position: number;
}

/** Reads jobs. `from` is what follows FROM: the tables `j` and `q`, conditions, order. */
export function readRecords(sql: Sql, from: string, ...values: SqlValue[]): Standing[] {
  const rows = sql.all<RecordRow>(`SELECT ${COLUMNS} FROM ${from}`, ...values);
  const runs = readRuns(
    sql,
    // An error is kept as that of a run, also of a job that ended without one.
    rows.filter((row) => row[13] > 0 || row[18] !== null).map((row) => row[0]),
  );
  return rows.map((row) => ({ record: recordOf(row, runs.get(row[0]) ?? []), position: row[3] }));
}

/** A run that ended, as it is stored. */
type RunRow = [
  job: number,
  epoch: number,
  number: number,
  worker: string,
  startedAt: number,
  endedAt: number,
  outcome: AttemptOutcome,
  error: SqlValue,
];

const RUNS = `SELECT a.job, a.epoch, a.number, a.worker, a.started_at, a.ended_at, a.outcome, a.error
  FROM attempts a WHERE a.job IN (SELECT value FROM json_each(?)) ORDER BY a.job, a.epoch`;

function readRuns(sql: Sql, jobs: readonly number[]): Map<number, RunRow[]> {
  const runs = new Map<number, RunRow[]>(jobs.map((job) => [job, []]));
  if (jobs.length > 0) for (const row of sql.all<RunRow>(RUNS, JSON.stringify(jobs))) runs.get(row[0])?.push(row);
  return runs;
}

function recordOf(row: RecordRow, runs: readonly RunRow[]): JobRecord {
  const job = jobFrom(row);
  const [, , , timeout, meta, , ttl, progress, result, failures, onConflict, debounceWait, debounceMost, queue] =
    tail(row);
  const state = stateOfJob(job);
  const active = state === "active";
  const common = {
    id: job.id,
    queue,
    state,
    priority: job.priority,
    attempt: job.counted + (active ? 1 : 0),
    attempts: job.attempts,
    crashes: job.crashes,
    timeout: Number(timeout),
    ttl,
    unique: uniqueOf(job, onConflict, debounceWait, debounceMost),
    supersedes: job.supersedes,
    createdAt: job.createdAt,
    runAt: job.runAt,
    startedAt: job.startedAt,
    finishedAt: job.finishedAt,
    worker: active ? workerOf(job.session ?? "") : null,
  };
  try {
    return {
      ...common,
      ...readBody(job, tail(row)),
      role: readLinks(job, tail(row)).role,
      tags: readTags(job),
      retention: readRetention(job),
      result,
      meta,
      progress: progressIn(state, decode<Progress | null>(job.id, "progress", progress, decodeProgress, null)),
      failures: decode<readonly StepFailure[]>(job.id, "failures", failures, decodeStepFailures, []),
      error: lastError(job, runs),
      history: historyOf(job, runs),
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    return { ...common, ...EMPTY, ...UNLINKED, problem: error.message };
  }
}

const EMPTY = {
  task: "",
  input: "null",
  result: null,
  meta: null,
  backoff: DEFAULT_BACKOFF,
  tags: [],
  retention: DEFAULT_RETENTION,
  progress: null,
  failures: [],
  error: null,
  history: [],
};

type Tail = RecordRow extends [...JobRow, ...infer Rest] ? Rest : never;

function tail(row: RecordRow): Tail {
  return row.slice(JOB_WIDTH) as Tail;
}

function uniqueOf(
  { uniqueKey, uniqueUntil }: Job,
  onConflict: Unique["onConflict"] | null,
  wait: number | null,
  most: number | null,
): Unique | null {
  if (uniqueKey === null || uniqueUntil === null || onConflict === null) return null;
  const unique = { key: uniqueKey, until: uniqueUntil, onConflict };
  return wait === null ? unique : { ...unique, debounce: { wait, most } };
}

function lastError(job: Job, runs: readonly RunRow[]): Failure | null {
  const run = runs.find((row) => row[1] === job.errorEpoch);
  return run === undefined ? null : errorOf(job, run);
}

function errorOf(job: Job, run: RunRow): Failure | null {
  return decode<Failure | null>(job.id, "error", run[7], readFailure, null);
}

function historyOf(job: Job, runs: readonly RunRow[]): AttemptRecord[] {
  const state = stateOfJob(job);
  const active = state === "active";
  const run = { worker: workerOf(job.session ?? ""), startedAt: job.startedAt ?? 0, error: null };
  // One more may be stored for its error alone.
  const stored = reportsLastRun(state, job) ? MOST_ATTEMPT_RECORDS - 1 : MOST_ATTEMPT_RECORDS;
  const ended = runs.filter(([, epoch]) => epoch > 0);
  const history = ended.slice(-stored).map((row): AttemptRecord => {
    const [, , number, worker, startedAt, endedAt, outcome] = row;
    return { number, worker, startedAt, endedAt, outcome, error: errorOf(job, row) };
  });
  if (active) history.push({ ...run, number: job.counted + 1, endedAt: null, outcome: null });
  if (reportsLastRun(state, job))
    history.push({ ...run, number: job.counted, endedAt: job.finishedAt, outcome: state });
  return history;
}

function readFailure(text: string): Failure {
  const value = JSON.parse(text) as Failure;
  if (typeof value.message !== "string") throw new TypeError("no message");
  return value;
}
