/**
 * The steps of one run: what its handler does by `step`, `emit`, `count`, `progress` and `spawn`. Made on the first use
 * of any of them. A step's output is stored before the handler receives it.
 */
import type { Outcome } from "../../engine/contract/engine.js";
import { decodePayload } from "../../model/value/codec.js";
import { parseDuration } from "../../model/value/duration.js";
import { InvalidInput, Snooze, type AllFailed } from "../../model/errors/errors.js";
import { stepFailure } from "../../model/failure/step-failure.js";
import { LONGEST_LOG_LINE } from "../../model/job/report/log.js";
import { parseStepName, parseSteps, StepTally } from "../../model/job/report/step-plan.js";
import { headOf } from "../../model/text.js";
import type { RunEnvironment, RunPort, RunTask } from "../run/environment.js";
import { ItemRun } from "./step-all.js";
import { Checkpoints } from "./checkpoints.js";
import { RunStatus } from "./run-status.js";
import { encodeMilestone } from "../../define/milestones.js";
import { RunFailures } from "./run-failures.js";
import { RunProgress } from "./run-progress.js";
import { addCounts, type ReportedProgress } from "./reported-progress.js";
import { scopeOf } from "./scope.js";
import { keyItems } from "./step-items.js";
import { StepNames, type TakenName } from "./step-names.js";
import { parseStepAllOptions, parseStepOptions, type ParsedStepOptions } from "./step-options.js";
import { StepWork } from "./step-work.js";
import type { ItemResults, StepScope } from "../../define/step.js";
import { markHandled, InFlight, type Suspension } from "./in-flight.js";

/** The parts of one run that its steps and its spawned jobs share. */
export type RunParts = RunSteps["parts"];

export class RunSteps {
  readonly #environment: RunEnvironment;
  readonly #task: RunTask;
  readonly #tally: StepTally | null;
  readonly #progress: RunProgress;
  readonly #checkpoints: Checkpoints;
  readonly #work: StepWork;
  readonly #names = new StepNames();
  readonly #failures = new RunFailures();
  readonly #status: RunStatus;
  readonly #inFlight: InFlight;
  readonly #port: RunPort;
  #warned = false;

