/**
 * The part of a connection that only reads how the store does: its queues, workers and tasks, what was counted over time, what needs
 * attention.
 */
import type { AsideRecord, Engine, QueueRecord, WorkerRecord } from "../engine/contract/engine.js";
import type { TaskDescription } from "../model/document/task-description.js";
import type { Insight } from "../model/insight/insight.js";
import { isReserved, parseKey, parseName } from "../model/value/name.js";
import type { ConnectionContext } from "./connection/context.js";
import { parseCapacityOptions, readCapacity, type CapacityOptions, type CapacityReport } from "./insights/capacity.js";
import { readInsights } from "./insights/insights.js";
import { tagTotals, type TagTotals } from "./jobs/job-list.js";
import { queueFigures, type QueueFigures } from "./queue-figures.js";
import { pointsOf, totalsOf, type SeriesPoint, type SeriesTotal } from "./series/points.js";
import { parseSeries, parseTotals, type SeriesOptions, type TotalsOptions } from "./series/query.js";
import { readStore, type StoreSnapshot } from "./store/store.js";
import { listDescriptions } from "./task-descriptions.js";

/** What a connection reads of its store as a whole; `Longshore` has all of it. */
export abstract class Overview {
  readonly #engine: Engine;
  readonly #context: ConnectionContext;

  /** @internal */
  constructor(engine: Engine, context: ConnectionContext) {
    this.#engine = engine;
    this.#context = context;
  }

  /**
   * Every queue there is, with its counts.
   * @param options.system with those of the platform, whose names begin with `longshore:`. Default: false
   */
  async queues(options: { system?: boolean } = {}): Promise<QueueRecord[]> {
    const queues = await this.#engine.queues();
    return options.system === true ? queues : queues.filter(({ name }) => !isReserved(name));
  }

