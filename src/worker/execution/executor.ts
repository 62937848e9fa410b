/**
 * Runs one job and gives it exactly one outcome: of its handler or of its timeout, whichever comes first.
 * A handler in this process that ignores its signal cannot be stopped: at its timeout its slot is freed and its attempt
 * ends, and what it returns later is dropped. A handler in a child can be killed, and its attempt ends when the child is
 * done with it.
 */
import type { Lease, Outcome } from "../../engine/contract/engine.js";
import type { Clock, Random } from "../../model/value/clock.js";
import { decodePayload, encodePayload } from "../../model/value/codec.js";
import { ModuleNotFound, TimedOut, Undecodable, UnknownTask, type InvalidInput } from "../../model/errors/errors.js";
import { RunContext } from "../handler/run-context.js";
import { currentContext } from "../handler/current-job.js";
import type { Timeouts } from "./timeouts.js";
import { finalFailure, outcomeOf } from "../run/outcome.js";
import { checkInput } from "../../define/check-input.js";
import type { JobDefaults } from "../../model/options/options.js";
import { isThenable } from "../../model/value/thenable.js";
import type { Middleware } from "./middleware.js";
import { fillInput } from "./input-references.js";
import type { Run } from "../run/run.js";
import { knownTasks, type Runnable } from "./runnable.js";
import { definitionOf, type RunDefinition } from "../runners/handler-loader.js";
import { needsChildren } from "../../define/runner-options.js";
import type { Runners } from "../runners/runners.js";
import type { ModuleReference } from "../../define/module.js";
import type { AnyTask, Handler } from "../../define/task.js";

/** Dependencies and callbacks. */
export interface ExecutorOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The most bytes of JSON of a result. */
  readonly payloadCap: number;
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
  readonly middleware: readonly Middleware[];
  readonly currentJob: boolean;
  readonly runnables: ReadonlyMap<string, Runnable>;
  readonly runners: Runners;
  readonly deadlines: Timeouts;
  /** A handler is about to be called; `inline`: in this process. */
  readonly started: (run: Run, inline: boolean) => void;
  /** The code of a task was found. */
  readonly found: (task: string) => void;
  /** The outcome of a job whose code is missing. Never rejects. */
  readonly outcomeFor: (lease: Lease, task: string, error: UnknownTask | ModuleNotFound) => Promise<Outcome>;
  /** A run has its outcome. */
  readonly concluded: (run: Run) => void;
  /** A hook threw, or a handler asked for a delay that is no valid duration. */
  readonly failed: (error: unknown) => void;
}

export class Executor {
  /** Runs that timed out and whose handlers still go on. */
  readonly overrunning = new Set<Run>();
  /** The contexts of runs whose `onSettle` hooks are still to be called. */
  readonly #hooked = new Map<Run, RunContext>();
  /** Runs whose handler runs in a child. */
  readonly remote = new Set<Run>();
  readonly #options: ExecutorOptions;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Starts a run. Never throws. */
  readonly execute = (run: Run): void => {
    const { clock, deadlines, runnables, middleware, started } = this.#options;
    run.startedAt = clock.monotonic();
    const { body, id, problem } = run.lease;
    if (body === null) {
      this.#fail(run, new Undecodable(id, problem ?? "body"), true);
      return;
    }
    const runnable = runnables.get(body.task);
    if (runnable === undefined) {
      void this.#decline(run, new UnknownTask(body.task, knownTasks(runnables)));
      return;
    }
    let input: unknown;
    try {
      input = decodePayload(body.input);
    } catch (error) {
      this.#fail(run, new Undecodable(id, "input", { cause: error }), true);
      return;
    }
    deadlines.add(run, body.timeout);
    const { task, code } = runnable;
    started(run, !needsChildren(task.runner));
    const plain = typeof code === "function" && body.references.length === 0;
    if (!plain || task.schema !== null || middleware.length > 0 || this.#options.currentJob) {
      void this.#prepareAndCall(run, runnable, input);
    } else {
      this.#call(run, code, new RunContext(run, input, task, this.#options));
    }
  };

  /** Ends a run that reached its timeout. */
  readonly timedOut = (run: Run): void => {
    const error = new TimedOut(run.deadline - run.startedAt);
    if (this.remote.has(run)) {
      run.abort(error);
      return;
    }
    this.overrunning.add(run);
    this.#fail(run, error);
    run.abort(error);
  };

  /** Gives a run its outcome, unless it has one. `value` is what its handler returned or threw. */
  conclude(run: Run, outcome: Outcome, value: unknown): void {
    if (run.outcome !== null) {
      this.overrunning.delete(run);
      return;
    }
    run.outcome = outcome;
    run.value = value;
    this.#options.deadlines.remove(run);
    const context = this.#hooked.get(run);
    if (context === undefined) this.#options.concluded(run);
    else void this.#settleHooks(run, context).then(() => this.#options.concluded(run));
  }

