/**
 * Upkeep by a live worker: a sweep about every second while it holds jobs, when something is known to be due, and at
 * least about every half minute at rest. Due schedules are fired on the way. Times are randomized, so that a fleet does
 * not sweep in step.
 * Overdue sessions are watched before they are declared dead; after a sweep that was itself late the watch begins anew.
 */
import type { Engine } from "../../engine/contract/engine.js";
import { earliest } from "../../engine/shared/listing-order.js";
import type { Clock, Random } from "../../model/value/clock.js";
import type { EngineClock } from "../session/engine-clock.js";
import type { EngineOutage } from "../session/engine-outage.js";
import { OverdueWatch } from "../session/overdue-watch.js";
import type { Scheduler } from "./scheduler.js";

/** The interval of sweeps (milliseconds) while jobs are held, at rest, and at least. */
const BUSY = 1_000;
const REST = 30_000;
const LEAST = 50;
/** The least time (milliseconds) between two sweeps for what retention removes. */
const TOGETHER = 750;
/** The random part (milliseconds) of the delay of a sweep for something due. */
const SPREAD = 100;
/** A sweep that begins, or is answered, so much late means a standstill. Milliseconds. */
const LATE = 1_000;
/** The most jobs of a kind in one sweep: the engine serves no other client meanwhile. */
const LIMIT = 200;

/** Dependencies and callbacks. */
export interface SweeperOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly queues: readonly string[];
  readonly outage: EngineOutage;
  readonly time: EngineClock;
  readonly scheduler: Scheduler;
  readonly holds: () => boolean;
  /** A sweep made jobs ready. */
  readonly foundWork: () => void;
  /** A sweep is done. `noneAside`: as in its answer. */
  readonly swept: (noneAside: boolean) => void;
}

export class Sweeper {
  readonly #options: SweeperOptions;
  #cancel: () => void = () => {};
  #armedFor = Number.POSITIVE_INFINITY;
  /** The earliest due time passed to `expect` since the last sweep began. Epoch milliseconds of the engine. */
  #expected: number | null = null;
  #sweeping = false;
  /** Is the next sweep to be a whole one, even at rest? */
  #hurried = true;
  readonly #stop = new AbortController();
  readonly #watch = new OverdueWatch();
  #failures = 0;
  /** Has it swept at least once, and is no session being watched? */
  done = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#sweep();
  }

  /** Jobs are held from now on, or something else has happened: sweep within a second or so. */
  hurry(): void {
    const { clock } = this.#options;
    this.#hurried = true;
    if (!this.#sweeping && this.#armedFor > clock.monotonic() + BUSY * 1.25) this.#arm(this.#jitter(BUSY));
  }

  /** Something is due at `due`, in epoch milliseconds of the engine. */
  expect(due: number): void {
    const { clock, time } = this.#options;
    this.#expected = earliest(this.#expected, due);
    const latest = clock.monotonic() + Math.max(LEAST, time.until(due) + 1 + SPREAD);
    if (!this.#sweeping && this.#armedFor > latest) this.#arm(this.#delayUntil(due));
  }

  stop(): void {
    this.#stop.abort();
    this.#cancel();
  }

  #delayUntil(due: number): number {
    const { time, random } = this.#options;
    return Math.max(LEAST, time.until(due) + 1 + SPREAD * random());
  }

  #arm(delay: number): void {
    if (this.#stop.signal.aborted) return;
    this.#cancel();
    this.#armedFor = this.#options.clock.monotonic() + delay;
    this.#cancel = this.#options.clock.after(delay, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    const { engine, clock, queues, outage, scheduler, holds, foundWork, swept } = this.#options;
    this.#sweeping = true;
    let delay: number;
    const begun = clock.monotonic();
    if (begun - this.#armedFor > LATE) this.#watch.stoodStill(begun);
    try {
      this.#expected = null;
      const resting = !holds() && !this.#hurried;
      this.#hurried = false;
      const answer = await engine.sweep({ queues, limit: LIMIT, dead: this.#watch.dead(begun), resting });
      const answered = clock.monotonic();
      this.#watch.see(answer.overdue, answered);
      if (answered - begun > LATE) this.#watch.stoodStill(answered);
      const fired = await scheduler.fire(answer.schedules);
      this.#failures = 0;
      this.done = !this.#watch.watching;
      delay = this.#jitter(holds() ? BUSY : REST);
      const death = this.#watch.nextDeath;
      if (death !== null) delay = Math.min(delay, Math.max(LEAST, death - clock.monotonic() + 1));
      const due = earliest(answer.nextDue, fired.nextDue, this.#expected);
      if (due !== null) delay = Math.min(delay, this.#delayUntil(due));
      // Jobs that are kept for long end one after the other: what is due within a second is removed together.
      const removal = answer.nextRemoval;
      if (removal !== null) delay = Math.min(delay, Math.max(TOGETHER, this.#delayUntil(removal)));
      // Something has happened while this sweep was on its way.
      if (this.#hurried) delay = Math.min(delay, this.#jitter(BUSY));
      if (answer.more) delay = 1;
      if (answer.promoted + answer.recovered + fired.jobs > 0 || answer.waiting) foundWork();
      swept(answer.noneAside ?? false);
    } catch (error) {
      if (!this.#stop.signal.aborted) outage.report(error);
      this.#watch.stoodStill(clock.monotonic());
      delay = Math.max(BUSY, outage.delay(this.#failures));
      this.#failures += 1;
      this.#hurried = true;
    }
    this.#sweeping = false;
    this.#arm(delay);
  }

  #jitter(ms: number): number {
    return ms * (0.75 + 0.5 * this.#options.random());
  }
}