  /**
   * How queues are doing now: their counts, the job at the head of the line and for how long it has been ready, how many jobs end in a
   * minute, and how many workers serve them.
   * @param queues their names, at most 200; those that do not exist are left out
   * @throws InvalidInput; EngineUnavailable
   * @example
   * for (const { name, head, rates } of await longshore.queueFigures(["scans"])) console.log(name, head?.age, rates.ended);
   */
  queueFigures(queues: readonly string[]): Promise<QueueFigures[]> {
    return queueFigures(this.#context, queues);
  }

  /**
   * Every worker, in whatever process, until it has stopped or, when it is gone, until its jobs are recovered. Its `liveness`
   * says whether it gives signs of life: a worker that was killed is `silent` when it misses a heartbeat (after two thirds of
   * its lease at the latest), `lost` once its lease has lapsed.
   *
   * @throws {EngineUnavailable} when the engine does not answer
   * @example
   * ```ts
   * import { connect } from "longshore";
   *
   * const longshore = await connect("memory:");
   * for (const { name, liveness, running, leaseEndsAt } of await longshore.workers()) {
   *   if (liveness !== "alive") console.log(`${name} is ${liveness}, ${running} jobs, until ${new Date(leaseEndsAt).toISOString()}`);
   * }
   * ```
   */
  async workers(): Promise<WorkerRecord[]> {
    // What a worker does for the platform has a session of its own. A worker whose record cannot be read names no queue.
    return (await this.#engine.workers()).filter(({ queues }) => queues.length === 0 || !queues.every(isReserved));
  }

  /**
   * Queued jobs that were set aside because a worker had no code for their task, by queue and task: how many (counted
   * up to 10,000), and since when the first of them waits (epoch milliseconds). At most 100 tasks of each queue, the
   * first by name. The tasks of each worker: `workers()`.
   * @param queues only these; default: all
   * @throws InvalidInput
   * @example for (const { task, jobs } of await longshore.aside()) console.log(`${jobs} jobs of ${task} wait for its code`);
   */
  async aside(queues?: readonly string[]): Promise<AsideRecord[]> {
    const names = queues?.map((queue, index) => parseName(`queues[${index}]`, queue));
    return this.#engine.aside({ queues: names ?? (await this.queues()).map(({ name }) => name) });
  }

  /**
   * How jobs ended over time, in whatever process, and how full their queues were: for dashboards and alerts. Kept by the engine:
   * minutes for 24 hours, hours for 30 days. A job counts once however it ended, a failed run that is tried again as `retried`, one
   * that was lost with its worker as `lost`; both in the minute in which the engine learned of it. Percentiles are estimated from
   * buckets whose bounds are 1, 2, 5 and so on: the truth lies in the same bucket, so an estimate is wrong by a factor of 2.5 at
   * most.
   * @returns points by time; without `by`, one for each step in which anything ended, waited or ran
   * @throws InvalidInput; EngineUnavailable
   * @example
   * for (const { at, count, run } of await longshore.series({ tasks: "scan", from: Date.now() - 3_600_000, step: "5m" })) {
   *   console.log(new Date(at).toISOString(), count, run.p95);
   * }
   */
  async series(options: SeriesOptions = {}): Promise<SeriesPoint[]> {
    const query = parseSeries(options, await this.#engine.now());
    return pointsOf(await this.#engine.series(query), query);
  }

  /**
   * How jobs have ended altogether, by queue, task and outcome, since the queue exists: for counters. They outlast the jobs, and go
   * when the queue is obliterated.
   * @throws InvalidInput; EngineUnavailable
   * @example
   * const failed = await longshore.totals({ queues: "scans", outcomes: "failed" });
   * for (const { task, count } of failed) console.log(`${task}: ${count} failed`);
   */
  async totals(options: TotalsOptions = {}): Promise<SeriesTotal[]> {
    return totalsOf(await this.#engine.totals(parseTotals(options)));
  }

  /**
   * How many jobs with a tag there are, over all queues.
   * @throws InvalidInput
   * @example const { total, inProgress } = await longshore.tagTotals("user:42");
   */
  async tagTotals(tag: string): Promise<TagTotals> {
    return tagTotals(await this.#engine.tagTotals({ tag: parseKey("tag", tag) }));
  }

  /**
   * What the store says of itself, asked now: what it is and in which version, whether it can be written to, what of it survives a crash,
   * whether it may delete jobs for want of memory, how full it is, who is let in, how far its clock is from this process's. What cannot be
   * known, or is not for its user to know, is `null`. A fixed number of commands to each server, whatever is stored.
   * @throws EngineUnavailable
   * @example
   * for (const { name, writable, refusal, persistence } of (await longshore.store()).nodes) {
   *   console.log(name, writable ? persistence.text : refusal);
   * }
   */
  async store(): Promise<StoreSnapshot> {
    return readStore(this.#engine);
  }

  /**
   * What needs attention, the worst first: queues without workers, tasks that no worker knows, workers that die again and again, schedules that
   * are late, a store that refuses, deletes or would lose jobs, failures that share a cause, clocks that differ, and more; each in a sentence
   * with a code, what it is about, since when, and what to do. Empty when all is well. Looks closely at the 200 queues with the most
   * jobs waiting; `longshore:` queues are left out.
   * @throws EngineUnavailable
   * @example
   * for (const { severity, code, text, advice } of await longshore.insights()) console.log(severity, code, text, advice);
   */
  async insights(): Promise<Insight[]> {
    return readInsights(this.#engine);
  }

  /**
   * How many slots and workers queues need for their jobs to wait no longer than `targetWait`, from what was measured: at which rate jobs come, on
   * the average and at the peak, how long runs take and how much that varies, how busy the present slots are. Where too little was measured
   * it says so. The formula is in docs/capacity.md.
   * @throws InvalidInput; QueueNotFound for a name of `queues`; EngineUnavailable
   * @example
   * const { queues } = await longshore.capacity({ queues: "scans", targetWait: "10s" });
   * for (const { text, slotsNeeded } of queues) console.log(text, slotsNeeded);
   */
  async capacity(options: CapacityOptions = {}): Promise<CapacityReport> {
    return readCapacity(this.#engine, parseCapacityOptions(options));
  }

  /**
   * What people call the tasks, where they see the results of their jobs, and what of these is secret (`task(name, { label, resultUrl, redact })`), as the worker that
   * started last has said it; of tasks that say any of it, by name, also when no worker of theirs is there.
   * @throws EngineUnavailable
   * @example
   * const labels = new Map((await longshore.tasks()).map(({ name, label }) => [name, label]));
   */
  tasks(): Promise<TaskDescription[]> {
    return listDescriptions(this.#engine);
  }
}
