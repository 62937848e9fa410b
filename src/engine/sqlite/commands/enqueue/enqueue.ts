/** Enqueues jobs: ids, unique keys, superseding, first state. */
import { dueAt, expiryOf, firstState, postponement } from "../../../../model/job/admission.js";
import type { JobLinks, JobSpec, JobWith } from "../../../../model/job/job.js";
import { DEFAULT_RETENTION, type Retention } from "../../../../model/job/retention.js";
import type { JobState } from "../../../../model/job/state.js";
import type { Unique } from "../../../../model/job/unique.js";
import type { EnqueueAnswer } from "../../../contract/engine.js";
import { keyOwnership, meetOwner, type KeyOwner } from "../../../shared/unique-key.js";
import { isMadeBy, type Trace } from "../../../shared/trace.js";
import { tracesOf } from "../../store/traces.js";
import { dropCheckpoints } from "../../store/checkpoint.js";
import { isLinked, linkNewJob } from "../../store/dependent.js";
import { expire } from "../run/settle.js";
import { loadJob, saveJob, stateOfJob, type Job } from "../../store/job/job.js";
import { stateOf } from "../../store/queue/state-codes.js";
import { move, insert, tag } from "../../store/transitions.js";
import { backoffText, LONG_INPUT } from "../../store/job/payload.js";
import { isUsual, UsualJobs } from "./enqueue-usual.js";
import type { SqliteQueue } from "../../store/queue/queue.js";
import { emitAdmission } from "../../store/state-event.js";
import type { Sql } from "../../database/sql.js";
import { makeLatest, predecessor, supersede } from "./supersede.js";
import { bodyOf, keepBody } from "../../store/job/dependencies.js";
import type { Transaction } from "../../store/transaction.js";

/** A job that has one of the ids already, or got it from this command. */
interface Known {
  readonly state: JobState;
  readonly nonce: string | null;
}

/** What is known of the ids of a queue. */
interface KnownIds {
  readonly jobs: Map<string, Known>;
  /** Of jobs that were removed. */
  readonly traces: ReadonlyMap<string, Trace>;
}

/** The job that owns a unique key. */
interface Owner extends KeyOwner {
  readonly job: number;
  readonly id: string;
  readonly linked: boolean;
}

/** Stores jobs in order, and answers for each what became of it. */
export function enqueue(transaction: Transaction, specs: readonly JobSpec[]): EnqueueAnswer[] {
  const known = new Map<string, KnownIds>();
  for (const name of new Set(specs.map((spec) => spec.queue))) {
    const ids = specs.filter((spec) => spec.queue === name).map((spec) => spec.id);
    const queue = transaction.queue(name);
    known.set(name, { jobs: existing(transaction.sql, queue, ids), traces: tracesOf(transaction, queue, ids) });
    transaction.changed(name);
  }
  const usual = new UsualJobs(transaction.sql, transaction.now);
  const answers = specs.map((spec) => enqueueOne(transaction, spec, known.get(spec.queue) ?? NOTHING, usual));
  usual.flush();
  return answers;
}

const NOTHING: KnownIds = { jobs: new Map(), traces: new Map() };

function existing(sql: Sql, queue: SqliteQueue, ids: readonly string[]): Map<string, Known> {
  const rows = sql.all<[id: string, stateCode: number, nonce: string | null]>(
    "SELECT j.id, j.state_code, j.nonce FROM json_each(?) e CROSS JOIN jobs j ON j.queue = ? AND j.id = e.value",
    JSON.stringify(ids),
    queue.number,
  );
  return new Map(rows.map(([id, stateCode, nonce]) => [id, { state: stateOf(stateCode), nonce }]));
}

