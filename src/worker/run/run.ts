/**
 * A run: one lease of this worker, from the moment it was leased until its settlement is answered. Parts that most runs
 * never need (signal, services, report, job view) are made on first use.
 */
import type { Lease, Outcome, Revocation } from "../../engine/contract/engine.js";
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import type { LogLine } from "../../model/job/report/log.js";
import type { Progress } from "../../model/job/progress.js";
import type { JobServices } from "./job-services.js";
import type { RunPort } from "./environment.js";
import type { RunUpdate } from "./run-update.js";
import type { RunningJob } from "../../define/context.js";
import type { WorkSession } from "../session/session.js";

/** A checkpoint on its way to the engine, and the callbacks of its promise. */
export interface PendingCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly arrived: () => void;
  readonly refused: (error: unknown) => void;
}

/** Reports of a run that are not sent yet. */
export interface PendingReport {
  checkpoints: PendingCheckpoint[];
  progress: Progress | null;
  meta: string | null;
  lines: LogLine[];
}

/** What the runs of a worker share: where their reports go, and what they ask of the engine. */
export interface RunBackend {
  /** The run has something pending. */
  changed(run: Run): void;
  servicesOf(run: Run): JobServices;
}

export class Run implements RunPort {
  readonly lease: Lease;
  readonly session: WorkSession;
  /** Set when the run has ended, for whatever reason; later outcomes are ignored. */
  outcome: Outcome | null = null;
  /** What its handler returned or threw. */
  value: unknown = undefined;
  /** Was its lease lost with its session? Then nothing of it is written any more. */
  lost = false;
  /** The cause of its revocation; `null` unless it was revoked. */
  revoked: Revocation["cause"] | null = null;
  /** Is it being returned because the worker stops? */
  returning = false;
  /** When this worker got the lease, on the monotonic clock, in milliseconds. */
  leasedAt = 0;
  /** On the monotonic clock, in milliseconds. */
  startedAt = 0;
  /** From its start to its outcome and the hooks of that, in milliseconds. */
  took = 0;
  /** On the monotonic clock, in milliseconds; set by `Timeouts`, as are `timeout`, `previous` and `next`. */
  deadline = 0;
  /** Milliseconds; also the key of the list of timeouts that it is in. */
  timeout = 0;
  previous: Run | null = null;
  next: Run | null = null;
  pending: PendingReport | null = null;
  /** How many of its reports had log lines. */
  reports = 0;
  readonly #backend: RunBackend;
  #services: JobServices | null = null;
  #job: RunningJob | null = null;
  #controller: AbortController | null = null;
  #reason: unknown = undefined;

  constructor(lease: Lease, session: WorkSession, backend: RunBackend) {
    this.lease = lease;
    this.session = session;
    this.#backend = backend;
  }

  get job(): RunningJob {
    if (this.#job === null) {
      const { id, queue, body, attempt, attempts, crashes, tags, priority, createdAt, runAt, leasedAt } = this.lease;
      const task = body?.task ?? "";
      this.#job = {
        id,
        queue,
        task,
        attempt,
        attempts,
        crashes,
        tags,
        priority,
        createdAt,
        runAt,
        startedAt: leasedAt,
      };
    }
    return this.#job;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get services(): JobServices {
    return (this.#services ??= this.#backend.servicesOf(this));
  }

  get over(): boolean {
    return this.outcome !== null || this.lost;
  }

  report({ progress, meta, line }: RunUpdate): void {
    if (this.outcome !== null || this.lost) return;
    const pending = this.pendingReport();
    if (progress !== undefined) pending.progress = progress;
    if (meta !== undefined) pending.meta = meta;
    if (line !== undefined) pending.lines.push(line);
    this.#backend.changed(this);
  }

  /** The reports that are not sent yet, to add to. */
  pendingReport(): PendingReport {
    return (this.pending ??= { checkpoints: [], progress: null, meta: null, lines: [] });
  }

  /** Aborts the signal of the handler. The first reason stays. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
