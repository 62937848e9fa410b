/** A read that follows changes: one at a time, not more often than allowed, and once more when something changed meanwhile. */
import type { Clock } from "../../../model/value/clock.js";

export class Refresh {
  readonly #clock: Clock;
  readonly #every: number;
  readonly #read: () => Promise<void>;
  #last = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;
  #isReading = false;
  #isWanted = false;
  #isStopped = false;

  /** @param every the time (milliseconds) between two reads at least */
  constructor(clock: Clock, every: number, read: () => Promise<void>) {
    this.#clock = clock;
    this.#every = every;
    this.#read = read;
  }

  /** Something changed. */
  want(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    if (this.#isReading || this.#cancel !== null) return;
    const rest = this.#last + this.#every - this.#clock.monotonic();
    this.#cancel = this.#clock.after(Math.max(0, rest), () => void this.#run());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  async #run(): Promise<void> {
    this.#cancel = null;
    this.#isReading = true;
    this.#isWanted = false;
    this.#last = this.#clock.monotonic();
    try {
      await this.#read();
    } catch {
      // An engine that does not answer is asked again.
      this.#isWanted = true;
    }
    this.#isReading = false;
    if (this.#isWanted) this.want();
  }
}
