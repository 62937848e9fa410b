/** Accepting jobs: ids, unique keys, the job each replaces, first state. */
import { FLOW_CREATION } from "../../../model/job/membership.js";
import type { JobSpec } from "../../../model/job/job.js";
import { DEFAULT_RETENTION, type Retention } from "../../../model/job/retention.js";
import { isTerminal, isWaiting, type JobState } from "../../../model/job/state.js";
import type { Unique } from "../../../model/job/unique.js";
import type { EnqueueAnswer } from "../../contract/engine.js";
import { isLinked, linkNewJob } from "../store/dependent.js";
import { expire } from "./expire.js";
import { loadJob, saveJob, stateOfJob, type Job } from "../store/job.js";
import { stateOf } from "../store/state-codes.js";
import { move, insert, tag } from "../store/transitions.js";
import { backoffText, LONG_INPUT } from "../store/payload.js";
import { isUsual, UsualJobs } from "./enqueue-usual.js";
import type { SqliteQueue } from "../store/queue.js";
import type { Sql } from "../database/sql.js";
import { makeLatest, predecessor, supersede } from "./supersede.js";
import { bodyOf, keepBody } from "../store/dependencies.js";
import type { Transaction } from "../store/transaction.js";

/** What is known of a job that is there already. */
interface Known {
  readonly state: JobState;
  readonly nonce: string | null;
}

/** The job that holds a unique key. */
interface Owner {
  readonly job: number;
  readonly id: string;
  readonly state: JobState;
  readonly linked: boolean;
}

/** Accepts jobs, in order. */
export function enqueue(transaction: Transaction, specs: readonly JobSpec[]): EnqueueAnswer[] {
  const known = new Map<string, Map<string, Known>>();
  for (const name of new Set(specs.map((spec) => spec.queue))) {
    const ids = specs.filter((spec) => spec.queue === name).map((spec) => spec.id);
    known.set(name, existing(transaction.sql, transaction.queue(name), ids));
    transaction.changed(name);
  }
  const plain = new UsualJobs(transaction.sql, transaction.now);
  const answers = specs.map((spec) => enqueueOne(transaction, spec, known.get(spec.queue) ?? new Map(), plain));
  plain.flush();
  return answers;
}

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
  known: Map<string, Known>,
  plain: UsualJobs,
): EnqueueAnswer {
  const { now } = transaction;
  const queue = transaction.queue(spec.queue);
  const same = known.get(spec.id);
  if (same !== undefined) {
    // A generated id, or the nonce of a chosen one, proves that this very command was sent before.
    const again = spec.nonce === null || same.nonce === spec.nonce;
    return { id: spec.id, outcome: again ? "created" : "existing", state: same.state };
  }
  const { unique, supersedes } = spec;
  const ended = (id: string): void => noteState(known, id, "expired");
  const holder = unique === null ? null : liveOwner(transaction, queue, unique.key, ended);
  const before = supersedes === null ? null : predecessor(transaction.sql, queue, supersedes);
  // A key that the superseded job holds is in nobody's way.
  if (unique !== null && holder !== null && holder.job !== before?.job) {
    const answer = meetOwner(transaction, queue, holder, spec, unique);
    noteState(known, answer.id, answer.state);
    return answer;
  }
  if (before !== null) {
    supersede(transaction, queue, before);
    noteState(known, before.id, "superseded");
  }
  const due = "at" in spec.due ? spec.due.at : now + spec.due.in;
  const runAt = Math.max(due, now);
  const blocked = spec.hold || spec.role === "flow" || spec.after.length > 0;
  const state: JobState = blocked ? "blocked" : runAt > now ? "delayed" : "queued";
  if (state === "queued" && isUsual(spec)) {
    plain.add(queue, spec);
  } else {
    const job = insertJob(transaction, queue, spec, state, runAt);
    if (unique !== null) claimKey(transaction, queue, job);
    if (supersedes !== null) makeLatest(transaction.sql, queue, supersedes, job);
    if (job.linked) linkNewJob(transaction, queue, job, spec);
  }
  queue.tell({ kind: "state", id: spec.id, state });
  known.set(spec.id, { state, nonce: spec.nonce });
  return { id: spec.id, outcome: "created", state };
}

/** A job has moved by this very command, which may name it again. */
function noteState(known: Map<string, Known>, id: string, state: JobState): void {
  const job = known.get(id);
  if (job !== undefined) known.set(id, { ...job, state });
}

