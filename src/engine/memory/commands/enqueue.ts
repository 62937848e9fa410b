/** Accepting jobs: ids, unique keys, first state. */
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

/** Accepts one job, or says which job stands in its place. */
export function enqueueOne(queue: MemoryQueue, spec: JobSpec, supersession: Supersession): EnqueueAnswer {
  const { now } = supersession;
  const same = queue.jobs.get(spec.id);
  if (same !== undefined) {
    // A generated id, or the nonce of a chosen one, proves that this very command was sent before.
    const again = spec.nonce === null || same.nonce === spec.nonce;
    return { id: spec.id, outcome: again ? "created" : "existing", state: same.state };
  }
  const { unique } = spec;
  const holder = unique === null ? null : liveOwner(queue, unique.key, now);
  const before = predecessor(queue, spec);
  // A key that the superseded job holds is in nobody's way.
  if (unique !== null && holder !== null && holder !== before) return meetOwner(queue, holder, spec, unique, now);
  if (before !== null) supersede(queue, before, supersession);
  const job = create(spec, now);
  admit(queue, job, now);
  linkNewJob(queue, job);
  if (spec.supersedes !== null) queue.latest.set(spec.supersedes, job.id);
  if (spec.unique !== null) claimKey(queue, job, now);
  return { id: job.id, outcome: "created", state: job.state };
}

/** What a job meets whose key another one holds. */
function meetOwner(
  queue: MemoryQueue,
  holder: MemoryJob,
  spec: JobSpec,
  { onConflict, debounce }: Unique,
  now: number,
): EnqueueAnswer {
  if (onConflict !== "replace" || !isWaiting(holder.state)) {
    return { id: holder.id, outcome: onConflict === "reject" ? "rejected" : "joined", state: holder.state };
  }
  replaceInput(holder, spec.input);
  // Every request says: if not started within the ttl of mine.
  if (holder.expireAt !== null && spec.ttl !== null) holder.expireAt = now + spec.ttl;
  if (debounce !== undefined && holder.state !== "queued") {
    const last = debounce.most === null ? Infinity : holder.createdAt + debounce.most;
    retime(queue, holder, { at: Math.min(now + debounce.wait, last) }, now);
  }
  return { id: holder.id, outcome: "replaced", state: holder.state };
}

/** Gives a job another input; what its runs left belongs to the one it had. */
export function replaceInput(job: MemoryJob, input: string): void {
  job.spec = { ...job.spec, input, references: [] };
  job.checkpoints = null;
  job.progress = null;
}

/** Gives a waiting job another time; answers whether that moved it. */
export function retime(queue: MemoryQueue, job: MemoryJob, due: JobSpec["due"], now: number): boolean {
  const runAt = Math.max("at" in due ? due.at : now + due.in, now);
  if (job.state === "queued" && runAt === now) return false;
  job.runAt = runAt;
  if (job.state === "blocked") return false;
  move(queue, job, runAt > now ? "delayed" : "queued", "postpone", now);
  return true;
}

/**
 * The job that holds a unique key now, if any. A key whose job has let go of it, or is gone, is free; a job that should
 * have started by now and waits for the sweep to end it ends here.
 */
export function liveOwner(queue: MemoryQueue, key: string, now: number): MemoryJob | null {
  const entry = queue.unique.get(key);
  const job = entry === undefined ? undefined : queue.jobs.get(entry.id);
  if (entry === undefined || job === undefined) return null;
  if (entry.expiresAt === null && job.expireAt !== null && job.expireAt <= now) {
    finish(queue, job, "expired", "expire", now);
  }
  return holdsKey(job, entry.expiresAt, now) ? job : null;
}

/** Gives a job its unique key. */
export function claimKey(queue: MemoryQueue, job: MemoryJob, now: number): void {
  const { unique } = job.spec;
  if (unique === null) return;
  const expiresAt = typeof unique.until === "number" ? now + unique.until : null;
  queue.unique.set(unique.key, { id: job.id, expiresAt });
}

function holdsKey(job: MemoryJob, expiresAt: number | null, now: number): boolean {
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
