/**
 * A run: one lease of this worker, from the moment it was leased until its settlement is answered. Parts that most runs
 * never need (signal, report, job view) are made on first use.
 */
import type { EnqueueAnswer, Lease, Outcome, Revocation } from "../../engine/contract/engine.js";
import type { Checkpoint } from "../../model/job/checkpoint.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import { LeaseLost } from "../../model/errors/errors.js";
import type { JobRef, JobSpec } from "../../model/job/job.js";
import type { LogLine } from "../../model/job/log.js";
import type { Progress } from "../../model/job/progress.js";
import type { RelatedJob, RunPort, RunUpdate } from "./host.js";
import type { RunningJob } from "../../define/running-job.js";
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

/** Sends the reports of runs to the engine and reads the checkpoints of earlier runs. */
export interface RunMessenger {
  /** The run has something pending. */
  changed(run: Run): void;
  /** The run has a pending checkpoint that its handler waits for. */
  hurry(run: Run): void;
  loadCheckpoints(run: Run): Promise<readonly Checkpoint[]>;
}

/** Commands of runs about other jobs: enqueue them, depend on them, read them. */
export interface RunCommands {
  enqueue(run: Run, jobs: readonly JobSpec[]): Promise<readonly EnqueueAnswer[]>;
  depend(run: Run, jobs: readonly JobRef[]): Promise<void>;
  dependencies(run: Run): Promise<readonly DependencyRecord[]>;
  related(run: Run, jobs: readonly JobRef[]): Promise<readonly (RelatedJob | null)[]>;
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
  /** On the monotonic clock, in milliseconds. */
  startedAt = 0;
  /** On the monotonic clock, in milliseconds; set by `Timeouts`, as are `timeout`, `previous` and `next`. */
  deadline = 0;
  /** Milliseconds; also the key of the list of timeouts that it is in. */
  timeout = 0;
  previous: Run | null = null;
  next: Run | null = null;
  pending: PendingReport | null = null;
  readonly #messenger: RunMessenger;
  readonly #commands: RunCommands;
  #job: RunningJob | null = null;
  #controller: AbortController | null = null;
  #reason: unknown = undefined;

  constructor(lease: Lease, session: WorkSession, messenger: RunMessenger, commands: RunCommands) {
    this.lease = lease;
    this.session = session;
    this.#messenger = messenger;
    this.#commands = commands;
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

  get over(): boolean {
    return this.outcome !== null || this.lost;
  }

  report({ progress, meta, line }: RunUpdate): void {
    if (this.outcome !== null || this.lost) return;
    const pending = this.#pend();
    if (progress !== undefined) pending.progress = progress;
    if (meta !== undefined) pending.meta = meta;
    if (line !== undefined) pending.lines.push(line);
    this.#messenger.changed(this);
  }

  saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    if (this.outcome !== null || this.lost) return Promise.reject(new LeaseLost());
    return new Promise((arrived, refused) => {
      this.#pend().checkpoints.push({ checkpoint, arrived, refused });
      this.#messenger.hurry(this);
    });
  }

  async loadCheckpoints(): Promise<readonly Checkpoint[]> {
    return this.lease.checkpoints ? this.#messenger.loadCheckpoints(this) : [];
  }

  async enqueue(jobs: readonly JobSpec[]): Promise<readonly EnqueueAnswer[]> {
    if (this.over) throw new LeaseLost();
    return this.#commands.enqueue(this, jobs);
  }

  async depend(jobs: readonly JobRef[]): Promise<void> {
    if (this.over) throw new LeaseLost();
    await this.#commands.depend(this, jobs);
  }

  dependencies(): Promise<readonly DependencyRecord[]> {
    return this.#commands.dependencies(this);
  }

  related(jobs: readonly JobRef[]): Promise<readonly (RelatedJob | null)[]> {
    return this.#commands.related(this, jobs);
  }

  #pend(): PendingReport {
    return (this.pending ??= { checkpoints: [], progress: null, meta: null, lines: [] });
  }

  /** Aborts the signal of the handler. The first reason stays. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
