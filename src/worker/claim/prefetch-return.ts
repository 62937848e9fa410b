/**
 * Returns prefetched jobs when the jobs before them turn out to be slow: another worker may be idle. Checks only while
 * prefetched jobs wait.
 */
import type { Clock } from "../../model/value/clock.js";

/** How long (milliseconds) prefetched jobs wait without any run starting before they are returned. */
const PATIENCE = 100;

export class PrefetchReturn {
  readonly #clock: Clock;
  readonly #waiting: () => number;
  readonly #giveBack: () => void;
  #started = 0;
  #cancel: (() => void) | null = null;

  /** @param giveBack called when jobs wait and no run has started for a while */
  constructor(clock: Clock, waiting: () => number, giveBack: () => void) {
    this.#clock = clock;
    this.#waiting = waiting;
    this.#giveBack = giveBack;
  }

  /** A run began. */
  started(): void {
    this.#started += 1;
  }

  /** Jobs may be waiting now. */
  watch(): void {
    if (this.#cancel !== null || this.#waiting() === 0) return;
    const started = this.#started;
    this.#cancel = this.#clock.after(PATIENCE, () => {
      this.#cancel = null;
      if (this.#started === started && this.#waiting() > 0) this.#giveBack();
      this.watch();
    });
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
