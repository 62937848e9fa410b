/**
 * How many jobs a worker leases beyond those it can run now, so that short jobs need not wait for the engine between
 * two of them. Follows the measured time of jobs and of the engine's answers; nothing is leased ahead of jobs that take
 * long.
 */

/** Jobs that take longer than this on average (milliseconds) have nothing leased ahead of them. */
const SLOW = 50;
/** The most jobs leased ahead. */
const MOST_PREFETCHED = 500;
/** How much a new measurement counts. */
const WEIGHT = 0.05;

export class Prefetch {
  readonly #concurrency: number;
  readonly #fixed: number | null;
  #run: number | null = null;
  #answer = 1;

  /** @param prefetch `"auto"`, or a fixed number of jobs; 0 leases nothing ahead */
  constructor(concurrency: number, prefetch: "auto" | number) {
    this.#concurrency = concurrency;
    this.#fixed = prefetch === "auto" ? null : prefetch;
  }

  /** A job ran for `ms` milliseconds. */
  ran(ms: number): void {
    this.#run = this.#run === null ? ms : this.#run + WEIGHT * (ms - this.#run);
  }

  /** Jobs waited behind others that take long: lease nothing ahead until many short ones have run. */
  stalled(): void {
    this.#run = Math.max(this.#run ?? 0, 2 * SLOW);
  }

  /** The engine took `ms` milliseconds to answer. */
  answered(ms: number): void {
    this.#answer += WEIGHT * (ms - this.#answer);
  }

  /** How many jobs to lease ahead now. */
  get size(): number {
    if (this.#fixed !== null) return this.#fixed;
    if (this.#run === null || this.#run > SLOW) return 0;
    if (this.#run < 1) return Math.min(MOST_PREFETCHED, Math.max(100, 4 * this.#concurrency));
    // As many as are run while an answer is on its way.
    return Math.min(MOST_PREFETCHED, Math.floor((this.#concurrency * Math.max(1, this.#answer)) / this.#run));
  }
}
