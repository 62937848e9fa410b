/**
 * The tokens that are stored, as this process knows them: read when they have changed, and asked for changes every two seconds at most,
 * so that a request costs nothing of the engine while a revoked token ends within five.
 */
import { timingSafeEqual } from "node:crypto";
import { readToken, type KnownToken } from "../../model/access/token.js";
import type { Clock } from "../../model/value/clock.js";
import type { Documents } from "../documents/documents.js";

/** How long (milliseconds) what is known counts as true, and how long when a secret is not found in it. */
const FRESH = 2_000;
const FRESH_ENOUGH = 250;

export class TokenSet {
  readonly #documents: Documents;
  readonly #clock: Clock;
  #byName: ReadonlyMap<string, KnownToken> = new Map();
  #byDigest: ReadonlyMap<string, KnownToken> = new Map();
  #revision: number | null = null;
  /** When (monotonic) the reading began that what is known comes from. */
  #asOf = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;
  /** How often this process has changed them. */
  #changes = 0;

  constructor(documents: Documents, clock: Clock) {
    this.#documents = documents;
    this.#clock = clock;
  }

  /** The token with this digest; `null` when there is none. @throws EngineUnavailable */
  async withDigest(digest: Buffer): Promise<KnownToken | null> {
    await this.#atMost(FRESH);
    // One that another process made a moment ago is good soon.
    if (this.#find(digest) === null) await this.#atMost(FRESH_ENOUGH);
    return this.#find(digest);
  }

  /** The token of this name; `null` when there is none. @throws EngineUnavailable */
  async named(name: string): Promise<KnownToken | null> {
    await this.#atMost(FRESH);
    return this.#byName.get(name) ?? null;
  }

  /** How many there are. @throws EngineUnavailable */
  async count(): Promise<number> {
    await this.#atMost(FRESH);
    return this.#byName.size;
  }

  /** What is known is no longer true: this process has changed it. */
  forget(): void {
    this.#asOf = Number.NEGATIVE_INFINITY;
    this.#changes += 1;
    this.#reading = null;
  }

  #find(digest: Buffer): KnownToken | null {
    const found = this.#byDigest.get(digest.toString("base64url"));
    return found !== undefined && timingSafeEqual(found.digest, digest) ? found : null;
  }

  async #atMost(age: number): Promise<void> {
    const from = this.#clock.monotonic() - age;
    while (this.#asOf <= from) {
      this.#reading ??= this.#read();
      await this.#reading;
    }
  }

  async #read(): Promise<void> {
    const began = this.#clock.monotonic();
    const changes = this.#changes;
    try {
      const revision = await this.#documents.revision();
      const tokens = revision === this.#revision ? null : await this.#all();
      // A change by this process meanwhile makes it read again.
      if (changes !== this.#changes) return;
      if (tokens !== null) {
        this.#byName = new Map(tokens.map((token) => [token.name, token]));
        this.#byDigest = new Map(tokens.map((token) => [token.digest.toString("base64url"), token]));
        this.#revision = revision;
      }
      this.#asOf = began;
    } finally {
      if (changes === this.#changes) this.#reading = null;
    }
  }

  async #all(): Promise<KnownToken[]> {
    const tokens: KnownToken[] = [];
    for await (const { id, value } of this.#documents) {
      const token = readToken(id, value);
      if (token !== null) tokens.push(token);
    }
    return tokens;
  }
}
