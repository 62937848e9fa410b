/** How many jobs end in a queue a minute, from totals that are read now and then: how much they grew over the last minute. */
import type { SeriesTotal } from "../../../client/series/points.js";
import type { Clock } from "../../../model/value/clock.js";

/** How many end a minute. */
export interface Rate {
  /** However they ended. */
  readonly ended: number;
  /** Of these, those that failed; and runs that failed and are tried again. */
  readonly failed: number;
}

/** Over how long (milliseconds) a rate is reckoned, and over how long at least. */
const SPAN = 60_000;
const LEAST_SPAN = 4_000;

interface Sample {
  readonly at: number;
  readonly totals: ReadonlyMap<string, Rate>;
}

export class Rates {
  readonly #clock: Clock;
  readonly #samples: Sample[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(totals: readonly SeriesTotal[]): void {
    const byQueue = new Map<string, Rate>();
    for (const { queue, outcome, count } of totals) {
      const { ended, failed } = byQueue.get(queue) ?? { ended: 0, failed: 0 };
      const isEnd = outcome !== "retried" && outcome !== "lost";
      const isFailure = outcome === "failed" || outcome === "retried" || outcome === "lost";
      byQueue.set(queue, { ended: ended + (isEnd ? count : 0), failed: failed + (isFailure ? count : 0) });
    }
    const at = this.#clock.monotonic();
    this.#samples.push({ at, totals: byQueue });
    while ((this.#samples[1]?.at ?? at) <= at - SPAN) this.#samples.shift();
  }

  /** The rate of a queue; `null`: it is not known yet. */
  of(queue: string): Rate | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < LEAST_SPAN) return null;
    const before = first.totals.get(queue) ?? { ended: 0, failed: 0 };
    const now = last.totals.get(queue) ?? before;
    const minutes = (last.at - first.at) / 60_000;
    // Totals go when a queue is obliterated.
    const perMinute = (from: number, to: number): number => Math.round((Math.max(0, to - from) / minutes) * 10) / 10;
    return { ended: perMinute(before.ended, now.ended), failed: perMinute(before.failed, now.failed) };
  }
}
