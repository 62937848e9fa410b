/** Back-off before a pool replaces a worker that died: 1 s, 2 s, 4 s … 30 s, until one has lived for a minute. */
import { nextDelay, type Backoff } from "../../model/failure/backoff.js";

const BACKOFF: Backoff = { type: "exponential", delay: 1_000, factor: 2, max: 30_000, jitter: 0 };
/** A worker that lived this long (milliseconds) had a good start: its death counts as the first again. */
const LONG_LIFE = 60_000;

export class RestartBackoff {
  #deaths = 0;

  /** A worker died; returns how long to wait. Both in milliseconds. */
  died(lived: number): number {
    this.#deaths = lived >= LONG_LIFE ? 1 : this.#deaths + 1;
    return nextDelay(BACKOFF, this.#deaths, () => 0);
  }

  /** A worker ended as it should. */
  ended(): void {
    this.#deaths = 0;
  }
}
