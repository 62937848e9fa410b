/**
 * How many jobs a token may create in a time: a bucket for each, which fills up evenly. A request that finds anything in it is taken
 * whole, however many jobs it has, and what it lacked is made up for before the next one.
 */
import { Problem } from "../http/problem.js";
import type { Clock } from "../../model/value/clock.js";

/** How many tokens are remembered: a bucket that was not touched for long is full, as a new one is. */
const MOST_BUCKETS = 10_000;

interface Bucket {
  level: number;
  /** When (monotonic) it had this level. */
  at: number;
}

export class CreationLimit {
  readonly #rate: number;
  readonly #per: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ rate, per }: { readonly rate: number; readonly per: number }, clock: Clock) {
    this.#rate = rate;
    this.#per = per;
    this.#clock = clock;
  }

  /** Takes so many jobs of a token; of a request that was admitted already they may overdraw it. @throws Problem 429 */
  take(subject: string, jobs: number, admitted = false): void {
    const now = this.#clock.monotonic();
    const before = this.#buckets.get(subject) ?? { level: this.#rate, at: now };
    const level = Math.min(this.#rate, before.level + ((now - before.at) * this.#rate) / this.#per);
    if (level < 1 && !admitted) {
      const wait = ((1 - level) * this.#per) / this.#rate;
      throw new Problem(429, "TOO_MANY_JOBS", `more than ${this.#rate} jobs in ${this.#per} ms: try again later`, {
        headers: { "retry-after": String(Math.max(1, Math.ceil(wait / 1_000))) },
      });
    }
    this.#buckets.delete(subject);
    this.#buckets.set(subject, { level: level - jobs, at: now });
    const [oldest] = this.#buckets.size > MOST_BUCKETS ? this.#buckets.keys() : [];
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