  /** The fast path, for most tasks: a plain function without schema, hooks or references. */
  #call(run: Run, handler: Handler<unknown, unknown>, context: RunContext): void {
    let result: unknown;
    try {
      result = handler(context);
      if (isThenable(result)) {
        // A thenable that is no native promise, such as a query, may start its work only when `then` is called.
        Promise.resolve(result).then(
          (value: unknown) => this.#complete(run, context, value),
          (error: unknown) => this.#threw(run, context, error),
        );
        return;
      }
    } catch (error) {
      this.#threw(run, context, error);
      return;
    }
    this.#complete(run, context, result);
  }

  /** The path of runs with a schema, hooks, `currentJob()`, references or a module. */
  async #prepareAndCall(run: Run, { task, code }: Runnable, raw: unknown): Promise<void> {
    const { middleware, currentJob, runners } = this.#options;
    let handler: Handler<unknown, unknown> | null = null;
    let definition: RunDefinition = task;
    try {
      if (typeof code === "function") {
        handler = code;
      } else if (!needsChildren(task.runner)) {
        const loaded = await runners.load(code);
        handler = loaded.handler;
        definition = definitionOf(task, loaded.task);
        this.#options.found(task.name);
      }
    } catch (error) {
      if (error instanceof ModuleNotFound) void this.#decline(run, error);
      else this.#fail(run, error);
      return;
    }
    let input = raw;
    let complete = false;
    try {
      if ((run.lease.body?.references.length ?? 0) > 0) input = await fillInput(run, raw);
      complete = true;
      if (definition.schema !== null) input = checkInput(definition.schema, input);
      if (isThenable(input)) input = await input;
      // An asynchronous schema, or an engine that does not answer, may take longer than the attempt's timeout.
      if (run.outcome !== null) {
        this.overrunning.delete(run);
        return;
      }
    } catch (error) {
      // The input does not change: another attempt would be refused by the schema as well.
      this.#fail(run, error, complete);
      return;
    }
    const context = new RunContext(run, input, definition, this.#options);
    if (middleware.length > 0) this.#hooked.set(run, context);
    const body = async (): Promise<unknown> => {
      for (const hook of middleware) await hook.onStart?.(context);
      return handler?.(context);
    };
    try {
      const value = await (currentJob ? currentContext.run(context, body) : body());
      if (handler === null) await this.#runInChild(run, task, code as ModuleReference, input);
      else this.#complete(run, context, value);
    } catch (error) {
      this.#threw(run, context, error);
    }
  }

  /** @param input the output of the task's schema, if it has one */
  async #runInChild(run: Run, task: AnyTask, module: ModuleReference, input: unknown): Promise<void> {
    if (run.outcome !== null) return;
    this.remote.add(run);
    const end = await this.#options.runners.run({ run, task, module, input });
    this.remote.delete(run);
    const missing = "thrown" in end && end.thrown instanceof ModuleNotFound ? end.thrown : null;
    if (missing !== null) {
      await this.#decline(run, missing);
      return;
    }
    this.#options.found(task.name);
    if ("thrown" in end) {
      this.#fail(run, end.thrown, end.final);
    } else {
      const result = "result" in end.outcome ? end.outcome.result : null;
      this.conclude(run, end.outcome, result === null ? undefined : decodePayload(result));
    }
  }

  /** The handler returned. */
  #complete(run: Run, context: RunContext, value: unknown): void {
    const settled = context.settled();
    if (settled !== null) {
      void settled.then(() => this.#complete(run, context, value));
      return;
    }
    const instead = context.suspension ?? context.failure(value);
    if (instead !== null) {
      this.#fail(run, instead);
      return;
    }
    let result: string | null;
    try {
      result = value === undefined ? null : encodePayload("result", value, this.#options.payloadCap);
    } catch (error) {
      this.#fail(run, error, true);
      return;
    }
    this.conclude(run, context.outcome(result), value);
  }

  /** The handler threw. */
  #threw(run: Run, context: RunContext, error: unknown): void {
    const settled = context.settled();
    if (settled === null) this.#fail(run, context.suspension ?? error);
    else void settled.then(() => this.#threw(run, context, error));
  }

  /** The task's code is missing here: declined, which does not fail the job. */
  async #decline(run: Run, error: UnknownTask | ModuleNotFound): Promise<void> {
    this.conclude(run, await this.#options.outcomeFor(run.lease, run.lease.body?.task ?? "", error), error);
  }

  #fail(run: Run, thrown: unknown, final = false): void {
    const { clock, random, runnables, failed } = this.#options;
    const own = runnables.get(run.lease.body?.task ?? "")?.task.classify ?? null;
    const wrong = (error: InvalidInput): void => {
      run.report({ line: { at: clock.now(), level: "warn", message: error.message } });
      failed(error);
    };
    const outcome = final ? finalFailure(thrown) : outcomeOf(thrown, run, own, clock.now(), random, wrong);
    this.conclude(run, outcome, thrown);
  }

  async #settleHooks(run: Run, context: RunContext): Promise<void> {
    this.#hooked.delete(run);
    const kind = run.outcome?.kind ?? "fail";
    const well = kind === "complete" || kind === "partial";
    const ending = { kind, result: well ? run.value : undefined, error: well ? undefined : run.value };
    for (const hook of this.#options.middleware.toReversed()) {
      try {
        await hook.onSettle?.(context, ending);
      } catch (error) {
        this.#options.failed(error);
      }
    }
  }
}
