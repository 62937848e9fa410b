/** Emits the events of a worker. Arguments are built only for events that have listeners. */
import type { FencedAnswer } from "../../engine/contract/engine.js";
import type { Run } from "./run.js";
import { endEventOf, type WorkerEvents } from "./events.js";
import { redactText } from "../../model/redaction/redact-text.js";
import type { EventEmitter } from "node:events";

/** The events of jobs that end without a run. */
const ENDS = ["failed", "cancelled", "superseded", "expired"] as const;

export class EventPublisher {
  readonly #emitter: EventEmitter<WorkerEvents>;
  readonly #worker: string;

  constructor(emitter: EventEmitter<WorkerEvents>, worker: string) {
    this.#emitter = emitter;
    this.#worker = worker;
  }

  /** Does anything listen to how jobs end without a run? */
  get hearsEnds(): boolean {
    return ENDS.some((name) => this.#emitter.listenerCount(name) > 0);
  }

  /**
   * An error thrown by a listener is thrown again outside of the worker's code, so that it does not stop the worker
   * half-way.
   */
  publish<Name extends keyof WorkerEvents>(name: Name, ...what: WorkerEvents[Name]): void {
    try {
      this.#emitter.emit<keyof WorkerEvents>(name, ...what);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** A run begins, or its lease is lost. */
  publishRun(name: "active" | "lost", run: Run): void {
    if (this.#emitter.listenerCount(name) > 0) this.publish(name, run.job);
  }

  /** The engine has answered the settlement of a run. */
  publishEnd(run: Run, answer: FencedAnswer): void {
    const event = endEventOf(run, answer);
    if (this.#emitter.listenerCount(event) === 0) return;
    const { job, value, outcome } = run;
    switch (event) {
      case "completed":
      case "failed":
        this.publish(event, job, value);
        break;
      case "partial":
        this.publish(event, job, value, outcome?.kind === "partial" ? (outcome.failures ?? []) : []);
        break;
      case "retrying":
        this.publish(event, job, value, outcome?.kind === "fail" ? (outcome.retryIn ?? 0) : 0);
        break;
      case "snoozed":
        this.publish(event, job, outcome?.kind === "snooze" ? outcome.delay : 0);
        break;
      default:
        this.publish(event, job);
    }
  }

  /** Jobs of a task wait for code that this worker lacks. Without a listener it becomes a process warning. */
  publishUnknown(task: string, error: Error): void {
    if (this.#emitter.listenerCount("unknown") > 0) {
      this.publish("unknown", task, error);
      return;
    }
    const left = "its jobs are left to workers that have it, and no attempt is counted";
    process.emitWarning(`worker ${this.#worker}: ${redactText(error.message)}; ${left}`, "LongshoreWarning");
  }

  /** Handlers blocked the event loop. Without a listener it becomes a process warning. */
  publishBlocked(tasks: readonly string[], ms: number): void {
    if (this.#emitter.listenerCount("blocked") > 0) {
      this.publish("blocked", tasks, ms);
      return;
    }
    const which = tasks.length === 1 ? `a handler of ${tasks[0]}` : `handlers of ${tasks.join(", ")}`;
    process.emitWarning(
      `worker ${this.#worker}: ${which} blocked the event loop for ${ms} ms, and with it all other jobs of this worker; ` +
        'give such a task the option runner: "thread" or "process"',
      "LongshoreWarning",
    );
  }

  /** An error that is not a job's failure. Without a listener it becomes a process warning. */
  publishError(error: Error): void {
    if (this.#emitter.listenerCount("error") > 0) this.publish("error", error);
    else process.emitWarning(`worker ${this.#worker}: ${redactText(error.message)}`, "LongshoreWarning");
  }
}
