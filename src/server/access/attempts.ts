/**
 * How often a client may be wrong about a token: ten times a minute, counted by its address. An attempt counts from when it begins, so
 * that many at once are no more than one after another; those beyond wait until it is known how the ones before ended. One who has
 * been right from there goes on: one who guesses does not shut out the others behind the same proxy.
 */
import { Problem } from "../http/problem.js";
import type { Clock } from "../../model/value/clock.js";
import { networkOf } from "./client.js";

const WINDOW = 60_000;
/** Where addresses are not known all clients are counted as one. */
const MOST_WRONG = { known: 10, unknown: 100 };
/** How many addresses, and how many secrets that were right, are remembered. */
const MOST_REMEMBERED = 10_000;

/** An attempt that has begun. The first that is said of it counts. */
export interface Attempt {
  /** The secret is good: it goes on from there, however many others are wrong. */
  right(): void;
  wrong(): void;
  /** It was not decided: it counts no more. */
  withdraw(): void;
}

interface Count {
  wrong: number;
  /** When (monotonic) it begins anew. */
  until: number;
  /** Attempts of which it is not known yet how they end. */
  undecided: number;
  /** Those that wait for one of these to end, the first before others. */
  readonly waiting: (() => void)[];
}

export class Attempts {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count>();
  readonly #right = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Begins an attempt. Each has to be decided, or withdrawn, whatever becomes of its request.
   * @throws Problem 429 when the client has been wrong too often, unless this secret was right from there
   */
  async begin(address: string | null, digest: Buffer): Promise<Attempt> {
    const client = address === null ? "" : networkOf(address);
    const secret = `${client} ${digest.toString("base64url")}`;
    const most = address === null ? MOST_WRONG.unknown : MOST_WRONG.known;
    for (;;) {
      const count = this.#countOf(client);
      if (this.#right.has(secret)) {
        // It takes no place, so another that waits may.
        count.waiting.shift()?.();
        return this.#attempt(client, secret, count, 0);
      }
      if (count.wrong >= most) {
        count.waiting.shift()?.();
        throw tooMany(count.until - this.#clock.monotonic());
      }
      if (count.wrong + count.undecided < most) {
        count.undecided += 1;
        this.#remember(client, count);
        return this.#attempt(client, secret, count, 1);
      }
      await new Promise<void>((resolve) => count.waiting.push(resolve));
    }
  }

  /** What is counted of a client in the minute that goes on. */
  #countOf(client: string): Count {
    const count = this.#counts.get(client) ?? { wrong: 0, until: 0, undecided: 0, waiting: [] };
    if (count.until <= this.#clock.monotonic()) count.wrong = 0;
    return count;
  }

  #attempt(client: string, secret: string, count: Count, place: 0 | 1): Attempt {
    let isOver = false;
    const end = (decide: () => void): void => {
      if (isOver) return;
      isOver = true;
      decide();
      count.undecided -= place;
      count.waiting.shift()?.();
      if (isEmpty(count) && count.wrong === 0) this.#counts.delete(client);
    };
    return {
      right: () =>
        end(() => {
          this.#right.add(secret);
          dropOldest(this.#right);
        }),
      wrong: () =>
        end(() => {
          const now = this.#clock.monotonic();
          const isNew = count.until <= now;
          count.wrong = isNew ? 1 : count.wrong + 1;
          if (isNew) count.until = now + WINDOW;
          this.#remember(client, count);
        }),
      withdraw: () => end(() => {}),
    };
  }

  #remember(client: string, count: Count): void {
    this.#counts.delete(client);
    this.#counts.set(client, count);
    if (this.#counts.size <= MOST_REMEMBERED) return;
    for (const [oldest, one] of this.#counts) {
      if (!isEmpty(one)) continue;
      this.#counts.delete(oldest);
      return;
    }
  }
}

function tooMany(left: number): Problem {
  return new Problem(429, "TOO_MANY_ATTEMPTS", "too many wrong tokens from this address; try again later", {
    headers: { "retry-after": String(Math.ceil(left / 1_000)) },
  });
}

/** Is no attempt under way? Those that wait for others have to find them. */
function isEmpty({ undecided, waiting }: Count): boolean {
  return undecided === 0 && waiting.length === 0;
}

function dropOldest(remembered: Set<string>): void {
  if (remembered.size <= MOST_REMEMBERED) return;
  for (const oldest of remembered.keys()) {
    remembered.delete(oldest);
    return;
  }
}
