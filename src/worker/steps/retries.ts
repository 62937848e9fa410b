/**
 * The tries of a step or item: repeated after a failure as its options say, each within its timeout. It does not repeat
 * failures that another try cannot help, and those caused by the end of the run.
 */
import { nextDelay } from "../../model/failure/backoff.js";
import type { Classifier } from "../../model/failure/classify.js";
import { pause, type Clock, type Random } from "../../model/value/clock.js";
import { waitOf } from "../../model/value/duration.js";
import { Snooze, TimedOut } from "../../model/errors/errors.js";
import { Suspended } from "../../model/flow/dependency-errors.js";
import { isInstance } from "../../model/failure/failure.js";
import { retryDecisionOn } from "../run/outcome.js";
import { inScope, type Scope } from "./scope.js";
import type { ParsedStepOptions } from "./step-options.js";

/** What all tries of a run share. */
export interface TryEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  /** The classifier of the task. */
  readonly classify: Classifier | null;
  /** The signal of the run. */
  readonly signal: AbortSignal;
}

/** A step or item to try. */
export interface Tried {
  /** For the error of a timeout: `step "crawl"`. */
  readonly what: string;
  readonly options: ParsedStepOptions;
  readonly code: (scope: Scope) => unknown;
  readonly scope: (attempt: number, signal: () => AbortSignal) => Scope;
  /** A try has failed: undo the progress and counts of its scope. */
  readonly failed: (scope: Scope) => void;
}

/**
 * Tries until it succeeds or must not be tried again. @throws the error of the last try, or the reason why the run
 * should end
 */
export async function tryUntilDone(
  environment: TryEnvironment,
  tried: Tried,
): Promise<{ value: unknown; scope: Scope }> {
  for (let attempt = 1; ; attempt += 1) {
    if (environment.signal.aborted) throw environment.signal.reason;
    const limit = tried.options.timeout === null ? null : new TryLimit(environment, tried.options.timeout, tried.what);
    const scope = tried.scope(attempt, () => limit?.signal ?? environment.signal);
    let thrown: unknown;
    try {
      const given = inScope(scope, tried.code);
      const value = limit === null ? await given : await limit.race(given);
      return { value, scope };
    } catch (error) {
      thrown = error;
    } finally {
      // Before the wait for the next try: code of this try that still goes on is ignored, and its timeout is cancelled.
      scope.over = true;
      limit?.end();
    }
    tried.failed(scope);
    const wait = waitAfter(thrown, attempt, environment, tried.options);
    if (wait === null) throw thrown;
    await pause(environment.clock, wait, environment.signal);
  }
}

/** Milliseconds until the next try; `null` when there is none. */
function waitAfter(
  error: unknown,
  attempt: number,
  { clock, random, classify, signal }: TryEnvironment,
  { tries, backoff }: ParsedStepOptions,
): number | null {
  if (attempt >= tries || signal.aborted || isInstance(error, Snooze) || isInstance(error, Suspended)) return null;
  const decision = retryDecisionOn(error, classify, clock.now());
  if (decision.kind === "final") return null;
  const asked = decision.kind === "retry-after" ? waitOf(decision.delay) : null;
  return asked ?? nextDelay(backoff, attempt, random);
}

/** The timeout of one try. */
class TryLimit {
  readonly #controller = new AbortController();
  readonly #run: AbortSignal;
  readonly #expired: Promise<never>;
  #cancel: () => void = () => {};

  constructor({ clock, signal }: TryEnvironment, timeout: number, what: string) {
    this.#run = signal;
    this.#expired = new Promise((_, reject) => {
      this.#cancel = clock.after(timeout, () => {
        const error = new TimedOut(timeout, what);
        reject(error);
        this.#controller.abort(error);
      });
    });
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The output of the code, if it comes in time. */
  race<T>(given: T): Promise<T> {
    return Promise.race([given, this.#expired]);
  }

  /** The try is over. */
  end(): void {
    this.#cancel();
    this.#run.removeEventListener("abort", this.#abort);
  }

  readonly #abort = (): void => this.#controller.abort(this.#run.reason);
}
