/** Samples of a queue: how full it is and how busy its workers are, looked at once a minute. */

/** One look at a queue. */
export interface QueueSample {
  /** How many jobs are `queued`. */
  readonly depth: number;
  /**
   * For how long the job at the head of the line has been ready, or the first one of the lowest priority that waits, whichever is
   * longer. Milliseconds; 0 when none waits.
   */
  readonly oldest: number;
  /** How many jobs are leased. */
  readonly active: number;
  /** How many slots these keep busy: of each worker no more than it has. */
  readonly busy: number;
}

/** Samples that add up. */
export interface Samples {
  count: number;
  depth: number;
  active: number;
  busy: number;
  /** The longest. */
  oldest: number;
}

export function noSamples(): Samples {
  return { count: 0, depth: 0, active: 0, busy: 0, oldest: 0 };
}

/** Adds a sample. */
export function addSample(samples: Samples, { depth, oldest, active, busy }: QueueSample): void {
  addSamples(samples, { count: 1, depth, oldest, active, busy });
}

/** Adds all of `others`. */
export function addSamples(samples: Samples, others: Samples): void {
  samples.count += others.count;
  samples.depth += others.depth;
  samples.active += others.active;
  samples.busy += others.busy;
  samples.oldest = Math.max(samples.oldest, others.oldest);
}

/** Samples as a list of numbers. */
export function packSamples({ count, depth, active, busy, oldest }: Samples): number[] {
  return [count, depth, active, busy, oldest];
}

/** Samples of a list; those that another hand wrote count as 0. */
export function unpackSamples(packed: unknown): Samples {
  const numbers = Array.isArray(packed) ? packed.map((value) => (Number.isFinite(value) ? Number(value) : 0)) : [];
  const [count = 0, depth = 0, active = 0, busy = 0, oldest = 0] = numbers;
  return { count, depth, active, busy, oldest };
}
