/**
 * The port of a run in a child: reports and calls of its handler become messages to the worker, whose own run
 * carries them out. Reports are sent at once, so that they arrive even from a handler that blocks the event loop;
 * beyond 10 messages in 50 ms they are batched.
 */
import type { Lease } from "../../../engine/contract/engine.js";
import { LeaseLost } from "../../../model/errors/errors.js";
import type { LogLine } from "../../../model/job/report/log.js";
import { servicesBy, type JobServices, type ServiceCall } from "../../run/job-services.js";
import type { RunPort } from "../../run/environment.js";
import type { RunUpdate } from "../../run/run-update.js";
import type { RunningJob } from "../../../define/context.js";
import type { Answer, FromChild, RunOrder } from "../channel/protocol.js";
import { unpackError } from "../../errors/error-transport.js";

/** How many messages are sent at once in a span of time (milliseconds); further reports in that span are batched. */
const AT_ONCE = 10;
const SPAN = 50;
/** The most log lines kept for the next message: the newest. */
const MOST_LINES = 1_000;

/** Numbers the calls of all runs of this child, so that a late answer never matches another run's call. */
let calls = 0;

export class ChildPort implements RunPort {
  readonly lease: Lease;
  readonly job: RunningJob;
  readonly services: JobServices = servicesBy((call) => this.#call(call));
  readonly #send: (message: FromChild) => void;
  readonly #controller = new AbortController();
  readonly #pending = new Map<number, (answer: Answer) => void>();
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

  /** The worker has answered a call. */
  answered(number: number, answer: Answer): void {
    this.#pending.get(number)?.(answer);
    this.#pending.delete(number);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** The run has ended: sends pending reports, and nothing after that. */
  end(): void {
    this.#flush();
    this.#over = true;
  }

  #call(call: ServiceCall): Promise<unknown> {
    if (this.#over) return Promise.reject(new LeaseLost());
    this.#flush();
    calls += 1;
    const number = calls;
    this.#send({ kind: "call", number, call });
    return new Promise((resolve, reject) => {
      this.#pending.set(number, (answer) => {
        if ("refused" in answer) reject(unpackError(answer.refused));
        else resolve(answer.value);
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
