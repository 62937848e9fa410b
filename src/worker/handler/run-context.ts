/**
 * What a handler is given. Every part can be taken out of it (`({ input, progress }) => …`), and costs something only
 * when it is used. What a run says after it has ended is ignored.
 */
import type { Outcome } from "../../engine/contract/engine.js";
import { decodePayload, type Json } from "../../model/value/codec.js";
import { show, type AllFailed } from "../../model/errors/errors.js";
import { LONGEST_LOG_LINE, type LogLine } from "../../model/job/log.js";
import { parseMeta } from "../../model/job/options.js";
import { headOf } from "../../model/value/text.js";
import type { RunHost } from "../run/host.js";
import type { RunMeans, RunTask } from "../run/services.js";
import type { RunningJob } from "../../define/running-job.js";
import { readDependencies } from "../spawn/ended-dependencies.js";
import type { EndedDependency, Spawn } from "../../define/spawn.js";
import type { JobStatus } from "../steps/run-status.js";
import type { Emit } from "../../define/milestones.js";
import { RunSteps } from "../steps/run-steps.js";
import { parseSaid } from "../steps/said-progress.js";
import type { ItemResults, Step } from "../../define/step.js";
import type { Suspension } from "../steps/in-flight.js";

/** Writes to the job's own log: at most 1,000 lines are kept, the newest, and a line is cut at 2,000 characters. */
export interface JobLogger {
  /** Writes a line of level `info`. */
  (message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** The job's meta: a small object (at most 16 KiB of JSON) that can be read from outside while the job runs. */
export interface JobMeta {
  /** The whole object; empty when none was set. */
  get(): { readonly [key: string]: unknown };
  /** Replaces it. @throws InvalidInput, PayloadTooLarge */
  set(meta: { readonly [key: string]: Json }): void;
  /** Replaces some of its keys. @throws InvalidInput, PayloadTooLarge */
  merge(meta: { readonly [key: string]: Json }): void;
}

/**
 * Says how far the work is, with an optional message. Sent within 100 ms; the last one wins. Where the task declares its
 * steps, percent is computed from them: within a step this says how far that step is, outside of steps only the message
 * counts. Elsewhere it is the job's percent, within a plain step too: at most 99 until the job has ended well, and never
 * lower than it was in this attempt. Never throws: a number out of range is clamped, what is no number is left out, and the
 * job's log says so, once in a run.
 */
export interface SayProgress {
  /** In percent: 0 to 100. */
  (percent: number, message?: string): void;
  /** So many of how many: `progress(i, pages.length, `page ${i}`)`. */
  (done: number, total: number, message?: string): void;
}

/**
 * What a handler is given. `StepName` is what its steps may be called, `Milestones` what its milestones show, by name;
 * both follow from the options of the task.
 */
export interface JobContext<
  Input,
  StepName extends string = string,
  Milestones = Record<string, unknown>,
  Status extends string = string,
> {
  /** The job's input, as the task's schema made it. */
  readonly input: Input;
  readonly job: RunningJob;
  /**
   * Aborts when the run should end; `signal.reason` says why: `TimedOut`, `Cancelled`, `LeaseLost`, `ShuttingDown`.
   * Hand it to everything that waits (`fetch`, `setTimeout` of `node:timers/promises`). A handler that ignores it goes
   * on, but what it returns is dropped.
   */
  readonly signal: AbortSignal;
  /** Runs named parts of the job that are not run again once they have ended well. */
  readonly step: Step<StepName>;
  readonly progress: SayProgress;
  /** Shows something before the job ends. */
  readonly emit: Emit<Milestones>;
  /** The job's status in the words of its task, for tasks that declare `statuses`. */
  readonly status: JobStatus<Status>;
  /**
   * Adds to a named number that is shown with the job's progress. Counted within a step it is stored with what the step
   * gave, and stays right however often the job is retried; outside of steps it counts for this attempt. Never throws: what
   * cannot be counted is left out, and the job's log says so, once in a run.
   * @param name 1 to 100 bytes of text; at most 50 of them in a job
   * @param by a finite number; default: 1
   * @example count("issues", found.length);
   */
  readonly count: (name: string, by?: number) => void;
  readonly log: JobLogger;
  readonly meta: JobMeta;
  /** Makes other jobs, and waits for them without a slot. */
  readonly spawn: Spawn;
  /**
   * The jobs that this one waited for, by queue and id: those it was enqueued `after`, and those it made by `spawn.all`.
   * Read when it is first called, once in a run.
   * @example for (const { id, state, error } of await dependencies()) log(`${id} ended as ${state}: ${error?.message}`);
   */
  readonly dependencies: () => Promise<readonly EndedDependency[]>;
}

export class RunContext implements JobContext<unknown> {
  readonly input: unknown;
  readonly #host: RunHost;
  readonly #task: RunTask;
  readonly #means: RunMeans;
  #steps: RunSteps | null = null;
  #step: Step | null = null;
  #progress: SayProgress | null = null;
  #emit: Emit | null = null;
  #status: JobStatus | null = null;
  #count: JobContext<unknown>["count"] | null = null;
  #log: JobLogger | null = null;
  #meta: JobMeta | null = null;
  #spawn: Spawn | null = null;
  #dependencies: Promise<readonly EndedDependency[]> | null = null;

  constructor(host: RunHost, input: unknown, task: RunTask, means: RunMeans) {
    this.#host = host;
    this.input = input;
    this.#task = task;
    this.#means = means;
  }

  get job(): RunningJob {
    return this.#host.job;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  get step(): Step {
    this.#step ??= Object.assign(
      (name: unknown, code: unknown, options: unknown) => this.#ownSteps().step(name, code, options),
      {
        all: (name: unknown, items: unknown, code: unknown, options: unknown) =>
          this.#ownSteps().all(name, items, code, options),
        sleep: (name: unknown, duration: unknown) => this.#ownSteps().sleep(name, duration),
      },
    ) as Step;
    return this.#step;
  }

  get progress(): SayProgress {
    this.#progress ??= (done: number, more?: number | string, last?: string): void =>
      this.#ownSteps().report(parseSaid(done, more, last));
    return this.#progress;
  }

  get emit(): Emit {
    this.#emit ??= (name, value) => this.#ownSteps().emit(name, value);
    return this.#emit;
  }

  get status(): JobStatus {
    if (this.#status === null) {
      const steps = this.#ownSteps();
      this.#status = {
        get current() {
          return steps.status;
        },
        set: (to) => steps.setStatus(to),
      };
    }
    return this.#status;
  }

