/**
 * Reports the jobs that ended without a run (expired, failed with a dependency or with their worker, cancelled while they
 * waited, superseded): each to one worker of their task, which emits the event and runs the `onSuperseded` hook, at least
 * once. After every sweep, and before a job that supersedes another runs. A job whose hook fails, or whose worker dies, is
 * reported again.
 */
import type { Engine } from "../../engine/contract/engine.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { shorterThan } from "../../model/value/shorter-signal.js";
import { JobFailed, TimedOut } from "../../model/errors/errors.js";
import { ENDED_AGAIN, type JobRecord, type JobRef } from "../../model/job/job.js";
import { snapshotOf } from "../../model/job/query/snapshot.js";
import { isTerminal } from "../../model/job/state.js";
import type { RunningJob } from "../../define/context.js";
import type { SupersededHook } from "../../define/task.js";
import type { EventPublisher } from "../run/event-publisher.js";
import type { Runnable } from "../execution/runnable.js";
import type { EngineOutage } from "../session/engine-outage.js";

/** How many jobs are handled at a time. */
const AT_ONCE = 50;
/** The longest that a job waits for the hooks of the jobs it supersedes, in milliseconds. */
const HOLD_UP = 5_000;

/** Dependencies. */
export interface EndedJobsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly queues: readonly string[];
  readonly runnables: ReadonlyMap<string, Runnable>;
  readonly events: EventPublisher;
  readonly outage: EngineOutage;
  /** Aborts when the worker stops: waits for hooks end. */
  readonly stopping: AbortSignal;
}

export class EndedJobs {
  readonly #options: EndedJobsOptions;
  #running: Promise<void> = Promise.resolve();
  /** The next pass, while it waits for the current one. */
  #next: Promise<void> | null = null;

  constructor(options: EndedJobsOptions) {
    this.#options = options;
  }

  /** Does any task of this worker have such a hook? */
  get hasHooks(): boolean {
    return [...this.#options.runnables.values()].some(({ task }) => task.onSuperseded !== null);
  }

  /** Reports all jobs there are now. Never rejects. */
  run(): Promise<void> {
    if (this.tasks.length === 0) return Promise.resolve();
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.#runAll();
    });
    this.#running = this.#next;
    return this.#next;
  }

  /** As `run`, but resolves after 5 s at the latest, even if a hook takes longer. */
  async runBriefly(): Promise<void> {
    const { clock, stopping } = this.#options;
    const done = shorterThan(stopping);
    const ran = this.run().finally(done.end);
    await Promise.race([ran, pause(clock, HOLD_UP, done.signal)]);
    done.end();
  }

  async #runAll(): Promise<void> {
    const { engine, queues, outage } = this.#options;
    try {
      for (;;) {
        const refs = await engine.claimEnded({ queues, tasks: this.tasks, limit: AT_ONCE });
        if (refs.length === 0) return;
        await this.#reportAll(refs, await engine.getJobs({ refs }));
        if (refs.length < AT_ONCE) return;
      }
    } catch (error) {
      outage.report(error);
    }
  }

  async #reportAll(refs: readonly JobRef[], jobs: readonly (JobRecord | null)[]): Promise<void> {
    const { engine, events } = this.#options;
    const quick: JobRef[] = [];
    const slow: Promise<void>[] = [];
    for (const [index, ref] of refs.entries()) {
      // A job that was removed, or is retried, has no end to report.
      const job = jobs[index] ?? null;
      if (job === null || !isTerminal(job.state)) {
        quick.push(ref);
      } else if (this.#hookFor(job) === null) {
        publishEnd(events, job);
        quick.push(ref);
      } else {
        slow.push(this.#afterHook(ref, job));
      }
    }
    if (quick.length > 0) await engine.acknowledgeEnded({ refs: quick });
    await Promise.all(slow);
  }

  #hookFor(job: JobRecord): SupersededHook | null {
    const hook = this.#options.runnables.get(job.task)?.task.onSuperseded ?? null;
    return job.state === "superseded" ? hook : null;
  }

  /** Acknowledged one by one: a hook that never returns must not keep the others from being acknowledged. */
  async #afterHook(ref: JobRef, job: JobRecord): Promise<void> {
    const { engine, events } = this.#options;
    if (!(await this.#runHook(job))) return;
    publishEnd(events, job);
    await engine.acknowledgeEnded({ refs: [ref] });
  }

  /** Runs the hook of one job; returns whether it succeeded. */
  async #runHook(job: JobRecord): Promise<boolean> {
    const { clock, outage } = this.#options;
    const over = new AbortController();
    const callHook = async (): Promise<void> => this.#hookFor(job)?.(snapshotOf(job));
    const late = async (): Promise<void> => {
      await pause(clock, ENDED_AGAIN, over.signal);
      if (!over.signal.aborted) throw new TimedOut(ENDED_AGAIN, `onSuperseded of task ${job.task}`);
    };
    try {
      await Promise.race([callHook(), late()]);
      return true;
    } catch (error) {
      outage.report(error);
      return false;
    } finally {
      over.abort();
    }
  }

  /** The tasks whose ended jobs this worker reports: all when its events are listened to, else those with a hook. */
  get tasks(): readonly string[] {
    const { runnables, events } = this.#options;
    const all = events.hearsEnds;
    return [...runnables.values()].flatMap(({ task }) => (all || task.onSuperseded !== null ? [task.name] : []));
  }
}

/** Emits the event of a job that ended without a run. */
function publishEnd(events: EventPublisher, record: JobRecord): void {
  const { state, error, history } = record;
  const job = jobOf(record);
  if (state === "failed") {
    const why = error?.message ?? "no error is known";
    events.publish("failed", job, new JobFailed(job.id, state, why, { cause: error }));
  } else if (state === "cancelled" || state === "expired") {
    events.publish(state, job);
  } else if (state === "superseded" && history.at(-1)?.outcome !== "superseded") {
    // Of one that was running its own worker emits the event.
    events.publish(state, job);
  }
}

/** A job that does not run, as listeners see jobs. */
function jobOf(record: JobRecord): RunningJob {
  const { id, queue, task, attempt, attempts, crashes, tags, priority, createdAt, runAt, startedAt, finishedAt } =
    record;
  return {
    ...{ id, queue, task, attempt, attempts, crashes, tags, priority, createdAt },
    runAt,
    startedAt: startedAt ?? finishedAt ?? createdAt,
  };
}
