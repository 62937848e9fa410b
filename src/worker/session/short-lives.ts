/**
 * Back-off after sessions that were lost sooner than one lease. A session cannot expire that soon, so there is a cause
 * that the next session will meet too. Without a pause the worker would begin the same jobs again and again at full
 * speed, and no attempt would count.
 */
import { SessionLost } from "../../model/errors/errors.js";
import type { Clock } from "../../model/value/clock.js";
import type { EngineOutage } from "./engine-outage.js";

/** Dependencies. */
export interface ShortLivesOptions {
  readonly clock: Clock;
  readonly outage: EngineOutage;
  /** Milliseconds. */
  readonly lease: number;
}

export class ShortLives {
  readonly #options: ShortLivesOptions;
  #bornAt = 0;
  /** How many sessions in a row were lost sooner than one lease. */
  #row = 0;

  constructor(options: ShortLivesOptions) {
    this.#options = options;
  }

  /** A session was opened. */
  born(): void {
    this.#bornAt = this.#options.clock.monotonic();
  }

  /** The session was lost; reports an error if that was sooner than one lease. */
  died(): void {
    const { clock, outage, lease } = this.#options;
    if (clock.monotonic() - this.#bornAt >= lease) {
      this.#row = 0;
      return;
    }
    this.#row += 1;
    outage.report(new SessionLost(lease, this.#row));
  }

  /** The back-off before the next session is opened, in milliseconds. */
  get wait(): number {
    return this.#row === 0 ? 0 : this.#options.outage.delay(this.#row - 1);
  }

  /**
   * Do the jobs of the lost session count as crashed? Not the first time: a queue may have been obliterated. After a
   * second short session the sweep counts them, so that no job restarts uncounted for ever.
   */
  get counts(): boolean {
    return this.#row > 1;
  }
}
