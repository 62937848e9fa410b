/** One `step.all` at work: several items at a time; items that succeeded in earlier runs are not run again. */
import { decodePayload } from "../../model/value/codec.js";
import type { Failure } from "../../model/failure/failure.js";
import { stepFailure } from "../../model/failure/step-failure.js";
import type { Checkpoints } from "./checkpoints.js";
import { RunFailures } from "./run-failures.js";
import type { RunProgress } from "./run-progress.js";
import type { ActiveStep } from "./scope.js";
import type { StepItem } from "./step-items.js";
import type { ParsedStepAllOptions } from "./step-options.js";
import type { Done, StepWork } from "./step-work.js";
import type { ItemResults, StepScope } from "../../define/step.js";

/** What a `step.all` needs. */
export interface ItemRunOptions {
  readonly name: string;
  readonly items: readonly StepItem[];
  readonly options: ParsedStepAllOptions;
  readonly code: (item: unknown, scope: StepScope) => unknown;
  readonly work: StepWork;
  readonly checkpoints: Checkpoints;
  readonly progress: RunProgress;
  /** The failures of the whole run. */
  readonly failures: RunFailures;
}

export class ItemRun {
  readonly #own: ItemRunOptions;
  /** The outputs of the items that succeeded and the errors of those that failed, by index. */
  readonly #values = new Map<number, unknown>();
  readonly #errors = new Map<number, Failure>();
  readonly #failures = new RunFailures();
  readonly #toRun: StepItem[] = [];
  #next = 0;
  /** Set when the run should end: no further item is begun. */
  #stop: { readonly error: unknown } | null = null;

  constructor(own: ItemRunOptions) {
    this.#own = own;
    for (const entry of own.items) {
      const text = own.checkpoints.value(own.name, entry.key);
      if (text === undefined) this.#toRun.push(entry);
      else this.#values.set(entry.index, decodePayload(text));
    }
  }

  /** @throws AllFailed; the error that ends the run */
  async run(): Promise<ItemResults<unknown, unknown>> {
    const { name, items, options, checkpoints, progress } = this.#own;
    const keys = this.#toRun.map(({ key }) => key);
    checkpoints.begin(name, keys);
    const step = progress.begin(name, items.length, options.weight);
    try {
      progress.endItems(step, this.#values.size, 0, 0);
      const parallel = Math.min(options.concurrency, this.#toRun.length);
      await Promise.all(Array.from({ length: parallel }, () => this.#runItems(step)));
      if (this.#stop !== null) throw this.#stop.error;
      if (this.#values.size === 0 && !options.optional) {
        const failure = this.#failures.combined(`every item of step ${JSON.stringify(name)}`);
        if (failure !== null) throw failure;
      }
      progress.end(step);
    } finally {
      checkpoints.end(name, keys);
      if (!step.ended) progress.leave(step);
    }
    return this.#results();
  }

  /** Works on one item after the other. Never rejects. */
  async #runItems(step: ActiveStep): Promise<void> {
    for (;;) {
      const entry = this.#toRun[this.#next];
      if (entry === undefined || this.#stop !== null) return;
      this.#next += 1;
      try {
        await this.#runItem(step, entry);
      } catch (error) {
        this.#stop ??= { error };
      }
    }
  }

  /** @throws the error that ends the run */
  async #runItem(step: ActiveStep, { item, key, index }: StepItem): Promise<void> {
    const { name, options, code, work, progress } = this.#own;
    let done: Done;
    try {
      done = await work.try(step, key, options, (scope) => code(item, scope));
    } catch (error) {
      if (work.endsRun(error)) throw error;
      const failure = stepFailure(name, key, error);
      const retryable = work.isRetryable(error);
      this.#failures.add(failure, error, retryable);
      this.#own.failures.add(failure, error, retryable);
      this.#errors.set(index, failure.error);
      this.#own.checkpoints.end(name, [key]);
      progress.endItems(step, 1, 1, 0);
      return;
    }
    progress.endItems(step, 1, 0, done.scope.reached);
    this.#values.set(index, await work.keep(name, key, done));
  }

  #results(): ItemResults<unknown, unknown> {
    const { items } = this.#own;
    return {
      values: items.filter(({ index }) => this.#values.has(index)).map(({ index }) => this.#values.get(index)),
      errors: items.flatMap(({ item, key, index }) => {
        const error = this.#errors.get(index);
        return error === undefined ? [] : [{ item, key, error }];
      }),
    };
  }
}
