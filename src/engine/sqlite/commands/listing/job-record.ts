/** Jobs as they are read back, from the row of the job and the rows of its ended runs. */
import { DEFAULT_BACKOFF } from "../../../../model/failure/backoff.js";
import { Undecodable } from "../../../../model/errors/errors.js";
import type { Failure } from "../../../../model/failure/failure.js";
import { asksFor, withFields, type LongField, type RecordWith } from "../../../../model/job/query/fields.js";
import {
  MOST_ATTEMPT_RECORDS,
  type AttemptOutcome,
  type AttemptRecord,
  type RanBy,
} from "../../../../model/job/job.js";
import { UNLINKED, type JobBody, type JobRecord } from "../../../../model/job/job.js";
import { decodeProgress, progressIn, type Progress } from "../../../../model/job/progress.js";
import { DEFAULT_RETENTION } from "../../../../model/job/retention.js";
import { decodeStepFailures, type StepFailure } from "../../../../model/failure/step-failure.js";
import type { Unique } from "../../../../model/job/unique.js";
import { ranBy, RAN_BY_UNKNOWN } from "../../../contract/worker/builds.js";
import { buildOf, workerOf } from "../../../contract/worker/session-id.js";
import { columns, type RowOf } from "../../database/columns.js";
import type { SqlValue } from "../../database/driver.js";
import { findBuilds, type BuildLookup } from "../../store/builds.js";
import {
  jobFrom,
  JOB_COLUMNS,
  JOB_WIDTH,
  stateOfJob,
  reportsLastRun,
  type Job,
  type JobRow,
} from "../../store/job/job.js";
import {
  decode,
  PAYLOAD_EXPRESSIONS,
  PAYLOAD_NAMES,
  readBody,
  readRetention,
  readTags,
  readLinks,
  type Payload,
} from "../../store/job/payload.js";
import type { Sql } from "../../database/sql.js";

/** The columns of a record that its run record has not. */
interface Carried extends Payload {
  ttl: number | null;
  progress: SqlValue;
  result: string | null;
  failures: SqlValue;
  uniqueOnConflict: Unique["onConflict"] | null;
  debounceWait: number | null;
  debounceMost: number | null;
  queue: string;
}

const CARRIED = [
  ...PAYLOAD_NAMES,
  ...(["ttl", "progress", "result", "failures", "uniqueOnConflict", "debounceWait", "debounceMost", "queue"] as const),
] as const;

type CarriedRow = RowOf<typeof CARRIED, Carried>;
type RecordRow = [...JobRow, ...CarriedRow];

const { at: AT } = columns(CARRIED);

/** What selects the columns, those that are not asked for left out: SQLite does not read what it does not select. */
function carriedColumns(fields: Fields): string {
  const unasked = {
    ...(asksFor(fields, "input") ? {} : { input: "'' AS input" }),
    ...(asksFor(fields, "result") ? {} : { result: "NULL AS result" }),
    ...(asksFor(fields, "meta") ? {} : { meta: "NULL AS meta" }),
    ...(asksFor(fields, "failures") ? {} : { failures: "NULL AS failures" }),
  };
  return columns(CARRIED, "j.", { ...PAYLOAD_EXPRESSIONS, queue: "q.name", ...unasked }).text;
}

/** The long fields that are read; without a list all. */
export type Fields = readonly LongField[] | undefined;

/** Reads jobs with these of their long fields. `from` follows FROM: the tables `j` and `q`, conditions, order. */
export function readRecords(sql: Sql, fields: Fields, from: string, ...values: SqlValue[]): RecordWith<LongField>[] {
  const rows = sql.all<RecordRow>(`SELECT ${JOB_COLUMNS}, ${carriedColumns(fields)} FROM ${from}`, ...values);
  const jobs = rows.map((row) => jobFrom(row));
  const whole = asksFor(fields, "history");
  // The error of a job that ended without a run is stored as a run under epoch 0.
  const ran = jobs.filter(({ epoch, errorEpoch }) => (whole && epoch > 0) || errorEpoch !== null);
  const runs = readRuns(
    sql,
    whole ? RUNS : LAST_ERRORS,
    ran.map(({ job }) => job),
  );
  const rowsOf = jobs.map((job, index) => {
    return { job, row: rows[index]?.slice(JOB_WIDTH) as CarriedRow, runs: runs.get(job.job) ?? [] };
  });
  const builds = findBuilds(
    sql,
    rowsOf.flatMap(({ job, row, runs: ended }) =>
      [buildOf(job.session ?? ""), ...ended.map((run) => run[OF_RUN.build])].map(
        (code) => [row[AT.queue], code] as const,
      ),
    ),
  );
  return rowsOf.map(({ job, row, runs: ended }) => withFields(recordOf(job, row, ended, builds), fields));
}

/** A run that ended, as it is stored. */
interface Run extends Omit<AttemptRecord, "error" | keyof RanBy> {
  build: string | null;
  job: number;
  epoch: number;
  endedAt: number;
  outcome: AttemptOutcome;
  error: SqlValue;
}

const RUN = ["job", "epoch", "number", "worker", "startedAt", "endedAt", "outcome", "error", "build"] as const;
type RunRow = RowOf<typeof RUN, Run>;
const { at: OF_RUN, text: RUN_COLUMNS } = columns(RUN, "a.");

const RUNS = `SELECT ${RUN_COLUMNS} FROM attempts a WHERE a.job IN (SELECT value FROM json_each(?))
  ORDER BY a.job, a.epoch`;

/** Of each only the run with its last error. */
const LAST_ERRORS = `SELECT ${RUN_COLUMNS} FROM json_each(?) e CROSS JOIN jobs j ON j.job = e.value
  CROSS JOIN attempts a ON a.job = j.job AND a.epoch = j.error_epoch`;

