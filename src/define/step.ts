/** Steps as handlers see them: `step(name, fn)`, `step.all(name, items, fn)`, `step.sleep(name, duration)`. */
import type { BackoffOption } from "../model/failure/backoff.js";
import type { Duration } from "../model/value/duration.js";
import type { Failure } from "../model/failure/failure.js";
import type { Stored } from "./stored.js";

/** The context of a step's code. */
export interface StepScope {
  /** Aborts when the run should end, and when the step reached its own timeout; `signal.reason` is the cause. */
  readonly signal: AbortSignal;
  /** The number of this try within the attempt: 1 for the first. */
  readonly tryNumber: number;
}

/** How a step, or an item, is tried again within the attempt. Meanwhile the job keeps its slot. */
export interface StepRetry {
  /** The total number of tries: 1 to 1000. Default: 3. */
  tries?: number;
  /** How long to wait between them. Default: 1 s, 2 s, 4 s … up to 1 h, half of it left to chance. */
  backoff?: BackoffOption;
}

/** The options of a step. */
export interface StepOptions {
  /**
   * Try again within the attempt. Failures that no retry can mend (`NonRetryable`, an HTTP 404, one that the task's
   * classifier calls final) are not tried again; `RetryAfter` is waited for. Default: one try.
   */
  retry?: StepRetry;
  /** How long one try may take; its signal aborts, and it fails with `TimedOut`. Default: as long as the attempt may. */
  timeout?: Duration;
  /**
   * May it fail without failing the job? The job then ends as `partial`; as `failed` only when its handler returns nothing and
   * no step or item of it ended well in any run. Default: false.
   */
  optional?: boolean;
  /** Its weight among the declared steps, known only now: replaces the declared weight. */
  weight?: number;
}

/** The options of a step over items. `retry` and `timeout` are those of each item. */
export interface StepAllOptions<Item> extends StepOptions {
  /** How many items are worked on at a time: 1 to 1000. Default: 10. */
  concurrency?: number;
  /**
   * The key that identifies an item in later runs: up to 1024 bytes of text, different for each. Default: the item
   * itself, when it is a string or a number.
   */
  key?: (item: Item, index: number) => string | number;
  /** May all items fail without failing the job? Some of them always may. Default: false. */
  optional?: boolean;
}

/** An item that failed. */
export interface ItemError<Item> {
  readonly item: Item;
  readonly key: string;
  /** The error, as it is kept with the job. */
  readonly error: Failure;
}

/** The outcome of a `step.all`. */
export interface ItemResults<Item, Value> {
  /** The outputs of the items that ended well, in the order of the items. */
  readonly values: Value[];
  /** The items that failed, in the order of the items. */
  readonly errors: ItemError<Item>[];
}

/** Named parts of a job that are not run again once they have ended well. */
export interface Step<Name extends string = string> {
  /**
   * Runs a part of the job, once: its output is stored under its name before this resolves, and is returned in every
   * later run, after a crash, a retry or a return to the queue. A failure is not stored. The output must survive JSON
   * (at most 128 KiB), and is returned as JSON has it, the first time too.
   * @param name 1 to 100 bytes of text; once in a run (for a loop: `step.all`, or names such as `page ${n}`), again
   * after it failed
   * @returns its output; `undefined` when it is `optional` and failed
   * @throws what `fn` throws; TimedOut; InvalidInput for a name that is not declared or was used already, a value JSON
   * cannot represent, or more than 10,000 steps, items and sleeps; PayloadTooLarge; the signal's reason once the run
   * should end
   * @example
   * const html = await step("crawl", ({ signal }) => fetchPage(input.url, signal), { timeout: "20s", retry: { tries: 3 } });
   */
  <Value>(
    name: Name,
    fn: (scope: StepScope) => Value | Promise<Value>,
    options?: StepOptions & { optional?: false },
  ): Promise<Stored<Value>>;
  <Value>(
    name: Name,
    fn: (scope: StepScope) => Value | Promise<Value>,
    options: StepOptions,
  ): Promise<Stored<Value> | undefined>;
  /**
   * Does the same with each of many items, several at a time. Each that ended well is stored under its key and not run
   * again; each may fail alone, and the job then ends as `partial`.
   * @throws AllFailed when every item failed, unless the step is `optional`; InvalidInput as `step` does, and for items
   * without a key or with the same one
   * @example
   * const { values, errors } = await step.all("analyse", input.analysers, (name, { signal }) => run(name, page, signal));
   * const pages = await step.all("fetch", links, (link) => fetchPage(link.url), { key: (link) => link.url, concurrency: 4 });
   */
  all<Item extends string | number, Value>(
    name: Name,
    items: readonly Item[],
    fn: (item: Item, scope: StepScope) => Value | Promise<Value>,
    options?: StepAllOptions<Item>,
  ): Promise<ItemResults<Item, Stored<Value>>>;
  all<Item, Value>(
    name: Name,
    items: readonly Item[],
    fn: (item: Item, scope: StepScope) => Value | Promise<Value>,
    options: StepAllOptions<Item> & { key: (item: Item, index: number) => string | number },
  ): Promise<ItemResults<Item, Stored<Value>>>;
  /**
   * Gives the slot back and returns here, in a new run, when the time is over; steps before it are not run again.
   * Counts no attempt. It works by throwing: let the error pass through.
   * @param name once in a run; a sleep is no declared step
   * @throws Snooze, always, until the time is over; InvalidInput
   * @example
   * await step("order", () => order(input.id));
   * await step.sleep("until it is there", "2h");
   * return step("collect", () => collect(input.id));
   */
  sleep(name: string, duration: Duration): Promise<void>;
}
