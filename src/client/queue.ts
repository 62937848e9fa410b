/** A handle on one queue: its counts, its jobs, and the commands on the whole of it. */
import type { StateCounts } from "../engine/contract/engine.js";
import { controlMany, type BulkAnswer } from "./bulk/bulk.js";
import { WrongState } from "../model/errors/errors.js";
import { parseFields, type ChosenField, type FieldChoice } from "../model/job/query/fields.js";
import { checkOptions } from "../model/value/call-options.js";
import { parseFlag, parseWhole } from "../model/value/scalar.js";
import { parseId, parseOwnName } from "../model/value/name.js";
import { perState, type JobState } from "../model/job/state.js";
import type { ConnectionContext } from "./connection/context.js";
import { parseQuery, type JobQuery } from "./jobs/job-filter.js";
import { JobList, type ListOptions } from "./jobs/job-list.js";
import { Job } from "./jobs/job.js";

/**
 * A handle on one queue.
 * @example
 * const scans = longshore.queue("scans");
 * await scans.pause();
 * console.log(await scans.counts());
 */
export class Queue {
  readonly name: string;
  readonly #context: ConnectionContext;

  /** @internal Handles come from `longshore.queue`. */
  constructor(context: ConnectionContext, name: string) {
    this.#context = context;
    this.name = name;
  }

  /**
   * Stops leasing from it. Running jobs go on. What a worker has leased ahead of its slots it hands back, uncounted, once it hears
   * of the pause: from the answer to its next exchange with the queue, the one that reports the next run to end. Until then some
   * may begin: one in each slot, or of very short jobs as many as run within one round trip. `prefetch: 0` excludes that.
   * A queue that does not exist yet comes into being with it, so that its first jobs wait.
   * @throws InvalidInput for a queue of the platform
   */
  async pause(): Promise<void> {
    parseOwnName("queue", this.name);
    await this.#context.send(() => this.#context.engine.pause({ queue: this.name }));
  }

  /** Ends a pause. Where there is none, nothing happens: a queue that does not exist does not come into being. */
  async resume(): Promise<void> {
    await this.#context.send(() => this.#context.engine.resume({ queue: this.name }));
  }

  async isPaused(): Promise<boolean> {
    return (await this.#record())?.paused ?? false;
  }

  /** How many of its jobs are in each state. */
  async counts(): Promise<StateCounts> {
    return (await this.#record())?.counts ?? perState(() => 0);
  }

  /** How many jobs wait to be run now: state `queued`. */
  getWaitingCount(): Promise<number> {
    return this.#count("queued");
  }

  /** How many jobs run: state `active`. */
  getActiveCount(): Promise<number> {
    return this.#count("active");
  }

  /** How many jobs ended well and are still kept: state `completed`. */
  getCompletedCount(): Promise<number> {
    return this.#count("completed");
  }

  /** How many jobs failed for good and are still kept: state `failed`. */
  getFailedCount(): Promise<number> {
    return this.#count("failed");
  }

  /** Its jobs; without their long fields (input, result …) unless `fields` asks for them. @throws InvalidInput */
  jobs<Choice extends FieldChoice = []>(
    query: Omit<JobQuery, "queue"> = {},
    options: ListOptions<Choice> = {},
  ): JobList<ChosenField<Choice>> {
    return new JobList(
      this.#context,
      parseQuery({ ...query, queue: this.name }),
      parseFields(options.fields),
      options.order,
    );
  }

  /** A handle on a job of this queue, without checking that it exists. @throws InvalidInput */
  job<Result = unknown, Input = unknown>(id: string): Job<Result, Input> {
    return new Job(this.#context, { queue: this.name, id: parseId("id", id) }, null, null);
  }

  /** The position in the queue of a queued job, 1 = next; `null` when it is not queued. @throws InvalidInput */
  position(id: string): Promise<number | null> {
    return this.job(id).position();
  }

  /**
   * Removes the jobs that wait to be run.
   * @param options.delayed also those that wait for their time. Default: false
   * @param options.limit stop after this many; the answer has a `cursor` then. Default: none
   * @param options.signal stop between two chunks
   * @throws InvalidInput
   */
  async drain(options: { delayed?: boolean; limit?: number; signal?: AbortSignal } = {}): Promise<BulkAnswer> {
    checkOptions(options, ["delayed", "limit", "signal"]);
    const { delayed = false, limit, signal } = options;
    const states: JobState[] = parseFlag("delayed", delayed) ? ["delayed", "queued"] : ["queued"];
    return controlMany(this.#context.engine, {
      command: "remove",
      filter: { queue: this.name, states },
      ...(limit === undefined ? {} : { limit: parseWhole("limit", limit, 1, Number.MAX_SAFE_INTEGER) }),
      ...(signal === undefined ? {} : { signal }),
      nextOp: () => this.#context.nextOp(),
    });
  }

  /**
   * Removes the queue with all its jobs and records.
   * @param options.force also while jobs run: their leases are fenced off
   * @throws WrongState while jobs run, without `force`
   */
  async obliterate(options: { force?: boolean } = {}): Promise<void> {
    const { force = false } = options;
    const done = await this.#context.send(() => this.#context.engine.obliterate({ queue: this.name, force }));
    if (!done) throw new WrongState("obliterate queue of", this.name, "active", "jobs run; give force: true");
  }

  async #count(state: JobState): Promise<number> {
    return (await this.counts())[state];
  }

  async #record(): Promise<{ paused: boolean; counts: StateCounts } | undefined> {
    const [record] = await this.#context.engine.queues({ names: [this.name] });
    return record;
  }
}
