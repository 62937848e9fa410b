/**
 * Gives jobs that were leased ahead back when the ones before them turn out to be slow: another worker may be idle.
 * Looks at them now and then, only while there are any.
 */
import type { Clock } from "../../model/value/clock.js";

/** How long (milliseconds) jobs wait behind running ones before they are given back. */
const PATIENCE = 100;

export class PrefetchReturn {
  readonly #clock: Clock;
  readonly #waiting: () => number;
  readonly #giveBack: () => void;
  #started = 0;
  #cancel: (() => void) | null = null;

  /** `giveBack` is called when jobs wait and none was started for a while. */
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
