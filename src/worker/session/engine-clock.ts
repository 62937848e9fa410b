/** How the engine's clock and ours compare: due times are the engine's, timers are ours. */
import type { Clock } from "../../model/value/clock.js";

export class EngineClock {
  readonly #clock: Clock;
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The engine says it is `now` (epoch milliseconds). */
  learn(now: number): void {
    this.#ahead = now - this.#clock.monotonic();
  }

  /** How long (milliseconds) until the engine's clock shows `time`; negative when it has. */
  until(time: number): number {
    return time - this.#ahead - this.#clock.monotonic();
  }
}