  /** @throws the error of the task's `steps` function; InvalidInput when its result is no valid steps */
  constructor(port: RunPort, input: unknown, task: RunTask, environment: RunEnvironment) {
    this.#port = port;
    this.#environment = environment;
    this.#task = task;
    this.#tally = tallyOf(task, input);
    this.#progress = new RunProgress(port, this.#tally, environment.clock);
    this.#checkpoints = new Checkpoints(port);
    this.#work = new StepWork(this, port, task, environment, this.#progress, this.#checkpoints);
    this.#status = new RunStatus(task.statuses);
    this.#inFlight = new InFlight(port, (earlier) => {
      this.#checkpoints.restore(earlier);
      this.#progress.restore(earlier);
    });
  }

  /** Why the run is suspended, whatever its handler does; `null` when it is not. */
  get suspension(): Suspension | null {
    return this.#inFlight.suspension;
  }

  /** The parts that the spawner shares. `owner` identifies the run in scopes. */
  get parts() {
    return {
      port: this.#port,
      environment: this.#environment,
      owner: this as object,
      names: this.#names,
      checkpoints: this.#checkpoints,
      progress: this.#progress,
      failures: this.#failures,
      inFlight: this.#inFlight,
    } as const;
  }

  step(name: unknown, code: unknown, options: unknown): Promise<unknown> {
    return markHandled(this.#step(name, code, options));
  }

  all(name: unknown, items: unknown, code: unknown, options: unknown): Promise<ItemResults<unknown, unknown>> {
    return markHandled(this.#all(name, items, code, options));
  }

  sleep(name: unknown, duration: unknown): Promise<void> {
    return markHandled(this.#sleep(name, duration));
  }

  async #step(name: unknown, given: unknown, more: unknown): Promise<unknown> {
    const taken = this.#takeName(name);
    const code = codeOf(given);
    const options = this.#checked(parseStepOptions(more));
    return this.#inFlight.during(async () => {
      const stored = this.#checkpoints.value(taken.name, null);
      if (stored === undefined) return this.#runStep(taken, code, options);
      this.#progress.ended(taken.name);
      return decodePayload(stored);
    });
  }

  async #all(name: unknown, given: unknown, code: unknown, more: unknown): Promise<ItemResults<unknown, unknown>> {
    const taken = this.#takeName(name);
    const options = this.#checked(parseStepAllOptions(more));
    const items = keyItems(given, options.key);
    const parts = {
      checkpoints: this.#checkpoints,
      progress: this.#progress,
      work: this.#work,
      failures: this.#failures,
    };
    const own = { name: taken.name, items, options, code: codeOf(code), ...parts };
    try {
      return await this.#inFlight.during(() => new ItemRun(own).run());
    } catch (error) {
      taken.giveBack();
      throw error;
    }
  }

  async #sleep(name: unknown, duration: unknown): Promise<void> {
    this.#inFlight.check();
    const known = this.#names.sleep(name);
    const ms = parseDuration("duration", duration);
    await this.#inFlight.during(async () => {
      const left =
        (this.#checkpoints.wake(known) ?? (await this.#fallAsleep(known, ms))) - this.#environment.clock.now();
      if (left <= 0) return;
      this.#inFlight.suspend(new Snooze(left, `${known}: sleeps for ${left} ms`));
    });
  }

  emit(name: unknown, value: unknown): Promise<void> {
    const known = parseStepName("milestone", name);
    const shown = encodeMilestone(this.#task.milestones, known, value);
    this.#progress.checkMilestone(known);
    const stored = this.#inFlight.track(() => {
      const at = this.#environment.clock.now();
      this.#progress.milestone(known);
      return this.#checkpoints.save({
        kind: "milestone",
        name: known,
        key: null,
        value: shown,
        at,
        took: 0,
        counters: null,
      });
    });
    return markHandled(stored);
  }

  get status(): string {
    return this.#status.current;
  }

  setStatus(to: string): Promise<void> {
    this.#status.take(to);
    const at = this.#environment.clock.now();
    const stored = this.#inFlight.track(() => {
      this.#progress.status(to);
      return this.#checkpoints.save({
        kind: "status",
        name: to,
        key: null,
        value: "null",
        at,
        took: 0,
        counters: null,
      });
    });
    return markHandled(stored);
  }

  count(name: unknown, by: unknown): void {
    const scope = scopeOf(this);
    if (scope?.over === true) return;
    try {
      const known = parseStepName("counter", name);
      if (typeof by !== "number" || !Number.isFinite(by)) {
        throw new InvalidInput(`counter.${known}`, by, "a finite number; it is left out");
      }
      this.#progress.checkCounter(known);
      scope?.counters.set(known, addCounts(scope.counters.get(known) ?? 0, by));
      this.#inFlight.afterRestore(() => this.#progress.count(known, by));
    } catch (error) {
      this.#warn(error);
    }
  }

  /** The handler reports how far it is. */
  report({ done, total, message, wrong }: ReportedProgress): void {
    const scope = scopeOf(this);
    if (scope?.over === true) return;
    if (wrong !== null) this.#warn(wrong);
    this.#inFlight.afterRestore(() => {
      if (message !== null) this.#progress.message(message, scope?.step ?? null);
      if (done !== null) this.#progress.reach(scope, done, total);
      else if (message !== null) this.#progress.publish();
    });
  }

  /** A wrong report must not fail the handler's work: it is noted in the job's log, once in a run. */
  #warn(wrong: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const message = wrong instanceof Error ? wrong.message : String(wrong);
    this.#port.report({
      line: { at: this.#environment.clock.now(), level: "warn", message: headOf(message, LONGEST_LOG_LINE) },
    });
  }

  /** `null` when nothing is in flight; else a promise that resolves when nothing is. */
  settled(): Promise<void> | null {
    return this.#inFlight.settled();
  }

  /**
   * The error of a run whose handler returned nothing and in which every optional step and item failed; `null` if the
   * run does not fail.
   * @param spawned did a job that it spawned succeed?
   */
  failure(value: unknown, spawned: boolean): AllFailed | null {
    const any = value !== undefined || this.#checkpoints.any || spawned;
    return any ? null : this.#failures.combined("every optional step and item");
  }

  /** The outcome of a run whose handler returned. */
  outcome(result: string | null): Outcome {
    const { first } = this.#failures;
    return first.length === 0 ? { kind: "complete", result } : { kind: "partial", result, failures: first };
  }

  async #runStep(taken: TakenName, code: (scope: StepScope) => unknown, options: ParsedStepOptions): Promise<unknown> {
    const { name } = taken;
    this.#checkpoints.begin(name, [null]);
    const step = this.#progress.begin(name, null, options.weight);
    try {
      const done = await this.#work.try(step, null, options, code);
      this.#progress.end(step);
      return await this.#work.keep(name, null, done);
    } catch (error) {
      taken.giveBack();
      // A step that had ended failed because its output could not be stored.
      if (!options.optional || step.ended || this.#work.endsRun(error)) throw error;
      this.#failures.add(stepFailure(name, null, error), error, this.#work.isRetryable(error));
      this.#progress.end(step);
      return undefined;
    } finally {
      this.#checkpoints.end(name, [null]);
      if (!step.ended) this.#progress.leave(step);
    }
  }

  /** Begins a sleep; returns its end, in epoch milliseconds. */
  async #fallAsleep(name: string, ms: number): Promise<number> {
    const at = this.#environment.clock.now();
    const wake = at + ms;
    this.#checkpoints.checkRoom(name, 1);
    await this.#checkpoints.save({ kind: "sleep", name, key: null, value: String(wake), at, took: 0, counters: null });
    return wake;
  }

  #takeName(name: unknown): TakenName {
    this.#inFlight.check();
    const taken = this.#names.step(name, this.#tally);
    scopeOf(this)?.names.push(taken);
    return taken;
  }

  #checked<Options extends ParsedStepOptions>(options: Options): Options {
    if (options.weight !== null && this.#tally === null) {
      throw new InvalidInput("weight", options.weight, "only for tasks that declare their steps");
    }
    return options;
  }
}

function tallyOf({ steps }: RunTask, input: unknown): StepTally | null {
  if (steps === null) return null;
  if (typeof steps !== "function") return new StepTally(new Map(Object.entries(steps)));
  return new StepTally(parseSteps("steps", steps(input as never)));
}

function codeOf(code: unknown): (...given: unknown[]) => unknown {
  if (typeof code !== "function") throw new InvalidInput("fn", code, "the code of the step, a function");
  return code as (...given: unknown[]) => unknown;
}
