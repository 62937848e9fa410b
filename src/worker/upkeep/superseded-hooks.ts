/**
 * Runs the `onSuperseded` hooks of this worker's tasks, at least once for each superseded job: after every sweep, and
 * before a job that supersedes another runs. A hook that fails, or whose worker dies, is run again.
 */
import type { Engine } from "../../engine/contract/engine.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { TimedOut } from "../../model/errors/errors.js";
import { SUPERSEDED_AGAIN, type JobRecord, type JobRef } from "../../model/job/job.js";
import { snapshotOf } from "../../model/job/snapshot.js";
import type { Runnable } from "../execution/runnable.js";
import type { EngineOutage } from "../session/engine-outage.js";

/** How many superseded jobs are handled at a time. */
const AT_ONCE = 50;
/** The longest that a job waits for the hooks of the jobs it supersedes, in milliseconds. */
const HOLD_UP = 5_000;

/** Dependencies. */
export interface SupersededHooksOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly queues: readonly string[];
  readonly runnables: ReadonlyMap<string, Runnable>;
  readonly outage: EngineOutage;
  /** Aborts when the worker stops: waits for hooks end. */
  readonly stopping: AbortSignal;
}

export class SupersededHooks {
  readonly #options: SupersededHooksOptions;
  #running: Promise<void> = Promise.resolve();
  /** The next pass, while it waits for the current one. */
  #next: Promise<void> | null = null;

  constructor(options: SupersededHooksOptions) {
    this.#options = options;
  }

  /** Does any task of this worker have such a hook? */
  get hasHooks(): boolean {
    return this.#tasks().length > 0;
  }

  /** Runs the hooks of all superseded jobs there are now. Never rejects. */
  run(): Promise<void> {
    if (!this.hasHooks) return Promise.resolve();
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
    const done = new AbortController();
    const end = (): void => done.abort();
    // Not `AbortSignal.any`: it would stay referenced by `stopping`, which lives as long as the worker.
    if (stopping.aborted) end();
    stopping.addEventListener("abort", end, { once: true });
    const ran = this.run().finally(end);
    await Promise.race([ran, pause(clock, HOLD_UP, done.signal)]);
    stopping.removeEventListener("abort", end);
  }

  async #runAll(): Promise<void> {
    const { engine, queues, outage } = this.#options;
    try {
      for (;;) {
        const refs = await engine.claimSuperseded({ queues, tasks: this.#tasks(), limit: AT_ONCE });
        if (refs.length === 0) return;
        const jobs = await engine.getJobs({ refs });
        // Acknowledged one by one: a hook that never returns must not keep the others from being acknowledged.
        await Promise.all(
          refs.map(async (ref, index) => {
            if (await this.#runOne(ref, jobs[index] ?? null)) await engine.acknowledgeSuperseded({ refs: [ref] });
          }),
        );
        if (refs.length < AT_ONCE) return;
      }
    } catch (error) {
      outage.report(error);
    }
  }

  /** Runs the hook of one job; returns whether it succeeded. */
  async #runOne(ref: JobRef, job: JobRecord | null): Promise<boolean> {
    const { clock, runnables, outage } = this.#options;
    const over = new AbortController();
    const callHook = async (): Promise<void> => {
      if (job !== null) await runnables.get(job.task)?.task.onSuperseded?.(snapshotOf(job));
    };
    const late = async (): Promise<void> => {
      await pause(clock, SUPERSEDED_AGAIN, over.signal);
      if (!over.signal.aborted) throw new TimedOut(SUPERSEDED_AGAIN, `onSuperseded of task ${job?.task}`);
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

  #tasks(): string[] {
    return [...this.#options.runnables.values()].flatMap(({ task }) => (task.onSuperseded === null ? [] : [task.name]));
  }
}