function readRuns(sql: Sql, text: string, jobs: readonly number[]): Map<number, RunRow[]> {
  const runs = new Map<number, RunRow[]>(jobs.map((job) => [job, []]));
  if (jobs.length === 0) return runs;
  for (const row of sql.all<RunRow>(text, JSON.stringify(jobs))) runs.get(row[OF_RUN.job])?.push(row);
  return runs;
}

// One literal that names every field: records made of several spreads take twenty times as long, and pages have hundreds.
function recordOf(job: Job, row: CarriedRow, runs: readonly RunRow[], builds: BuildLookup): JobRecord {
  const state = stateOfJob(job);
  const active = state === "active";
  const decoded = decodedOf(job, row, runs, builds);
  const { body, ran } = decoded;
  return {
    id: job.id,
    queue: row[AT.queue],
    task: body.task,
    state,
    role: decoded.role,
    priority: job.priority,
    attempt: job.counted + (active ? 1 : 0),
    attempts: job.attempts,
    crashes: job.crashes,
    backoff: body.backoff,
    timeout: decoded.problem === null ? body.timeout : Number(row[AT.timeout]),
    ttl: row[AT.ttl],
    tags: decoded.tags,
    unique: uniqueOf(job, row),
    supersedes: job.supersedes,
    retention: decoded.retention,
    after: body.after,
    references: body.references,
    flow: body.flow,
    input: body.input,
    result: decoded.result,
    meta: decoded.meta,
    progress: decoded.progress,
    failures: decoded.failures,
    error: decoded.error,
    history: decoded.history,
    createdAt: job.createdAt,
    runAt: job.runAt,
    startedAt: job.startedAt,
    finishedAt: job.finishedAt,
    worker: active ? workerOf(job.session ?? "") : null,
    lastWorker: job.session === null ? null : workerOf(job.session),
    appVersion: ran.appVersion,
    environment: ran.environment,
    version: ran.version,
    problem: decoded.problem,
  };
}

/** The parts of a record that are stored as texts of their own. */
interface Decoded extends Pick<
  JobRecord,
  "role" | "tags" | "retention" | "result" | "meta" | "progress" | "failures" | "error" | "history" | "problem"
> {
  readonly body: Omit<JobBody, "supersedes">;
  readonly ran: RanBy;
}

/** Decodes them; when one cannot be decoded, all are empty and `problem` names it. */
function decodedOf(job: Job, row: CarriedRow, runs: readonly RunRow[], builds: BuildLookup): Decoded {
  try {
    const body = readBody(job, row);
    const by = (code: string | null): RanBy => ranBy(builds(row[AT.queue], code), body.task);
    return {
      body,
      history: historyOf(job, runs, by),
      // The history may not have been asked for.
      ran: by(buildOf(job.session ?? "")),
      role: readLinks(job, row).role,
      tags: readTags(job),
      retention: readRetention(job),
      result: row[AT.result],
      meta: row[AT.meta],
      progress: progressIn(
        stateOfJob(job),
        decode<Progress | null>(job.id, "progress", row[AT.progress], decodeProgress, null),
      ),
      failures: decode<readonly StepFailure[]>(job.id, "failures", row[AT.failures], decodeStepFailures, []),
      error: lastError(job, runs),
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    return { ...NOTHING, problem: error.message };
  }
}

const NOTHING = {
  body: { ...UNLINKED, task: "", input: "null", backoff: DEFAULT_BACKOFF, timeout: 0 },
  ran: RAN_BY_UNKNOWN,
  role: UNLINKED.role,
  tags: [],
  retention: DEFAULT_RETENTION,
  result: null,
  meta: null,
  progress: null,
  failures: [],
  error: null,
  history: [],
};

function uniqueOf({ uniqueKey, uniqueUntil }: Job, row: CarriedRow): Unique | null {
  const onConflict = row[AT.uniqueOnConflict];
  if (uniqueKey === null || uniqueUntil === null || onConflict === null) return null;
  const unique = { key: uniqueKey, until: uniqueUntil, onConflict };
  const wait = row[AT.debounceWait];
  return wait === null ? unique : { ...unique, debounce: { wait, most: row[AT.debounceMost] } };
}

function lastError(job: Job, runs: readonly RunRow[]): Failure | null {
  const run = runs.find((row) => row[OF_RUN.epoch] === job.errorEpoch);
  return run === undefined ? null : errorOf(job, run);
}

function errorOf(job: Job, run: RunRow): Failure | null {
  return decode<Failure | null>(job.id, "error", run[OF_RUN.error], readFailure, null);
}

function historyOf(job: Job, runs: readonly RunRow[], by: (code: string | null) => RanBy): AttemptRecord[] {
  const state = stateOfJob(job);
  const active = state === "active";
  const session = job.session ?? "";
  const run = { ...by(buildOf(session)), worker: workerOf(session), startedAt: job.startedAt ?? 0, error: null };
  // One more run may be stored, for its error alone.
  const stored = reportsLastRun(state, job) ? MOST_ATTEMPT_RECORDS - 1 : MOST_ATTEMPT_RECORDS;
  const ended = runs.filter((row) => row[OF_RUN.epoch] > 0);
  const history = ended.slice(-stored).map((row): AttemptRecord => {
    return {
      number: row[OF_RUN.number],
      worker: row[OF_RUN.worker],
      ...by(row[OF_RUN.build]),
      startedAt: row[OF_RUN.startedAt],
      endedAt: row[OF_RUN.endedAt],
      outcome: row[OF_RUN.outcome],
      error: errorOf(job, row),
    };
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
