/**
 * Does the work of steps and items: runs their tries, encodes the output as JSON text, and saves it as a checkpoint.
 */
import { decodePayload, encodePayload } from "../../model/value/codec.js";
import { LeaseLost, Snooze } from "../../model/errors/errors.js";
import { Suspended } from "../../model/flow/dependency-errors.js";
import type { RunEnvironment, RunPort, RunTask } from "../run/environment.js";
import { retryDecisionOn } from "../run/outcome.js";
import type { Checkpoints } from "./checkpoints.js";
import type { RunProgress } from "./run-progress.js";
import { Scope, type ActiveStep } from "./scope.js";
import type { ParsedStepOptions } from "./step-options.js";
import { tryUntilDone, type TryEnvironment } from "./retries.js";

/** A step or item that succeeded and is not stored yet. */
export interface Done {
  /** Its output, as JSON text. */
  readonly text: string;
  readonly startedAt: number;
  /** The try that succeeded. */
  readonly scope: Scope;
}

export class StepWork {
  readonly #owner: object;
  readonly #port: RunPort;
  readonly #payloadCap: number;
  readonly #environment: TryEnvironment;
  readonly #progress: RunProgress;
  readonly #checkpoints: Checkpoints;

  /** @param owner identifies the run in scopes */
  constructor(
    owner: object,
    port: RunPort,
    task: RunTask,
    environment: RunEnvironment,
    progress: RunProgress,
    checkpoints: Checkpoints,
  ) {
    this.#owner = owner;
    this.#port = port;
    this.#payloadCap = environment.payloadCap;
    this.#environment = {
      clock: environment.clock,
      random: environment.random,
      classify: task.classify,
      signal: port.signal,
    };
    this.#progress = progress;
    this.#checkpoints = checkpoints;
  }

  /** Tries a step, or an item of one, as its options say. `key` is `null` for a step. */
  async try(
    step: ActiveStep,
    key: string | null,
    options: ParsedStepOptions,
    code: (scope: Scope) => unknown,
  ): Promise<Done> {
    const startedAt = this.#environment.clock.monotonic();
    const what = `step ${JSON.stringify(step.name)}`;
    const { value, scope } = await tryUntilDone(this.#environment, {
      what: key === null ? what : `item ${JSON.stringify(key)} of ${what}`,
      options,
      code,
      scope: (attempt, signal) => new Scope(this.#owner, step, key !== null, attempt, signal),
      failed: (scope) => {
        for (const taken of scope.names) taken.giveBack();
        this.#progress.drop(scope);
      },
    });
    try {
      return { text: encodePayload(`step.${step.name}`, value, this.#payloadCap), startedAt, scope };
    } catch (error) {
      this.#progress.drop(scope);
      throw error;
    }
  }

  /** Saves the output; returns it decoded again, as later runs will read it. */
  async keep(name: string, key: string | null, { text, startedAt, scope }: Done): Promise<unknown> {
    const { clock } = this.#environment;
    const at = clock.now();
    const counters = scope.counters.size === 0 ? null : Object.fromEntries(scope.counters);
    await this.#checkpoints.save({
      kind: "step",
      name,
      key,
      value: text,
      at,
      took: clock.monotonic() - startedAt,
      counters,
    });
    return decodePayload(text);
  }

  /**
   * Does this error mean the end of the run (cancelled, timed out, returned, suspended) and not a failure of the step?
   */
  endsRun(thrown: unknown): boolean {
    return (
      this.#port.signal.aborted ||
      thrown instanceof Snooze ||
      thrown instanceof Suspended ||
      thrown instanceof LeaseLost
    );
  }

  /** Could another attempt help? */
  isRetryable(thrown: unknown): boolean {
    return retryDecisionOn(thrown, this.#environment.classify, this.#environment.clock.now()).kind !== "final";
  }
}
