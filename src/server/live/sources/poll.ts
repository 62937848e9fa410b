/**
 * What no event tells is read now and then while anyone follows it: once for all of them, and less often where it takes long, so that a
 * store is not kept busy by those who look at it.
 */
import { pause, type Clock } from "../../../model/value/clock.js";

/** A read takes at most one part in so many of the time: of two in a row the faster one counts, since one alone may have met an outage. */
const SHARE = 10;
/** The longest wait (milliseconds), however long reads take. */
const LONGEST_WAIT = 30_000;

export class Poll {
  readonly #stop = new AbortController();
  readonly #clock: Clock;
  readonly #every: number;
  readonly #read: () => Promise<void>;
  #isRunning = false;

  /** @param every milliseconds between two reads, at least */
  constructor(clock: Clock, every: number, read: () => Promise<void>) {
    this.#clock = clock;
    this.#every = every;
    this.#read = read;
  }

  /** Begins; the first read is a while from now. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    let wait = this.#every;
    let before = 0;
    for (;;) {
      await pause(this.#clock, wait, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const from = this.#clock.monotonic();
      const isRead = await this.#read().then(
        () => true,
        () => false,
      );
      const took = this.#clock.monotonic() - from;
      // An engine that does not answer is asked again: how long it was silent says nothing of what a read costs.
      wait = isRead ? Math.max(this.#every, Math.min(took, before) * SHARE) : this.#every;
      wait = Math.min(wait, Math.max(this.#every, LONGEST_WAIT));
      if (isRead) before = took;
    }
  }
}
