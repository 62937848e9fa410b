/** The offset between the engine's clock and this process's: due times are the engine's, timers are local. */
import type { Clock } from "../../model/value/clock.js";

export class EngineClock {
  readonly #clock: Clock;
  #ahead = 0;
  #isKnown = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The engine's clock shows `now` (epoch milliseconds). */
  learn(now: number): void {
    this.#ahead = now - this.#clock.monotonic();
    this.#isKnown = true;
  }

  /**
   * How far the clock of this machine is ahead of the engine's, in whole milliseconds; `null` before anything was learned. Too high by what
   * the engine's answer took to arrive.
   */
  get machineAhead(): number | null {
    if (!this.#isKnown) return null;
    return Math.round(this.#clock.now() - this.#clock.monotonic() - this.#ahead);
  }

  /** Milliseconds until the engine's clock shows `time`; negative when that time has passed. */
  until(time: number): number {
    return time - this.#ahead - this.#clock.monotonic();
  }
}