function enqueueOne(
  transaction: Transaction,
  spec: JobSpec,
  { jobs: known, traces }: KnownIds,
  usual: UsualJobs,
): EnqueueAnswer {
  const { now } = transaction;
  const queue = transaction.queue(spec.queue);
  const same = known.get(spec.id);
  if (same !== undefined) {
    // A generated id, or the nonce of a chosen one, proves that this command was sent before.
    const again = spec.nonce === null || same.nonce === spec.nonce;
    return { id: spec.id, outcome: again ? "created" : "existing", state: same.state };
  }
  const trace = traces.get(spec.id);
  if (trace !== undefined && isMadeBy(trace, spec)) return { id: spec.id, outcome: "created", state: trace.state };
  const { unique, supersedes } = spec;
  const ended = (id: string): void => noteState(known, id, "expired");
  const owner = unique === null ? null : liveOwner(transaction, queue, unique.key, ended);
  const before = supersedes === null ? null : predecessor(transaction.sql, queue, supersedes);
  // A key owned by the job that is superseded is no conflict.
  if (unique !== null && owner !== null && owner.job !== before?.job) {
    const answer = resolveConflict(transaction, queue, owner, spec, unique);
    noteState(known, answer.id, answer.state);
    return answer;
  }
  // A flow supersedes when it begins; until then the job before it keeps its key.
  const takesPlace = spec.role !== "flow";
  if (before !== null && takesPlace) {
    supersede(transaction, queue, before);
    noteState(known, before.id, "superseded");
  }
  const runAt = dueAt(spec.due, now);
  const state = firstState(spec, runAt, now);
  if (state === "queued" && isUsual(spec)) {
    usual.add(queue, spec);
  } else {
    const job = insertJob(transaction, queue, spec, state, runAt);
    if (unique !== null && (owner === null || takesPlace)) claimKey(transaction, queue, job);
    if (supersedes !== null && takesPlace) makeLatest(transaction.sql, queue, supersedes, job);
    if (job.linked) linkNewJob(transaction, queue, job, spec);
  }
  emitAdmission(queue, spec, state);
  known.set(spec.id, { state, nonce: spec.nonce });
  return { id: spec.id, outcome: "created", state };
}

/** Records a move by this command, which may name the job again. */
function noteState(known: Map<string, Known>, id: string, state: JobState): void {
  const job = known.get(id);
  if (job !== undefined) known.set(id, { ...job, state });
}

const RENEW_TTL = "UPDATE jobs SET expire_at = ? WHERE job = ?";

/** Resolves a conflict: another job owns the unique key. */
function resolveConflict(
  transaction: Transaction,
  queue: SqliteQueue,
  owner: Owner,
  spec: JobSpec,
  unique: Unique,
): EnqueueAnswer {
  const { sql, now } = transaction;
  const { id, state } = owner;
  const conflict = meetOwner(owner, spec, unique, now);
  const { outcome } = conflict;
  if (conflict.outcome !== "replaced") return { id, outcome, state };
  replaceInput(transaction, owner, spec.input);
  if (conflict.expireAt !== null) sql.run(RENEW_TTL, conflict.expireAt, owner.job);
  const job = conflict.runAt === null ? null : loadJob(sql, owner.job);
  if (conflict.runAt === null || job === null) return { id, outcome, state };
  retime(transaction, queue, job, { at: conflict.runAt });
  saveJob(sql, job);
  return { id, outcome, state: stateOfJob(job) };
}

/** Changes the time of a waiting job; returns whether that moved it. */
export function retime(transaction: Transaction, queue: SqliteQueue, job: Job, due: JobSpec["due"]): boolean {
  const { now } = transaction;
  const runAt = dueAt(due, now);
  const to = postponement(stateOfJob(job), runAt, now);
  if (to === "unchanged") return false;
  job.runAt = runAt;
  if (to === "kept") return false;
  move(transaction, queue, job, to, "postpone");
  return true;
}

