/**
 * The port of a run in a child: reports and commands of its handler become messages to the worker, whose own run
 * carries them out. Reports are sent at once, so that they arrive even from a handler that blocks the event loop;
 * beyond 10 messages in 50 ms they are batched.
 */
import type { EnqueueAnswer, Lease } from "../../../engine/contract/engine.js";
import type { Checkpoint } from "../../../model/job/checkpoint.js";
import type { DependencyRecord } from "../../../model/job/dependency.js";
import { LeaseLost } from "../../../model/errors/errors.js";
import type { JobRef, JobSpec } from "../../../model/job/job.js";
import type { LogLine } from "../../../model/job/log.js";
import type { RelatedJob, RunPort, RunUpdate } from "../../run/host.js";
import type { RunningJob } from "../../../define/running-job.js";
import type { Answer, FromChild, Question, RunOrder } from "../channel/protocol.js";
import { unpackError } from "../channel/error-transport.js";

/** How many messages are sent at once in a span of time (milliseconds); further reports in that span are batched. */
const AT_ONCE = 10;
const SPAN = 50;
/** The most log lines kept for the next message: the newest. */
const MOST_LINES = 1_000;

/** Numbers the questions of all runs of this child, so that a late answer never matches another run's question. */
let questions = 0;

export class ChildHost implements RunPort {
  readonly lease: Lease;
  readonly job: RunningJob;
  readonly #send: (message: FromChild) => void;
  readonly #controller = new AbortController();
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #last: RunUpdate = {};
  #lines: LogLine[] = [];
  #timer: NodeJS.Timeout | null = null;
  #spanBegan = Number.NEGATIVE_INFINITY;
  #sentInSpan = 0;
  #over = false;

  constructor({ lease, job }: RunOrder, send: (message: FromChild) => void) {
    this.lease = lease;
    this.job = job;
    this.#send = send;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get over(): boolean {
    return this.#over;
  }

  report({ progress, meta, line }: RunUpdate): void {
    if (this.#over) return;
    if (progress !== undefined) this.#last = { ...this.#last, progress };
    if (meta !== undefined) this.#last = { ...this.#last, meta };
    if (line !== undefined) this.#lines.push(line);
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
    const now = performance.now();
    if (now - this.#spanBegan >= SPAN) {
      this.#spanBegan = now;
      this.#sentInSpan = 0;
    }
    if (this.#sentInSpan < AT_ONCE) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#spanBegan + SPAN - now);
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.#ask({ save: checkpoint });
  }

  async loadCheckpoints(): Promise<readonly Checkpoint[]> {
    if (!this.lease.checkpoints) return [];
    const answer = await this.#ask("checkpoints");
    return "checkpoints" in answer ? answer.checkpoints : [];
  }

  async enqueue(jobs: readonly JobSpec[]): Promise<readonly EnqueueAnswer[]> {
    const answer = await this.#ask({ enqueue: jobs });
    return "enqueued" in answer ? answer.enqueued : [];
  }

  async depend(jobs: readonly JobRef[]): Promise<void> {
    await this.#ask({ depend: jobs });
  }

  async dependencies(): Promise<readonly DependencyRecord[]> {
    const answer = await this.#ask("dependencies");
    return "dependencies" in answer ? answer.dependencies : [];
  }

  async related(jobs: readonly JobRef[]): Promise<readonly (RelatedJob | null)[]> {
    const answer = await this.#ask({ related: jobs });
    return "related" in answer ? answer.related : [];
  }

  /** The worker has answered a question. */
  answered(number: number, answer: Answer): void {
    this.#asked.get(number)?.(answer);
    this.#asked.delete(number);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** The run has ended: sends pending reports, and nothing after that. */
  end(): void {
    this.#flush();
    this.#over = true;
  }

  #ask(question: Question): Promise<Answer> {
    if (this.#over) return Promise.reject(new LeaseLost());
    this.#flush();
    questions += 1;
    const number = questions;
    this.#send({ kind: "ask", number, question });
    return new Promise((resolve, reject) => {
      this.#asked.set(number, (answer) => {
        if ("refused" in answer) reject(unpackError(answer.refused));
        else resolve(answer);
      });
    });
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const updates = [
      ...this.#lines.map((line): RunUpdate => ({ line })),
      ...(Object.keys(this.#last).length > 0 ? [this.#last] : []),
    ];
    if (updates.length === 0) return;
    this.#last = {};
    this.#lines = [];
    this.#sentInSpan += 1;
    this.#send({ kind: "report", updates });
  }
}
