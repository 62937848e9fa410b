/** Tells the listeners of a worker what happens. Nothing is made for an event nobody listens to. */
import type { FencedAnswer } from "../../engine/contract/engine.js";
import type { Run } from "./run.js";
import { endEventOf, type WorkerEvents } from "./events.js";
import type { EventEmitter } from "node:events";

export class Teller {
  readonly #emitter: EventEmitter<WorkerEvents>;
  readonly #worker: string;

  constructor(emitter: EventEmitter<WorkerEvents>, worker: string) {
    this.#emitter = emitter;
    this.#worker = worker;
  }

  /** What a listener throws is the program's own error and must not stop the worker half-way. */
  tell<Name extends keyof WorkerEvents>(name: Name, ...what: WorkerEvents[Name]): void {
    try {
      this.#emitter.emit<keyof WorkerEvents>(name, ...what);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** A run begins, or its lease is lost. */
  tellRun(name: "active" | "lost", run: Run): void {
    if (this.#emitter.listenerCount(name) > 0) this.tell(name, run.job);
  }

  /** The engine has answered the outcome of a run. */
  tellEnd(run: Run, answer: FencedAnswer): void {
    const event = endEventOf(run, answer);
    if (this.#emitter.listenerCount(event) === 0) return;
    const { job, value, outcome } = run;
    switch (event) {
      case "completed":
      case "failed":
        this.tell(event, job, value);
        break;
      case "partial":
        this.tell(event, job, value, outcome?.kind === "partial" ? (outcome.failures ?? []) : []);
        break;
      case "retrying":
        this.tell(event, job, value, outcome?.kind === "fail" ? (outcome.retryIn ?? 0) : 0);
        break;
      case "snoozed":
        this.tell(event, job, outcome?.kind === "snooze" ? outcome.delay : 0);
        break;
      default:
        this.tell(event, job);
    }
  }

  /** Jobs of a task wait for the code that this worker has not; said as a warning of the process when nobody listens. */
  tellUnknown(task: string, error: Error): void {
    if (this.#emitter.listenerCount("unknown") > 0) {
      this.tell("unknown", task, error);
      return;
    }
    const left = "its jobs are left to workers that have it, and no attempt is counted";
    process.emitWarning(`worker ${this.#worker}: ${error.message}; ${left}`, "LongshoreWarning");
  }

  /** Handlers kept the event loop busy; said as a warning of the process when nobody listens. */
  tellBlocked(tasks: readonly string[], ms: number): void {
    if (this.#emitter.listenerCount("blocked") > 0) {
      this.tell("blocked", tasks, ms);
      return;
    }
    const which = tasks.length === 1 ? `a handler of ${tasks[0]}` : `handlers of ${tasks.join(", ")}`;
    process.emitWarning(
      `worker ${this.#worker}: ${which} blocked the event loop for ${ms} ms, and with it all other jobs of this worker; ` +
        'give such a task the option runner: "thread" or "process"',
      "LongshoreWarning",
    );
  }

  /** Something went wrong that is not a job's failure. */
  complain(error: Error): void {
    if (this.#emitter.listenerCount("error") > 0) this.tell("error", error);
    else process.emitWarning(`worker ${this.#worker}: ${error.message}`, "LongshoreWarning");
  }
}
