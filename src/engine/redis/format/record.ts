/** Decodes the answers of the read script to `JobRecord`s. An undecodable job is answered too, with its problem. */
import { DEFAULT_BACKOFF } from "../../../model/failure/backoff.js";
import type { Failure } from "../../../model/failure/failure.js";
import { withFields, type LongField, type RecordWith } from "../../../model/job/query/fields.js";
import type { InputReference } from "../../../model/job/membership.js";
import { UNLINKED, type AttemptRecord, type JobRecord, type JobRef, type RanBy } from "../../../model/job/job.js";
import { decodeProgress, progressIn, type Progress } from "../../../model/job/progress.js";
import { DEFAULT_RETENTION } from "../../../model/job/retention.js";
import { decodeStepFailures, type StepFailure } from "../../../model/failure/step-failure.js";
import { isState, isTerminal, type JobState } from "../../../model/job/state.js";
import { PRIORITY_STEP, type OrderKey } from "../../shared/listing-order.js";
import { latestRanBy, ranBy, RAN_BY_UNKNOWN, type Build } from "../../contract/worker/builds.js";
import { buildOf, workerOf } from "../../contract/worker/session-id.js";
import { decodeBody, type Header } from "./body.js";
import { number, orNull, text } from "../connection/reply.js";
import { WITHOUT_RUN } from "../connection/wire.js";

/** A record and its place in listings. */
export interface Found {
  readonly record: RecordWith<LongField>;
  readonly key: OrderKey;
}

/** Decodes the values of one job, read with these long fields; `null` when it does not exist. `builds`: of its queue, by code. */
export function decodeRecord(
  ref: JobRef,
  values: readonly unknown[],
  builds: ReadonlyMap<string, Build>,
  fields: readonly LongField[] | undefined,
): Found | null {
  const [
    state,
    counted,
    attempts,
    crashes,
    epoch,
    priority,
    position,
    createdAt,
    runAt,
    startedAt,
    finishedAt,
    session,
  ] = values;
  if (state === "") return null;
  if (!isState(state))
    return { record: withFields(broken(ref, "its record cannot be decoded"), fields), key: [0, ref.id] };
  const [, , , , , , , , , , , , body, result, ended, progress, meta, tags, lastError, failed] = values;
  const payload = decodePayload(ref, text(body), text(ended), text(progress), text(lastError), text(failed));
  const started = number(startedAt);
  const finished = number(finishedAt);
  const attempt = number(counted) + (state === "active" ? 1 : 0);
  const times = {
    startedAt: started === 0 ? null : started,
    finishedAt: finished === 0 ? null : finished,
  };
  const last = lastRun(state, text(session), { attempt, ...times });
  const { header } = payload;
  const runs = last === null ? payload.history : [...payload.history, last];
  const history = runs.map(({ build, ...run }) => ({ ...run, ...ranBy(builds.get(build ?? ""), header.task) }));
  const ran = latestRanBy(history);
  // One literal that names every field: records made of several spreads take twenty times as long, and pages have hundreds.
  const record: JobRecord = {
    queue: ref.queue,
    id: ref.id,
    task: header.task,
    state,
    role: header.role,
    priority: number(priority),
    attempt,
    attempts: number(attempts),
    crashes: number(crashes),
    backoff: header.backoff,
    timeout: header.timeout,
    ttl: header.ttl,
    tags: text(tags) === "" ? [] : text(tags).split("\n"),
    unique: header.unique,
    supersedes: header.supersedes,
    retention: header.retention,
    after: header.after,
    references: payload.references,
    flow: header.flow,
    input: payload.input,
    result: orNull(result),
    meta: orNull(meta),
    progress: progressIn(state, payload.progress),
    failures: payload.failures,
    error: payload.outside ?? history.findLast((run) => run.error !== null)?.error ?? payload.forgotten,
    history,
    createdAt: number(createdAt),
    runAt: number(runAt),
    startedAt: times.startedAt,
    finishedAt: times.finishedAt,
    worker: state === "active" ? workerOf(text(session)) : null,
    lastWorker: history.at(-1)?.worker ?? null,
    appVersion: ran.appVersion,
    environment: ran.environment,
    version: ran.version,
    problem: payload.problem,
  };
  return { record: withFields(record, fields), key: orderKey(record, number(position), number(epoch)) };
}