const INSERT = `INSERT INTO jobs (queue, id, state_code, position, tiebreak, priority, attempts, created_at, run_at, timeout,
  task, input, backoff, expire_at, ttl, retention, unique_key, unique_until, unique_on_conflict, debounce_wait,
  debounce_most, supersedes, nonce, tags, meta, linked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The fields that are stored: most in `jobs`, the links in tables of their own; `due` and `hold` become state and time. */
type Stored =
  | ("id" | "queue" | "task" | "input" | "due" | "attempts" | "timeout" | "backoff" | "hold")
  | ("priority" | "ttl" | "tags" | "meta" | "unique" | "supersedes" | "retention" | "nonce")
  | keyof JobLinks;

function insertJob(
  transaction: Transaction,
  queue: SqliteQueue,
  spec: JobWith<Stored>,
  state: JobState,
  runAt: number,
): Job {
  const { sql, now } = transaction;
  const { unique } = spec;
  const long = spec.input.length > LONG_INPUT;
  const job: Job = {
    job: 0,
    id: spec.id,
    stateCode: 0,
    position: 0,
    tiebreak: null,
    priority: spec.priority,
    attempts: spec.attempts,
    createdAt: now,
    runAt,
    startedAt: null,
    finishedAt: null,
    expireAt: expiryOf(spec, now),
    counted: 0,
    epoch: 0,
    settled: 0,
    crashes: 0,
    suspect: false,
    declinedAt: null,
    lastPosition: null,
    session: null,
    errorEpoch: null,
    logged: 0,
    retention: retentionText(spec.retention),
    kept: null,
    removeAt: null,
    uniqueKey: unique?.key ?? null,
    uniqueUntil: unique?.until ?? null,
    op: null,
    tags: spec.tags.length === 0 ? null : JSON.stringify(spec.tags),
    supersedes: spec.supersedes,
    checkpointed: false,
    checkpointsFrom: 0,
    linked: isLinked(spec),
  };
  insert(queue, job, state, "tail");
  const number = sql.insert(
    INSERT,
    queue.number,
    job.id,
    job.stateCode,
    job.position,
    job.tiebreak,
    job.priority,
    job.attempts,
    job.createdAt,
    job.runAt,
    spec.timeout,
    spec.task,
    long ? null : spec.input,
    backoffText(spec.backoff),
    job.expireAt,
    spec.ttl,
    job.retention,
    job.uniqueKey,
    job.uniqueUntil,
    unique?.onConflict ?? null,
    unique?.debounce?.wait ?? null,
    unique?.debounce?.most ?? null,
    job.supersedes,
    spec.nonce,
    job.tags,
    spec.meta,
    job.linked ? 1 : 0,
  );
  job.job = number ?? 0;
  if (long) sql.run("INSERT INTO inputs (job, input) VALUES (?, ?)", job.job, spec.input);
  if (job.tags !== null) tag(transaction, queue, job);
  return job;
}

const REPLACE_INPUT = "UPDATE jobs SET input = ?, progress = NULL, checkpointed = 0 WHERE job = ?";

/** Replaces the input of a job; checkpoints and progress belong to the former input, and are dropped. */
export function replaceInput(transaction: Transaction, job: Pick<Job, "job" | "linked">, input: string): void {
  const { sql } = transaction;
  const long = input.length > LONG_INPUT;
  const links = job.linked ? bodyOf(sql, job.job) : null;
  if (links !== null) keepBody(sql, job, { ...links, references: [] });
  sql.run(REPLACE_INPUT, long ? null : input, job.job);
  dropCheckpoints(transaction, job);
  sql.run("DELETE FROM inputs WHERE job = ?", job.job);
  if (long) sql.run("INSERT INTO inputs (job, input) VALUES (?, ?)", job.job, input);
}

type KeyRow = [
  job: number,
  id: string,
  stateCode: number,
  epoch: number,
  createdAt: number,
  expireAt: number | null,
  linked: number,
  takenUntil: number | null,
  untilStarted: number,
];

const OF_KEY = `SELECT j.job, j.id, j.state_code, j.epoch, j.created_at, j.expire_at, j.linked, k.expires_at, k.until_started
  FROM unique_keys k JOIN jobs j ON j.job = k.job WHERE k.queue = ? AND k.key = ?`;

/**
 * The job that owns a unique key now, if any. A key whose job has released it is free; a job past its ttl that the next sweep
 * would expire is expired here. `ended` is called for it.
 */
export function liveOwner(
  transaction: Transaction,
  queue: SqliteQueue,
  key: string,
  ended: (id: string) => void = () => {},
): Owner | null {
  const { sql, now } = transaction;
  const row = sql.all<KeyRow>(OF_KEY, queue.number, key)[0];
  if (row === undefined) return null;
  const [job, id, stateCode, epoch, createdAt, expireAt, linked, takenUntil, untilStarted] = row;
  const state = stateOf(stateCode);
  const entry = { state, epoch, expireAt, takenUntil, untilStarted: untilStarted === 1 };
  const ownership = keyOwnership(entry, now);
  if (ownership === "expired") {
    expire(transaction, queue, job);
    ended(id);
  }
  return ownership === "owned" ? { job, id, state, createdAt, expireAt, linked: linked === 1 } : null;
}

/** Makes a job the owner of its unique key. */
export function claimKey({ sql, now }: Transaction, queue: SqliteQueue, job: Job): void {
  sql.run(
    "INSERT OR REPLACE INTO unique_keys (queue, key, job, expires_at, until_started) VALUES (?, ?, ?, ?, ?)",
    queue.number,
    job.uniqueKey,
    job.job,
    typeof job.uniqueUntil === "number" ? now + job.uniqueUntil : null,
    job.uniqueUntil === "started" ? 1 : 0,
  );
}

function retentionText(retention: Retention): string | null {
  if (retention === DEFAULT_RETENTION) return null;
  return JSON.stringify(retention);
}
