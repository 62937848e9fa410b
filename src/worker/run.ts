/**
 * A run: one lease in the hands of this worker, from the moment it was leased to the moment its outcome is answered.
 * What most runs never need (signal, report, job view) is made when it is first asked for.
 */
import type { Lease, Outcome } from "../engine/contract.js";
import type { Progress } from "../model/job.js";
import type { LogLine } from "../model/log.js";
import type { RunningJob } from "./running-job.js";
import type { WorkSession } from "./work-session.js";

/** What a run has said and the engine does not know yet. */
export interface PendingReport {
  progress: Progress | null;
  meta: string | null;
  lines: LogLine[];
}

export class Run {
  readonly lease: Lease;
  readonly session: WorkSession;
  /** Set when it has ended, for whatever reason; anything later is ignored. */
  outcome: Outcome | null = null;
  /** What its handler gave or threw. */
  value: unknown = undefined;
  /** Was its lease lost with its session? Then nothing of it is written any more. */
  lost = false;
  /** Was its lease taken from it, as by a cancel? */
  revoked = false;
  /** Is it being handed back because the worker stops? */
  returning = false;
  startedAt = 0;
  /** Epoch milliseconds; set with its place among the deadlines. */
  deadline = 0;
  previous: Run | null = null;
  next: Run | null = null;
  pending: PendingReport | null = null;
  #job: RunningJob | null = null;
  #controller: AbortController | null = null;
  #reason: unknown = undefined;

  constructor(lease: Lease, session: WorkSession) {
    this.lease = lease;
    this.session = session;
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

  /** Tells the handler to end. The first reason stays. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
