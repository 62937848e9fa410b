/**
 * How many jobs a worker leases ahead of its free slots, so that short jobs need not wait for the engine between two
 * runs. Follows the measured durations of jobs and of the engine's answers; nothing is leased ahead while jobs are
 * slow.
 */

/** When jobs take longer than this on average (milliseconds), nothing is leased ahead. */
const SLOW = 50;
/** The most jobs leased ahead. */
const MOST_PREFETCHED = 500;
/** The weight of a new measurement in the moving average. */
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

  /** Prefetched jobs waited behind slow ones: lease nothing ahead until many short jobs have run. */
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
    // As many as complete while an answer is pending.
    return Math.min(MOST_PREFETCHED, Math.floor((this.#concurrency * Math.max(1, this.#answer)) / this.#run));
  }
}
