/**
 * How often a client may be wrong about a token: ten times a minute, counted by its address. One who has been right from there goes on:
 * one who guesses does not shut out the others behind the same proxy.
 */
import { Problem } from "../http/problem.js";
import type { Clock } from "../../model/value/clock.js";
import { networkOf } from "./client.js";

const WINDOW = 60_000;
/** Where addresses are not known all clients are counted as one. */
const MOST_WRONG = { known: 10, unknown: 100 };
/** How many addresses, and how many secrets that were right, are remembered. */
const MOST_REMEMBERED = 10_000;

interface Count {
  wrong: number;
  /** When (monotonic) it begins anew. */
  readonly until: number;
}

export class Attempts {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count>();
  readonly #right = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws Problem 429 when the client has been wrong too often, unless this secret was right from there */
  check(address: string | null, digest: Buffer): void {
    const client = clientOf(address);
    const count = this.#counts.get(client);
    const most = address === null ? MOST_WRONG.unknown : MOST_WRONG.known;
    const left = (count?.until ?? 0) - this.#clock.monotonic();
    if (count === undefined || count.wrong < most || left <= 0 || this.#right.has(keyOf(client, digest))) return;
    throw new Problem(429, "TOO_MANY_ATTEMPTS", "too many wrong tokens from this address; try again later", {
      headers: { "retry-after": String(Math.ceil(left / 1_000)) },
    });
  }

  wrong(address: string | null): void {
    const client = clientOf(address);
    const now = this.#clock.monotonic();
    const count = this.#counts.get(client);
    if (count !== undefined && count.until > now) {
      count.wrong += 1;
      return;
    }
    this.#counts.delete(client);
    this.#counts.set(client, { wrong: 1, until: now + WINDOW });
    dropOldest(this.#counts);
  }

  right(address: string | null, digest: Buffer): void {
    this.#right.add(keyOf(clientOf(address), digest));
    dropOldest(this.#right);
  }
}

function dropOldest(remembered: Map<string, unknown> | Set<string>): void {
  if (remembered.size <= MOST_REMEMBERED) return;
  for (const oldest of remembered.keys()) {
    remembered.delete(oldest);
    return;
  }
}

function clientOf(address: string | null): string {
  return address === null ? "" : networkOf(address);
}

function keyOf(client: string, digest: Buffer): string {
  return `${client} ${digest.toString("base64url")}`;
}