const RENEW_TTL = "UPDATE jobs SET expire_at = ? WHERE job = ? AND expire_at IS NOT NULL";

/** What a job meets whose key another one holds. */
function meetOwner(
  transaction: Transaction,
  queue: SqliteQueue,
  holder: Owner,
  { input, ttl }: JobSpec,
  { onConflict, debounce }: Unique,
): EnqueueAnswer {
  const { id, state } = holder;
  if (onConflict !== "replace" || !isWaiting(state))
    return { id, outcome: onConflict === "reject" ? "rejected" : "joined", state };
  replaceInput(transaction, holder, input);
  // Every request says: if not started within the ttl of mine.
  if (ttl !== null) transaction.sql.run(RENEW_TTL, transaction.now + ttl, holder.job);
  const job = debounce === undefined || state === "queued" ? null : loadJob(transaction.sql, holder.job);
  if (debounce === undefined || job === null) return { id, outcome: "replaced", state };
  const last = debounce.most === null ? Infinity : job.createdAt + debounce.most;
  retime(transaction, queue, job, { at: Math.min(transaction.now + debounce.wait, last) });
  saveJob(transaction.sql, job);
  return { id, outcome: "replaced", state: stateOfJob(job) };
}

/** Gives a waiting job another time; answers whether that moved it. */
export function retime({ now }: Transaction, queue: SqliteQueue, job: Job, due: JobSpec["due"]): boolean {
  const state = stateOfJob(job);
  const runAt = Math.max("at" in due ? due.at : now + due.in, now);
  if (state === "queued" && runAt === now) return false;
  job.runAt = runAt;
  if (state === "blocked") return false;
  move(queue, job, runAt > now ? "delayed" : "queued");
  return true;
}

const INSERT = `INSERT INTO jobs (queue, id, state_code, position, tiebreak, priority, attempts, created_at, run_at, timeout,
  task, input, backoff, expire_at, ttl, retention, unique_key, unique_until, unique_on_conflict, debounce_wait,
  debounce_most, supersedes, nonce, tags, meta, linked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

function insertJob(transaction: Transaction, queue: SqliteQueue, spec: JobSpec, state: JobState, runAt: number): Job {
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
    expireAt: spec.role === "flow" ? now + FLOW_CREATION : spec.ttl === null ? null : now + spec.ttl,
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

/** Gives a job another input; what its runs left belongs to the one it had. */
export function replaceInput({ sql }: Transaction, job: Pick<Job, "job" | "linked">, input: string): void {
  const long = input.length > LONG_INPUT;
  const links = job.linked ? bodyOf(sql, job.job) : null;
  if (links !== null) keepBody(sql, job, { ...links, references: [] });
  sql.run(REPLACE_INPUT, long ? null : input, job.job);
  sql.run("DELETE FROM checkpoints WHERE job = ?", job.job);
  sql.run("DELETE FROM inputs WHERE job = ?", job.job);
  if (long) sql.run("INSERT INTO inputs (job, input) VALUES (?, ?)", job.job, input);
}

/**
 * The job that holds a unique key now, if any. A key whose job has let go of it is free; a job that should have started by
 * now and waits for the sweep to end it ends here.
 */
export function liveOwner(
  transaction: Transaction,
  queue: SqliteQueue,
  key: string,
  ended: (id: string) => void = () => {},
): Owner | null {
  const { sql, now } = transaction;
  const row = sql.all<[number, string, number, number, number | null, number, number | null, number]>(
    `SELECT j.job, j.id, j.state_code, j.epoch, k.expires_at, k.until_started, j.expire_at, j.linked
     FROM unique_keys k JOIN jobs j ON j.job = k.job WHERE k.queue = ? AND k.key = ?`,
    queue.number,
    key,
  )[0];
  if (row === undefined) return null;
  const [job, id, stateCode, epoch, expiresAt, untilStarted, expireAt, linked] = row;
  const state = stateOf(stateCode);
  if (expiresAt === null && expireAt !== null && expireAt <= now) {
    expire(transaction, queue, job);
    ended(id);
    return null;
  }
  const held = expiresAt === null ? !isTerminal(state) && (untilStarted === 0 || epoch === 0) : expiresAt > now;
  return held ? { job, id, state, linked: linked === 1 } : null;
}

/** Gives a job its unique key. */
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
