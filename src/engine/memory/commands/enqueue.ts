/** Storing jobs: ids, unique keys, first state. */
import { dueAt, expiryOf, firstState, postponement } from "../../../model/job/admission.js";
import type { JobSpec } from "../../../model/job/job.js";
import type { StepFailure } from "../../../model/failure/step-failure.js";
import type { Unique } from "../../../model/job/unique.js";
import type { EnqueueAnswer } from "../../contract/engine.js";
import { keyOwnership, meetOwner } from "../../shared/unique-key.js";
import { admit, finish, move } from "../store/transitions.js";
import type { MemoryJob } from "../store/job.js";
import type { MemoryQueue } from "../store/store.js";
import { predecessor, supersede, type Supersession } from "./supersede.js";
import { isMadeBy } from "../../shared/trace.js";
import { traceOf } from "../store/traces.js";
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
  const trace = traceOf(queue, spec.id, now);
  if (trace !== null && isMadeBy(trace, spec)) return { id: spec.id, outcome: "created", state: trace.state };
  const { unique } = spec;
  const owner = unique === null ? null : liveOwner(queue, unique.key, now);
  const before = predecessor(queue, spec);
  // A key owned by the job that is superseded is no conflict.
  if (unique !== null && owner !== null && owner !== before) return resolveConflict(queue, owner, spec, unique, now);
  // A flow supersedes when it begins; until then the job before it keeps its key.
  const takesPlace = spec.role !== "flow";
  if (before !== null && takesPlace) supersede(queue, before, supersession);
  const job = create(spec, now);
  admit(queue, job, now);
  linkNewJob(queue, job);
  if (spec.supersedes !== null && takesPlace) queue.latest.set(spec.supersedes, job.id);
  if (unique !== null && (owner === null || takesPlace)) claimKey(queue, job, now);
  return { id: job.id, outcome: "created", state: job.state };
}

/** Resolves a conflict: another job owns the unique key. */
function resolveConflict(
  queue: MemoryQueue,
  owner: MemoryJob,
  spec: JobSpec,
  unique: Unique,
  now: number,
): EnqueueAnswer {
  const conflict = meetOwner(owner, spec, unique, now);
  if (conflict.outcome === "replaced") {
    replaceInput(owner, spec.input);
    owner.expireAt = conflict.expireAt ?? owner.expireAt;
    if (conflict.runAt !== null) retime(queue, owner, { at: conflict.runAt }, now);
  }
  return { id: owner.id, outcome: conflict.outcome, state: owner.state };
}

/** Replaces the input of a job; checkpoints and progress belong to the former input, and are dropped. */
export function replaceInput(job: MemoryJob, input: string): void {
  job.spec = { ...job.spec, input, references: [] };
  job.checkpoints = null;
  job.progress = null;
}

/** Changes the time of a waiting job; returns whether that moved it. */
export function retime(queue: MemoryQueue, job: MemoryJob, due: JobSpec["due"], now: number): boolean {
  const runAt = dueAt(due, now);
  const to = postponement(job.state, runAt, now);
  if (to === "unchanged") return false;
  job.runAt = runAt;
  if (to === "kept") return false;
  move(queue, job, to, "postpone", now);
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
  const { state, epoch, expireAt, spec } = job;
  const untilStarted = spec.unique?.until === "started";
  const ownership = keyOwnership({ state, epoch, expireAt, takenUntil: entry.expiresAt, untilStarted }, now);
  if (ownership === "expired") finish(queue, job, "expired", "expire", now);
  return ownership === "owned" ? job : null;
}

/** Makes a job the owner of its unique key. */
export function claimKey(queue: MemoryQueue, job: MemoryJob, now: number): void {
  const { unique } = job.spec;
  if (unique === null) return;
  const expiresAt = typeof unique.until === "number" ? now + unique.until : null;
  queue.unique.set(unique.key, { id: job.id, expiresAt });
}

const NO_FAILURES: readonly StepFailure[] = [];

function create(spec: JobSpec, now: number): MemoryJob {
  const runAt = dueAt(spec.due, now);
  return {
    id: spec.id,
    queue: spec.queue,
    spec,
    state: firstState(spec, runAt, now),
    key: [0, spec.id],
    createdAt: now,
    runAt,
    startedAt: null,
    finishedAt: null,
    expireAt: expiryOf(spec, now),
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
    logged: { epoch: 0, number: 0 },
    nonce: spec.nonce,
    operations: null,
    held: spec.hold,
    pendingDependencies: 0,
    round: 0,
    open: spec.role === "flow",
    removeAt: 0,
    wasRetained: false,
  };
}