  get count(): JobContext<unknown>["count"] {
    this.#count ??= (name, by = 1) => this.#ownSteps().count(name, by);
    return this.#count;
  }

  get log(): JobLogger {
    this.#log ??= this.#makeLog();
    return this.#log;
  }

  get meta(): JobMeta {
    this.#meta ??= this.#makeMeta();
    return this.#meta;
  }

  get spawn(): Spawn {
    this.#spawn ??= Object.assign(
      (task: unknown, input: unknown, options: unknown) => this.#ownSteps().spawner.one(task, input, options),
      {
        all: (name: unknown, task: unknown, inputs: unknown, options: unknown) =>
          this.#ownSteps().spawner.all(name, task, inputs, options),
      },
    ) as Spawn;
    return this.#spawn;
  }

  get dependencies(): () => Promise<readonly EndedDependency[]> {
    return () => (this.#dependencies ??= readDependencies(this.#host));
  }

  /** Makes a job of every item of a list, as the input of the built-in task says. */
  each(): Promise<ItemResults<unknown, unknown>> {
    return this.#ownSteps().spawner.each(this.input);
  }

  #makeLog(): JobLogger {
    const at =
      (level: LogLine["level"]) =>
      (message: string): void => {
        const text = typeof message === "string" ? message : show(message);
        const line = { at: this.#means.clock.now(), level, message: headOf(text, LONGEST_LOG_LINE) };
        this.#host.say({ line });
      };
    const info = at("info");
    return Object.assign((message: string) => info(message), {
      debug: at("debug"),
      info,
      warn: at("warn"),
      error: at("error"),
    });
  }

  #makeMeta(): JobMeta {
    const stored = this.#host.lease.meta;
    let meta: { readonly [key: string]: unknown } =
      stored === null ? {} : { ...(decodePayload(stored) as { [key: string]: unknown }) };
    const set = (next: { readonly [key: string]: unknown }): void => {
      const text = parseMeta("meta", next);
      meta = decodePayload(text) as { [key: string]: unknown };
      this.#host.say({ meta: text });
    };
    return { get: () => meta, set, merge: (change) => set({ ...meta, ...change }) };
  }

  /**
   * `null` when nothing that the handler began is under way; else resolves when nothing is. The run ends after that: a step
   * that was not awaited is not cut off, and what it gave is not lost.
   */
  settled(): Promise<void> | null {
    return this.#steps?.settled() ?? null;
  }

  /** What the run ends with, whatever the handler returned or threw; `null` when it is not put back. */
  get suspension(): Suspension | null {
    return this.#steps?.suspension ?? null;
  }

  /** Why the run fails although its handler returned, and gave `value`; `null` if it does not. */
  failure(value: unknown): AllFailed | null {
    return this.#steps?.failure(value) ?? null;
  }

  /** What a handler that returned comes to. */
  outcome(result: string | null): Outcome {
    return this.#steps?.outcome(result) ?? { kind: "complete", result };
  }

  #ownSteps(): RunSteps {
    return (this.#steps ??= new RunSteps(this.#host, this.input, this.#task, this.#means));
  }
}
