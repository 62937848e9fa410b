/**
 * Sessions that end sooner than their lease. None does so by silence, so something is wrong that the next one will meet as
 * well: without a pause a worker would begin the same jobs again and again, as fast as it can, and none of it would count.
 */
import { SessionLost } from "../../model/errors/errors.js";
import type { Clock } from "../../model/value/clock.js";
import type { EngineOutage } from "./engine-outage.js";

/** What this is given. */
export interface ShortLivesOptions {
  readonly clock: Clock;
  readonly outage: EngineOutage;
  /** Milliseconds. */
  readonly lease: number;
}

export class ShortLives {
  readonly #options: ShortLivesOptions;
  #bornAt = 0;
  /** How many sessions in a row lived shorter than their lease. */
  #row = 0;

  constructor(options: ShortLivesOptions) {
    this.#options = options;
  }

  /** A session begins. */
  born(): void {
    this.#bornAt = this.#options.clock.monotonic();
  }

  /** It was lost; told when that was too soon. */
  died(): void {
    const { clock, outage, lease } = this.#options;
    if (clock.monotonic() - this.#bornAt >= lease) {
      this.#row = 0;
      return;
    }
    this.#row += 1;
    outage.report(new SessionLost(lease, this.#row));
  }

  /** How long to wait before the next one, in milliseconds. */
  get wait(): number {
    return this.#row === 0 ? 0 : this.#options.outage.delay(this.#row - 1);
  }

  /**
   * Shall what the last session held count as a crash? Once it is handed back uncounted: a queue may have been obliterated.
   * From then on it is left to the sweep, which counts, so that no job is begun for ever uncounted.
   */
  get counts(): boolean {
    return this.#row > 1;
  }
}
