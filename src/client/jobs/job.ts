/** A handle on one job: reads it, waits for it, and commands it. It caches nothing that could grow stale. */
import type { ControlAnswer, ControlParams, EnqueueAnswer, JobPatch } from "../../engine/contract/engine.js";
import { encodePayload } from "../../model/value/codec.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import { parsePositiveDuration, type Duration } from "../../model/value/duration.js";
import {
  InvalidInput,
  JobFailed,
  JobNotFound,
  SupersededSince,
  UniqueConflict,
  WrongState,
} from "../../model/errors/errors.js";
import type { JobRef } from "../../model/job/job.js";
import type { JobLog } from "../../model/job/report/log.js";
import { checkOptions } from "../../model/value/call-options.js";
import { parseTags } from "../../model/value/name.js";
import { parseFlag } from "../../model/value/scalar.js";
import { parseDue, parsePriority } from "../../model/options/options.js";
import type { Progress } from "../../model/job/progress.js";
import type { JobState } from "../../model/job/state.js";
import { checkInput } from "../../define/check-input.js";
import type { StandardSchema } from "../../define/schema.js";
import type { ConnectionContext } from "../connection/context.js";
import { flowResultOf, type FlowPart } from "./flow-result.js";
import { jobEvents, type JobEvent } from "./job-events.js";
import { waitForEnd } from "./job-wait.js";
import { milestonesOf, stepsOf, type MilestoneRecord, type StepRecord } from "./step-records.js";
import { snapshotOf, type JobSnapshot } from "../../model/job/query/snapshot.js";
import type { Reason } from "../../model/why/reason.js";
import type { Remaining } from "../../model/job/report/remaining.js";
import { remainingTime } from "./remaining.js";
import { whyOf } from "./why.js";

/** The outcome of the enqueue; `null` on a handle that was looked up. */
export type EnqueueOutcome = EnqueueAnswer["outcome"] | null;

/** A change to a job that waits. What is left out stays as it is. */
export interface JobChange<Input = unknown> {
  input?: Input;
  /** How long from now it becomes ready. Give either `delay` or `runAt`. */
  delay?: Duration;
  runAt?: Date | number;
  priority?: number;
  /** Replaces all its tags. */
  tags?: readonly string[];
}

/** How long to wait for a result. */
export interface ResultOptions {
  /** Default: as long as it takes. */
  timeout?: Duration;
  /** Ends the wait with the signal's reason; the job goes on. */
  signal?: AbortSignal;
  /** Of a flow: changes what one of its jobs, of this task, gave, before it stands in the result. Default: nothing is changed. */
  part?: FlowPart | undefined;
}

/** How jobs are queued again. */
export interface RetryOptions {
  /** Forget the checkpoints and progress of earlier runs: steps, counters, milestones. Default: false. */
  fromStart?: boolean;
}

/** How one job is queued again. */
export interface JobRetryOptions<Input = unknown> extends RetryOptions {
  /**
   * Another input, in place of the former one. The job begins from the start with it: what its steps gave belonged to the former one.
   * Its history, id, tags and all else stay. Default: the input that it has.
   */
  input?: Input;
}

const LATER = "a later job supersedes it";
const CHANGES = ["input", "delay", "runAt", "priority", "tags"];

/**
 * A handle on one job.
 * @example
 * const job = await longshore.enqueue(scan, { url: "https://example.org/" });
 * for await (const event of job.events()) console.log(event);
 * const status = await job.result();
 */
export class Job<Result = unknown, Input = unknown> {
  readonly id: string;
  readonly queue: string;
  /**
   * `"created"`, or which other job this is instead: `"existing"` (a job with this id was there), `"joined"` (it owned
   * the unique key), `"replaced"` (the same, and has this one's input now), `"rejected"` (it owned the key, in
   * `enqueueMany`). `null` when the handle was looked up.
   */
  readonly outcome: EnqueueOutcome;
  /** The state in which enqueueing left it; `null` when the handle was looked up, and on flows and what schedules enqueue. */
  readonly enqueuedState: JobState | null;
  readonly #context: ConnectionContext;
  readonly #schema: StandardSchema | null;

  /** @internal Handles come from `enqueue`, `job` and `queue().job`. */
  constructor(
    context: ConnectionContext,
    ref: JobRef,
    outcome: EnqueueOutcome,
    schema: StandardSchema | null,
    enqueuedState: JobState | null = null,
  ) {
    this.#context = context;
    this.#schema = schema;
    this.id = ref.id;
    this.queue = ref.queue;
    this.outcome = outcome;
    this.enqueuedState = enqueuedState;
  }

