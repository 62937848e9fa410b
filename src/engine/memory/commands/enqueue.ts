/** Storing jobs: ids, unique keys, first state. */
import { FLOW_CREATION } from "../../../model/job/membership.js";
import type { JobSpec } from "../../../model/job/job.js";
import { isTerminal, isWaiting, type JobState } from "../../../model/job/state.js";
import type { StepFailure } from "../../../model/failure/step-failure.js";
import type { Unique } from "../../../model/job/unique.js";
import type { EnqueueAnswer } from "../../contract/engine.js";
import { admit, finish, move } from "../store/transitions.js";
import type { MemoryJob } from "../store/job.js";
import type { MemoryQueue } from "../store/store.js";
import { predecessor, supersede, type Supersession } from "./supersede.js";
import { linkNewJob } from "../store/dependencies.js";

/** Stores one job, or answers which job stands for it. */
export function enqueueOne(queue: MemoryQueue, spec: JobSpec, supersession: Supersession): EnqueueAnswer {
  const { now } = supersession;
  const same = queue.jobs.get(spec.id);
  if (same !== undefined) {
    // A generated id, or the nonce of a chosen one, proves that this command was sent before.
    const again = spec.nonce === null || same.nonce === spec.nonce;
    return { id: spec.id, outcome: again ? "created" : "existing", state: same.state };
  }
  const { unique } = spec;
  const owner = unique === null ? null : liveOwner(queue, unique.key, now);
  const before = predecessor(queue, spec);
  // A key owned by the job that is superseded is no conflict.
  if (unique !== null && owner !== null && owner !== before) return resolveConflict(queue, owner, spec, unique, now);
  if (before !== null) supersede(queue, before, supersession);
  const job = create(spec, now);
  admit(queue, job, now);
  linkNewJob(queue, job);
  if (spec.supersedes !== null) queue.latest.set(spec.supersedes, job.id);
  if (spec.unique !== null) claimKey(queue, job, now);
  return { id: job.id, outcome: "created", state: job.state };
}

/** Resolves a conflict: another job owns the unique key. */
function resolveConflict(
  queue: MemoryQueue,
  owner: MemoryJob,
  spec: JobSpec,
  { onConflict, debounce }: Unique,
  now: number,
): EnqueueAnswer {
  if (onConflict !== "replace" || !isWaiting(owner.state)) {
    return { id: owner.id, outcome: onConflict === "reject" ? "rejected" : "joined", state: owner.state };
  }
  replaceInput(owner, spec.input);
  // Each request means: if not started within the ttl of mine.
  if (owner.expireAt !== null && spec.ttl !== null) owner.expireAt = now + spec.ttl;
  if (debounce !== undefined && owner.state !== "queued") {
    const last = debounce.most === null ? Infinity : owner.createdAt + debounce.most;
    retime(queue, owner, { at: Math.min(now + debounce.wait, last) }, now);
  }
  return { id: owner.id, outcome: "replaced", state: owner.state };
}

/** Replaces the input of a job; checkpoints and progress belong to the former input, and are dropped. */
export function replaceInput(job: MemoryJob, input: string): void {
  job.spec = { ...job.spec, input, references: [] };
  job.checkpoints = null;
  job.progress = null;
}

/** Changes the time of a waiting job; returns whether that moved it. */
export function retime(queue: MemoryQueue, job: MemoryJob, due: JobSpec["due"], now: number): boolean {
  const runAt = Math.max("at" in due ? due.at : now + due.in, now);
  if (job.state === "queued" && runAt === now) return false;
  job.runAt = runAt;
  if (job.state === "blocked") return false;
  move(queue, job, runAt > now ? "delayed" : "queued", "postpone", now);
  return true;
}

/**
 * The job that owns a unique key now, if any. A key whose job has released it, or is removed, is free. A job past its ttl
 * that the next sweep would expire is expired here.
 */
export function liveOwner(queue: MemoryQueue, key: string, now: number): MemoryJob | null {
  const entry = queue.unique.get(key);
  const job = entry === undefined ? undefined : queue.jobs.get(entry.id);
  if (entry === undefined || job === undefined) return null;
  if (entry.expiresAt === null && job.expireAt !== null && job.expireAt <= now) {
    finish(queue, job, "expired", "expire", now);
  }
  return ownsKey(job, entry.expiresAt, now) ? job : null;
}

/** Makes a job the owner of its unique key. */
export function claimKey(queue: MemoryQueue, job: MemoryJob, now: number): void {
  const { unique } = job.spec;
  if (unique === null) return;
  const expiresAt = typeof unique.until === "number" ? now + unique.until : null;
  queue.unique.set(unique.key, { id: job.id, expiresAt });
}

function ownsKey(job: MemoryJob, expiresAt: number | null, now: number): boolean {
  if (expiresAt !== null) return expiresAt > now;
  if (isTerminal(job.state)) return false;
  return job.spec.unique?.until === "finished" || job.epoch === 0;
}

const NO_FAILURES: readonly StepFailure[] = [];

function create(spec: JobSpec, now: number): MemoryJob {
  const due = "at" in spec.due ? spec.due.at : now + spec.due.in;
  const runAt = Math.max(due, now);
  const isFlow = spec.role === "flow";
  const blocked = spec.hold || isFlow || spec.after.length > 0;
  const state: JobState = blocked ? "blocked" : runAt > now ? "delayed" : "queued";
  return {
    id: spec.id,
    queue: spec.queue,
    spec,
    state,
    key: [0, spec.id],
    createdAt: now,
    runAt,
    startedAt: null,
    finishedAt: null,
    expireAt: isFlow ? now + FLOW_CREATION : spec.ttl === null ? null : now + spec.ttl,
    counted: 0,
    epoch: 0,
    settledEpoch: 0,
    crashes: 0,
    suspect: false,
    declinedAt: null,
    place: 0,
    session: null,
    result: null,
    meta: spec.meta,
    error: null,
    progress: null,
    checkpoints: null,
    failures: NO_FAILURES,
    history: [],
    lines: [],
    linesDropped: 0,
    nonce: spec.nonce,
    lastOp: null,
    held: spec.hold,
    pendingDependencies: 0,
    round: 0,
    open: isFlow,
    wasRetained: false,
  };
}
