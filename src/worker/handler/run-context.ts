/** The context of one run: implements `JobContext` for a handler, each part made on first use. */
import type { Outcome } from "../../engine/contract/engine.js";
import { decodePayload } from "../../model/value/codec.js";
import { show, type AllFailed } from "../../model/errors/errors.js";
import { LONGEST_LOG_LINE, type LogLine } from "../../model/job/report/log.js";
import { parseMeta } from "../../model/options/options.js";
import { headOf } from "../../model/text.js";
import type { RunEnvironment, RunPort, RunTask } from "../run/environment.js";
import { readDependencies } from "../spawn/results.js";
import { Spawner } from "../spawn/spawner.js";
import type { EndedDependency, Spawn } from "../../define/spawn.js";
import type { JobContext, JobLogger, JobMeta, JobStatus, ReportProgress, RunningJob } from "../../define/context.js";
import type { Emit } from "../../define/milestones.js";
import { RunSteps } from "../steps/run-steps.js";
import { parseProgress } from "../steps/reported-progress.js";
import type { ItemResults, Step } from "../../define/step.js";
import type { Suspension } from "../steps/in-flight.js";
import { Kept } from "../steps/kept.js";
import type { SystemContext } from "../../define/system-task.js";

export class RunContext implements SystemContext {
  readonly input: unknown;
  readonly #port: RunPort;
  readonly #task: RunTask;
  readonly #environment: RunEnvironment;
  #steps: RunSteps | null = null;
  #spawner: Spawner | null = null;
  #kept: Kept | null = null;
  #step: Step | null = null;
  #progress: ReportProgress | null = null;
  #emit: Emit | null = null;
  #status: JobStatus | null = null;
  #count: JobContext<unknown>["count"] | null = null;
  #log: JobLogger | null = null;
  #meta: JobMeta | null = null;
  #spawn: Spawn | null = null;
  #dependencies: Promise<readonly EndedDependency[]> | null = null;

  constructor(port: RunPort, input: unknown, task: RunTask, environment: RunEnvironment) {
    this.#port = port;
    this.input = input;
    this.#task = task;
    this.#environment = environment;
  }

  get job(): RunningJob {
    return this.#port.job;
  }

  get signal(): AbortSignal {
    return this.#port.signal;
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

  get progress(): ReportProgress {
    this.#progress ??= (done: number, more?: number | string, last?: string): void =>
      this.#ownSteps().report(parseProgress(done, more, last));
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
      (task: unknown, input: unknown, options: unknown) => this.#ownSpawner().one(task, input, options),
      {
        all: (name: unknown, task: unknown, inputs: unknown, options: unknown) =>
          this.#ownSpawner().all(name, task, inputs, options),
      },
    ) as Spawn;
    return this.#spawn;
  }

  get dependencies(): () => Promise<readonly EndedDependency[]> {
    return () => (this.#dependencies ??= readDependencies(this.#port.services));
  }

  /** Makes a job of every item of a list, as the input of the built-in task says. */
  each(): Promise<ItemResults<unknown, unknown>> {
    return this.#ownSpawner().each(this.input);
  }

  /** What a built-in task keeps of its state. */
  get kept(): Kept {
    return (this.#kept ??= new Kept(this.#ownSteps().parts));
  }

  #makeLog(): JobLogger {
    const at =
      (level: LogLine["level"]) =>
      (message: string): void => {
        const text = typeof message === "string" ? message : show(message);
        const line = { at: this.#environment.clock.now(), level, message: headOf(text, LONGEST_LOG_LINE) };
        this.#port.report({ line });
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
    const stored = this.#port.lease.meta;
    let meta: { readonly [key: string]: unknown } =
      stored === null ? {} : { ...(decodePayload(stored) as { [key: string]: unknown }) };
    const set = (next: { readonly [key: string]: unknown }): void => {
      const text = parseMeta("meta", next);
      meta = decodePayload(text) as { [key: string]: unknown };
      this.#port.report({ meta: text });
    };
    return { get: () => meta, set, merge: (change) => set({ ...meta, ...change }) };
  }

  /**
   * `null` when nothing that the handler began is in flight; else a promise that resolves when nothing is. The run ends
   * after that: a step that was not awaited is not cut off, and its output is not lost.
   */
  settled(): Promise<void> | null {
    return this.#steps?.settled() ?? null;
  }

  /** Why the run is suspended, whatever its handler returned or threw; `null` when it is not. */
  get suspension(): Suspension | null {
    return this.#steps?.suspension ?? null;
  }

  /** The error of a run that fails although its handler returned `value`; `null` if it does not fail. */
  failure(value: unknown): AllFailed | null {
    return this.#steps?.failure(value, this.#spawner?.any ?? false) ?? null;
  }

  /** The outcome of a run whose handler returned. */
  outcome(result: string | null): Outcome {
    return this.#steps?.outcome(result) ?? { kind: "complete", result };
  }

  #ownSteps(): RunSteps {
    return (this.#steps ??= new RunSteps(this.#port, this.input, this.#task, this.#environment));
  }

  #ownSpawner(): Spawner {
    return (this.#spawner ??= new Spawner(this.#ownSteps().parts));
  }
}
