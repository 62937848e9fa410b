/**
 * A clock that moves only when a test moves it. Tests of engines, workers and schedulers use it: no test
 * sleeps to make time pass.
 */
import type { Clock } from "../../../model/value/clock.js";

/** The monotonic time of a new clock; any number that cannot be taken for the date. */
const UPTIME = 1_000_000;

interface Timer {
  /** On the monotonic clock. */
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock moved by hand.
 * @example
 * const clock = new ManualClock();
 * clock.after(1_000, () => console.log("a second later"));
 * clock.advance(1_000);
 */
export class ManualClock implements Clock {
  #monotonic = UPTIME;
  /** Milliseconds by which the date is ahead of the monotonic time. */
  #ahead: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param start epoch milliseconds; default: some day in 2023 */
  constructor(start = 1_700_000_000_000) {
    this.#ahead = start - UPTIME;
  }

  now(): number {
    return this.#monotonic + this.#ahead;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { due: this.#monotonic + Math.max(0, ms), order: (this.#order += 1), callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Moves time on by `ms` milliseconds and calls what falls due meanwhile, in order, each at its own time. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#monotonic = Math.max(this.#monotonic, timer.due);
      timer.callback();
    }
    this.#monotonic = end;
  }

  /** Lets `ms` milliseconds pass in which nothing runs, as when a process is stopped: what fell due meanwhile comes late. */
  standStill(ms: number): void {
    this.#monotonic += ms;
    this.advance(0);
  }

  /** Sets the date forward by `ms` milliseconds, or back when it is negative; no time passes. */
  step(ms: number): void {
    this.#ahead += ms;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
