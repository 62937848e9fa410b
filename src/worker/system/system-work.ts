/**
 * What a worker does for the platform, beside its own jobs: it works on the queue of bulk jobs, in a slot and a session of its own,
 * which are only there while such jobs are. At rest that costs nothing: the worker's own wait for work listens for the queue, too.
 * A worker that is busy, and does not wait, looks from time to time instead. Bulk jobs that have ended are removed when their time
 * has come, though no worker works on the queue then.
 */
import type { Engine } from "../../engine/contract/engine.js";
import { BULK_QUEUE } from "../../model/bulk/bulk.js";
import { EngineClosed } from "../../model/errors/errors.js";
import { isTerminal, STATES } from "../../model/job/state.js";
import type { Clock, Random } from "../../model/value/clock.js";
import type { StopReason } from "../run/events.js";

/** How often a busy worker looks, in milliseconds. */
const LOOK_AGAIN = 15_000;
/**
 * After how long (milliseconds) one looks although nothing woke it: who was woken may have died, and what others worked through is to
 * be removed.
 */
const LOOK_ANYWAY = 6 * 3_600_000;
/** The least time (milliseconds) between two sweeps, and the most jobs that one of them removes. */
const SWEEP_AGAIN = 60_000;
const MOST_SWEPT = 200;

/** The inside of a worker for the queue. */
export interface SystemRuntime {
  start(): Promise<void>;
  stop(grace: number, reason: StopReason): Promise<void>;
}

/** Dependencies. */
export interface SystemWorkOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  /** It could not look. */
  readonly failed: (error: Error) => void;
  /** Makes a runtime, which calls `finished` when it has been idle for a while. */
  readonly make: (finished: (reason: StopReason) => void) => SystemRuntime;
}

export class SystemWork {
  readonly #options: SystemWorkOptions;
  #runtime: SystemRuntime | null = null;
  #looking: Promise<void> | null = null;
  #lookedAt: number;
  #ending: Promise<void> = Promise.resolve();
  #stopped = false;
  #suspected = false;
  /** Looks anyway. */
  #cancel: () => void = () => {};
  #sweepAt: number;

  constructor(options: SystemWorkOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.monotonic();
    this.#sweepAt = this.#lookedAt;
  }

  /** The queue to listen for; `null`: nothing, since it is being worked on already, or not any more. */
  get queue(): string | null {
    return this.#runtime !== null || this.#stopped ? null : BULK_QUEUE;
  }

  /** The queue has work. */
  woken(): void {
    if (this.queue === null) return;
    const runtime = this.#options.make((reason) => void this.#finished(runtime, reason));
    this.#runtime = runtime;
    void runtime.start();
  }

  /** The queue may have work: looks, and goes to it. Never rejects. */
  look(): Promise<void> {
    if (this.queue === null) return Promise.resolve();
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** The worker was woken, and the engine does not say for which queue. */
  suspect(): void {
    this.#suspected = true;
  }

  /** The worker was woken, and found nothing in its own queues. */
  foundNothing(): void {
    if (this.#suspected) void this.look();
    this.#suspected = false;
  }

  /** As `look`, if it has not for a while: for a worker that does not wait for work. */
  glance(): void {
    if (this.#options.clock.monotonic() - this.#lookedAt >= LOOK_AGAIN) void this.look();
  }

  /** Ends it without grace: another worker goes on with a bulk job from where it is. */
  async stop(reason: StopReason): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#looking;
    await this.#runtime?.stop(0, reason);
    await this.#ending;
  }

  async #look(): Promise<void> {
    const { engine, clock, failed } = this.#options;
    this.#lookedAt = clock.monotonic();
    const due = this.#sweepAt - this.#lookedAt;
    this.#lookIn(due > 0 ? Math.min(due, LOOK_ANYWAY) : LOOK_ANYWAY);
    try {
      const [record] = await engine.queues({ names: [BULK_QUEUE] });
      const has = (ended: boolean): boolean =>
        STATES.some((state) => isTerminal(state) === ended && (record?.counts[state] ?? 0) > 0);
      if (has(false)) this.woken();
      else if (has(true) && this.#lookedAt >= this.#sweepAt) await this.#sweep();
    } catch (error) {
      if (!this.#stopped && !(error instanceof EngineClosed))
        failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Removes those that retention no longer keeps, and looks again when it is to remove the next. */
  async #sweep(): Promise<void> {
    const { engine, clock } = this.#options;
    // Whose sessions are overdue is for workers to say that watch them.
    const answer = await engine.sweep({ queues: [BULK_QUEUE], limit: MOST_SWEPT, dead: [] });
    const due = answer.nextRemoval === null ? Number.POSITIVE_INFINITY : answer.nextRemoval - (await engine.now());
    const wait = answer.more ? 1 : Math.min(LOOK_ANYWAY, Math.max(SWEEP_AGAIN, due));
    this.#sweepAt = clock.monotonic() + wait;
    this.#lookIn(wait);
  }

  #lookIn(ms: number): void {
    const { clock, random } = this.#options;
    this.#cancel();
    // A fleet does not look in step.
    if (!this.#stopped) this.#cancel = clock.after(ms * (1 + random() / 10), () => void this.look());
  }

  /** It was idle for a while: all has ended, or others work on what is left. These may die. */
  async #finished(runtime: SystemRuntime, reason: StopReason): Promise<void> {
    // What commands this session commands the worker's, too, and that one stops this.
    if (this.#runtime !== runtime || reason === "command" || this.#stopped) return;
    this.#ending = runtime.stop(0, reason);
    await this.#ending;
    this.#runtime = null;
    await this.look();
  }
}
