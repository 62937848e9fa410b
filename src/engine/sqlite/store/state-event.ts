/** The event of a job that moved. What it says of the job is read only while the queue is watched. */
import { tellsFailure } from "../../../model/job/event.js";
import { bareRef } from "../../../model/job/job-ref.js";
import type { JobSpec } from "../../../model/job/job.js";
import type { Cause, JobState } from "../../../model/job/state.js";
import type { Lease } from "../../contract/engine.js";
import type { Sql } from "../database/sql.js";
import { bodyOf } from "./job/dependencies.js";
import type { MovingJob } from "./job/job.js";
import type { SqliteQueue } from "./queue/queue.js";

/** What an event says of a job, besides where it goes. */
export type ToldJob = Pick<MovingJob, "job" | "id" | "counted" | "startedAt" | "linked" | "errorEpoch">;

/** A move: from a state (`null`: the job is new) to another. */
export interface Move {
  readonly from: JobState | null;
  readonly to: JobState;
  readonly cause: Cause;
  /** Epoch milliseconds. */
  readonly at: number;
}

const TASK = "SELECT task FROM jobs WHERE job = ?";
const FINGERPRINT = "SELECT fingerprint FROM attempts WHERE job = ? AND epoch = ?";

/** Emits the event of a job that moved. A run that ended by this and counts is counted after it. */
export function emitMove(sql: Sql, queue: SqliteQueue, job: ToldJob, { from, to, cause, at }: Move): void {
  if (!queue.watched) return;
  const { id, counted, startedAt, linked, errorEpoch } = job;
  const ran = from === "active";
  const flow = linked ? (bodyOf(sql, job.job)?.flow ?? null) : null;
  const fails = tellsFailure(to, cause) && errorEpoch !== null;
  queue.emit({
    kind: "state",
    id,
    state: to,
    task: sql.all<[task: string]>(TASK, job.job)[0]?.[0] ?? "",
    cause,
    attempt: ran || to === "active" ? counted + 1 : counted,
    duration: ran ? at - (startedAt ?? at) : null,
    fingerprint: fails ? (sql.all<[string | null]>(FINGERPRINT, job.job, errorEpoch)[0]?.[0] ?? null) : null,
    flow: flow === null ? null : bareRef(flow),
  });
}

/** Emits the event of a new job. */
export function emitAdmission(queue: SqliteQueue, { id, task, flow }: JobSpec, state: JobState): void {
  if (!queue.watched) return;
  const first = { cause: "enqueue", attempt: 0, duration: null, fingerprint: null } as const;
  queue.emit({ kind: "state", id, state, task, ...first, flow: flow === null ? null : bareRef(flow) });
}

/** Emits the event of a job that was leased. */
export function emitLease(queue: SqliteQueue, { id, attempt, body }: Lease): void {
  if (!queue.watched) return;
  const flow = body?.flow ?? null;
  const leased = { state: "active", cause: "lease", duration: null, fingerprint: null } as const;
  queue.emit({
    kind: "state",
    id,
    task: body?.task ?? "",
    attempt,
    ...leased,
    flow: flow === null ? null : bareRef(flow),
  });
}

const USUAL = "SELECT task, counted, started_at FROM jobs WHERE queue = ? AND id = ?";

/** Emits the event of a job without links that has completed, its run counted already. */
export function emitUsualEnd(sql: Sql, queue: SqliteQueue, id: string, at: number): void {
  if (!queue.watched) return;
  const row = sql.all<[task: string, counted: number, startedAt: number | null]>(USUAL, queue.number, id)[0];
  if (row === undefined) return;
  const [task, attempt, startedAt] = row;
  const ended = { state: "completed", cause: "complete", duration: at - (startedAt ?? at) } as const;
  queue.emit({ kind: "state", id, task, attempt, ...ended, fingerprint: null, flow: null });
}
