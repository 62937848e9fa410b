/** The offset between the engine's clock and this process's: due times are the engine's, timers are local. */
import type { Clock } from "../../model/value/clock.js";

export class EngineClock {
  readonly #clock: Clock;
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The engine's clock shows `now` (epoch milliseconds). */
  learn(now: number): void {
    this.#ahead = now - this.#clock.monotonic();
  }

  /** Milliseconds until the engine's clock shows `time`; negative when that time has passed. */
  until(time: number): number {
    return time - this.#ahead - this.#clock.monotonic();
  }
}