/** A run as it is stored: the code of the build, where the worker said anything of its code. */
type StoredAttempt = Omit<AttemptRecord, keyof RanBy> & { readonly build?: string };

function withBuild(build: string | null): Pick<StoredAttempt, "build"> {
  return build === null ? {} : { build };
}

// The current run, or the last one of a successful job, is in the record itself and not in the history.
function lastRun(
  state: JobState,
  session: string,
  job: { attempt: number; startedAt: number | null; finishedAt: number | null },
): StoredAttempt | null {
  if (session === "" || (state !== "active" && state !== "completed" && state !== "partial")) return null;
  return {
    number: job.attempt,
    worker: workerOf(session),
    ...withBuild(buildOf(session)),
    startedAt: job.startedAt ?? 0,
    endedAt: state === "active" ? null : job.finishedAt,
    outcome: state === "active" ? null : state,
    error: null,
  };
}

function orderKey(record: JobRecord, position: number, epoch: number): OrderKey {
  const { id, state } = record;
  if (state === "blocked") return [record.createdAt, id];
  if (state === "delayed") return [record.runAt, id];
  if (state === "active") return [epoch, id];
  return isTerminal(state) ? [-position, id] : [record.priority * PRIORITY_STEP + position, id];
}

interface Payload {
  readonly header: Header;
  readonly input: string;
  readonly history: readonly StoredAttempt[];
  readonly progress: Progress | null;
  readonly failures: readonly StepFailure[];
  readonly references: readonly InputReference[];
  /** The error of a job that failed without a run, after all its runs. */
  readonly outside: Failure | null;
  /** The last error, when the history has dropped it. */
  readonly forgotten: Failure | null;
  readonly problem: string | null;
}

function decodePayload(
  ref: JobRef,
  body: string,
  history: string,
  progress: string,
  lastError: string,
  failed: string,
): Payload {
  try {
    return {
      ...decodeBody(body),
      history: history === "" ? [] : history.split("\n").map((line): StoredAttempt => JSON.parse(line)),
      progress: progress === "" ? null : decodeProgress(progress),
      failures: decodeStepFailures(failed),
      outside: lastError.startsWith(WITHOUT_RUN) ? parseFailure(lastError.slice(1)) : null,
      forgotten: lastError === "" || lastError.startsWith(WITHOUT_RUN) ? null : parseFailure(lastError),
      problem: null,
    };
  } catch (error) {
    const problem = `job ${ref.id}: its stored body cannot be decoded (${String(error)})`;
    return {
      header: EMPTY_HEADER,
      input: "null",
      references: [],
      history: [],
      progress: null,
      failures: [],
      outside: null,
      forgotten: null,
      problem,
    };
  }
}

function parseFailure(json: string): Failure {
  const failure: Failure = JSON.parse(json);
  return failure;
}

const EMPTY_HEADER: Header = {
  task: "",
  backoff: DEFAULT_BACKOFF,
  timeout: 0,
  ttl: null,
  unique: null,
  supersedes: null,
  retention: DEFAULT_RETENTION,
  after: UNLINKED.after,
  flow: null,
  role: UNLINKED.role,
};

function broken(ref: JobRef, what: string): JobRecord {
  return {
    ...ref,
    ...EMPTY_HEADER,
    ...RAN_BY_UNKNOWN,
    references: [],
    state: "failed",
    input: "null",
    result: null,
    meta: null,
    priority: 0,
    attempt: 0,
    attempts: 0,
    crashes: 0,
    tags: [],
    progress: null,
    failures: [],
    error: null,
    history: [],
    createdAt: 0,
    runAt: 0,
    startedAt: null,
    finishedAt: null,
    worker: null,
    lastWorker: null,
    problem: `job ${ref.id}: ${what}`,
  };
}