  /** The job as it is now. @throws JobNotFound, EngineUnavailable */
  async refresh(): Promise<JobSnapshot<Result, Input>> {
    const record = await this.#context.reader.get(this.#ref);
    if (record === null) throw new JobNotFound(this.id);
    return snapshotOf(record);
  }

  /**
   * Waits for the end and gives the result, also of a `partial` job. Who waits when it ends gets it although `keep` keeps nothing
   * of the job: it is removed 10 s later then. Who asks for the first time after retention has removed it gets JobNotFound.
   * @throws JobFailed when it ended as failed, cancelled, expired or superseded (its `cause` is the last error);
   * JobNotFound when it is gone; ResultTimeout; the signal's reason; EngineClosed
   */
  async result(options: ResultOptions = {}): Promise<Result> {
    const timeout = options.timeout === undefined ? null : parsePositiveDuration("timeout", options.timeout);
    const record = await waitForEnd(this.#context, this.#ref, { timeout, signal: options.signal ?? null });
    if (record.state === "completed" || record.state === "partial") {
      // The stored value is the return value of the task's handler; a handler that returned nothing gives null.
      const { result } =
        record.role === "flow" ? await flowResultOf(this.#context, record, options.part) : snapshotOf(record);
      return result as Result;
    }
    const { error } = record;
    throw new JobFailed(this.id, record.state, error?.message ?? "no error was recorded", { cause: error });
  }

  /**
   * Its events from now on, beginning with its present state; ends when the job has. When events were missed, because
   * the connection was gone for too long or the loop fell behind by more than 10,000, a `gap` says so, and the state, the progress,
   * the last status and the milestones not delivered yet are read and delivered.
   * @throws JobNotFound, EngineClosed
   */
  events(): AsyncIterable<JobEvent> {
    return jobEvents(this.#context, this.#ref);
  }

  /** Its progress; `null` when none was reported in this run. @throws JobNotFound */
  async progress(): Promise<Progress | null> {
    const record = await this.#context.reader.getSlim(this.#ref);
    if (record === null) throw new JobNotFound(this.id);
    return record.progress;
  }

  /** The steps that ended well in any of its runs, in the order in which they ended. */
  async steps(): Promise<StepRecord[]> {
    return stepsOf(await this.#context.engine.checkpoints(this.#ref));
  }

  /**
   * Its milestones so far, the latest of each name, in the order in which they were emitted.
   * @example
   * const teaser = (await job.milestones()).find(({ name }) => name === "TEASER_READY")?.value;
   */
  async milestones(): Promise<MilestoneRecord[]> {
    return milestonesOf(await this.#context.engine.checkpoints(this.#ref));
  }

  /** Its log: the newest lines, and how many older ones were dropped. */
  async logs(): Promise<JobLog> {
    return this.#context.engine.logs(this.#ref);
  }

  /** Its dependencies, past and present, by queue and id, and how each ended; of a flow: its members. */
  async dependencies(): Promise<DependencyRecord[]> {
    return this.#context.engine.dependencies(this.#ref);
  }

  /** Its position in the queue, 1 = next; `null` when it is not queued. */
  async position(): Promise<number | null> {
    return this.#context.engine.position(this.#ref);
  }

  /**
   * Why it does not run at this moment: every reason that applies, the decisive one first, each as data and as a sentence
   * (`text`). A job that runs or has ended gives one reason that says so. Limits are no reason yet.
   * @throws JobNotFound, EngineUnavailable
   * @example
   * for (const { kind, text } of await job.why()) console.log(`${kind}: ${text}`);
   * // paused: Queue scans is paused, for 12m now.
   * // position: It is number 3 of 40 jobs in the queue.
   */
  async why(): Promise<Reason[]> {
    return whyOf(this.#context, this.#ref);
  }

  /**
   * How long it is likely to take still: what the last 20 runs of its task in its queue took beyond the step it has reached, and
   * within a step over items how fast it is itself. `null` when it does not run, when fewer than 3 runs say something, or when they
   * differ by more than the answer. An estimate, so show it with "about"; its progress never depends on it.
   * @throws JobNotFound, EngineUnavailable
   * @example
   * const left = await job.remaining();
   * if (left !== null) console.log(`about ${Math.ceil(left.ms / 60_000)} min left`);
   */
  async remaining(): Promise<Remaining | null> {
    return remainingTime(this.#context, this.#ref);
  }

  /** Ends it; if it runs, its signal aborts within a second. @throws JobNotFound, WrongState when it has ended */
  cancel(): Promise<JobState> {
    return this.#control("cancel", (params) => this.#context.engine.cancel(params));
  }

  /**
   * Queues it again, with all its attempts before it. Steps that ended well are not run again, so a job that half
   * succeeded runs only its failed parts; a job that completed begins from the start. With `input` it gets another input in the same
   * step, and begins from the start with it.
   * @throws JobNotFound, WrongState unless it has ended, and when a later job supersedes it; UniqueConflict; InvalidInput, PayloadTooLarge before
   * anything is changed
   * @example await job.retry({ input: { url: "https://example.org/" } });
   */
  async retry(options: JobRetryOptions<Input> = {}): Promise<JobState> {
    checkOptions(options, ["fromStart", "input"]);
    const { input } = options;
    const fromStart = parseFlag("fromStart", options.fromStart ?? false);
    if (input !== undefined && this.#schema !== null) await checkInput(this.#schema, input);
    const change = input === undefined ? {} : { input: encodePayload("input", input, this.#context.payloadCap) };
    return this.#control("retry", (params) => this.#context.engine.retry({ ...params, fromStart, ...change }));
  }

  /** Makes it ready now. @throws JobNotFound, WrongState unless it is delayed */
  promote(): Promise<JobState> {
    return this.#control("promote", (params) => this.#context.engine.promote(params));
  }

  /** Releases a job that was enqueued with `hold: true`. @throws JobNotFound, WrongState unless it is blocked */
  release(): Promise<JobState> {
    return this.#control("release", (params) => this.#context.engine.release(params));
  }

  /**
   * Changes it while it waits. A changed priority or time puts it at the tail of its queue.
   * @throws InvalidInput, PayloadTooLarge, JobNotFound, WrongState once it has started
   * @example await job.update({ priority: -10, delay: "5m" });
   */
  async update(change: JobChange<Input>): Promise<JobState> {
    const patch = await this.#patchOf(change);
    return this.#control("update", (params) => this.#context.engine.update({ ...params, patch }));
  }

  /** Removes it with all that was stored about it. @throws JobNotFound, WrongState while it runs */
  async remove(): Promise<void> {
    let sent = 0;
    await this.#control("remove", async (params) => {
      sent += 1;
      const answers = await this.#context.engine.remove(params);
      // A repeated command, sent because there was no answer: the job is missing because the first one removed it.
      return sent === 1 ? answers : answers.map((answer) => (answer.outcome === "missing" ? REMOVED : answer));
    });
  }

  get #ref(): JobRef {
    return { queue: this.queue, id: this.id };
  }

  async #control(
    name: string,
    command: (params: ControlParams) => ControlAnswer[] | Promise<ControlAnswer[]>,
  ): Promise<JobState> {
    const params = { refs: [this.#ref], op: this.#context.nextOp() };
    const [answer] = await this.#context.send(() => command(params));
    switch (answer?.outcome) {
      case "applied":
        return answer.state ?? "cancelled";
      case "wrong-state":
        throw new WrongState(name, this.id, answer.state ?? "gone");
      case "conflict":
        // What it superseded with belongs to a later job.
        if (answer.owner === undefined) throw new SupersededSince(name, this.id, answer.state ?? "gone", LATER);
        throw await this.#conflict(answer.owner);
      default:
        throw new JobNotFound(this.id);
    }
  }

  async #conflict(owner: string): Promise<UniqueConflict> {
    const record = await this.#context.reader.getSlim(this.#ref);
    return new UniqueConflict(record?.unique?.key ?? "", owner);
  }

  async #patchOf(change: JobChange<Input>): Promise<JobPatch> {
    for (const [key, value] of Object.entries(change)) {
      if (!CHANGES.includes(key)) throw new InvalidInput(key, value, `no such change; known: ${CHANGES.join(", ")}`);
    }
    const { input, delay, runAt, priority, tags } = change;
    if (input !== undefined && this.#schema !== null) await checkInput(this.#schema, input);
    return {
      ...(input === undefined ? {} : { input: encodePayload("input", input, this.#context.payloadCap) }),
      ...(delay === undefined && runAt === undefined ? {} : { due: parseDue(delay, runAt) }),
      ...(priority === undefined ? {} : { priority: parsePriority("priority", priority) }),
      ...(tags === undefined ? {} : { tags: parseTags("tags", tags) }),
    };
  }
}

const REMOVED: ControlAnswer = { outcome: "applied", state: null };
