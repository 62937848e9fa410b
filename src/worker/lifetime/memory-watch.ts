/**
 * Watches the memory of the process, after runs and every 5 s, so that a worker that leaks is ended and replaced before
 * the machine runs out of memory.
 */
import type { Clock } from "../../model/value/clock.js";

/**
 * The interval of checks (milliseconds) by timer, and the shortest one when runs end. A check costs some microseconds.
 */
const EVERY = 5_000;
const AT_MOST_EVERY = 100;

/** Dependencies and callbacks. */
export interface MemoryWatchOptions {
  /** Bytes. */
  readonly limit: number;
  readonly clock: Clock;
  /** The resident set of the process now, in bytes. */
  readonly residentSet: () => number;
  /** The limit is exceeded. Called once. */
  readonly over: () => void;
}

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.after(EVERY, () => {
      this.#check();
      if (!this.#closed) this.start();
    });
  }

  /** A run has ended. */
  ran(): void {
    if (!this.#closed && this.#options.clock.monotonic() - this.#checkedAt >= AT_MOST_EVERY) this.#check();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #check(): void {
    const { limit, clock, residentSet, over } = this.#options;
    this.#checkedAt = clock.monotonic();
    if (residentSet() <= limit) return;
    this.close();
    over();
  }
}
