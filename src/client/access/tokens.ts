/** The tokens of a connection: made, listed, revoked, and checked, for the server and for applications that ask who calls them. */
import { DocumentConflict } from "../../model/document/document-errors.js";
import { LARGEST_DOCUMENT_PAGE } from "../../model/document/document.js";
import { InvalidInput } from "../../model/errors/errors.js";
import {
  digestOf,
  newSecret,
  parseTokenFacts,
  readToken,
  TOKENS,
  type KnownToken,
  type StoredToken,
  type TokenFacts,
  type TokenSpec,
} from "../../model/access/token.js";
import type { Clock } from "../../model/value/clock.js";
import { parseName } from "../../model/value/name.js";
import type { Documents } from "../documents/documents.js";
import { TokenSet } from "./token-set.js";

/** A token in a list. */
export interface TokenInfo extends TokenFacts {
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** When it was used last, in epoch milliseconds, give or take ten minutes; `null`: never. */
  readonly usedAt: number | null;
}

/** A token that was just made. */
export interface CreatedToken extends TokenFacts {
  /** The secret to ask with. It is shown this once: only its digest is stored. */
  readonly token: string;
}

/** The kind of the documents that say when tokens were used. Apart from them, so that a use does not look like a change. */
const USES = "longshore:token-uses";
/** How often (milliseconds) a use is written down. */
const USE_GRAIN = 600_000;
/** The most characters of a secret that is looked at. */
const LONGEST_SECRET = 512;

/**
 * The tokens of a connection: `longshore.tokens`. The server answers to who has one; `longshore token` is the same on the command line.
 * @example
 * const { token } = await longshore.tokens.create({ name: "shop", scopes: ["enqueue:mail", "read"] });
 * console.log(token); // lst_…, shown this once
 */
export class Tokens {
  readonly #stored: Documents;
  readonly #uses: Documents;
  readonly #clock: Clock;
  readonly #set: TokenSet;
  /** When a use was last written down, by the name of the token. */
  readonly #noted = new Map<string, number>();

  /** @internal */
  constructor(documents: (kind: string) => Documents, clock: Clock) {
    this.#stored = documents(TOKENS);
    this.#uses = documents(USES);
    this.#clock = clock;
    this.#set = new TokenSet(this.#stored, clock);
  }

  /**
   * Makes a token. Its secret is in the answer and nowhere else.
   * @throws InvalidInput, also for a name that is taken; TooManyDocuments when there are 10,000; EngineUnavailable
   * @example await longshore.tokens.create({ name: "app-7", scopes: ["read", "operate"], tag: "app:7" });
   */
  async create(spec: TokenSpec): Promise<CreatedToken> {
    const facts = parseTokenFacts("", spec);
    if (facts.expiresAt !== null && facts.expiresAt <= this.#clock.now()) {
      throw new InvalidInput("expiresAt", spec.expiresAt, "a time to come");
    }
    const token = newSecret();
    const { name, ...rest } = facts;
    const value: StoredToken = { digest: digestOf(token).toString("base64url"), ...rest };
    try {
      await this.#stored.put(name, value, { version: 0 });
    } catch (error) {
      if (!(error instanceof DocumentConflict)) throw error;
      throw new InvalidInput("name", name, "a name that no token has; revoke the one that has it first");
    } finally {
      this.#set.forget();
    }
    return { ...facts, token };
  }

  /** All of them by name, without their secrets. @throws EngineUnavailable */
  async list(): Promise<TokenInfo[]> {
    const tokens: TokenInfo[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Documents["list"]>> = await this.#stored.list({
        ...{ cursor, limit: LARGEST_DOCUMENT_PAGE },
      });
      const uses = await this.#uses.getMany(page.documents.map(({ id }) => id));
      for (const [index, { id, value, createdAt }] of page.documents.entries()) {
        const token = readToken(id, value);
        if (token === null) continue;
        const { digest: _digest, ...facts } = token;
        const usedAt = uses[index]?.updatedAt ?? null;
        // A token of the same name may have been there before.
        tokens.push({ ...facts, createdAt, usedAt: usedAt !== null && usedAt >= createdAt ? usedAt : null });
      }
      ({ cursor } = page);
    } while (cursor !== null);
    return tokens;
  }

  /**
   * Ends a token: within five seconds it lets no one in, and ends the sessions that it began. Answers `false` when there is none.
   * @throws InvalidInput, EngineUnavailable
   */
  async revoke(name: string): Promise<boolean> {
    parseName("name", name);
    const removed = await this.#stored.remove(name);
    this.#set.forget();
    this.#noted.delete(name);
    await this.#uses.remove(name);
    return removed;
  }

  /**
   * What a secret stands for; `null` when it stands for nothing, or its time is over. Cheap: what is stored is kept in memory and
   * looked at again every two seconds at most.
   * @throws EngineUnavailable
   * @example const who = await longshore.tokens.check(request.headers.get("x-api-key") ?? "");
   */
  async check(secret: string): Promise<TokenFacts | null> {
    const token = await this.checkKnown(secret);
    if (token === null) return null;
    const { digest: _digest, ...facts } = token;
    return facts;
  }

  /** @internal As `check`, with the digest that sessions are bound to. */
  async checkKnown(secret: string): Promise<KnownToken | null> {
    if (typeof secret !== "string" || secret === "" || secret.length > LONGEST_SECRET) return null;
    const token = this.#living(await this.#set.withDigest(digestOf(secret)));
    if (token !== null) this.#note(token.name);
    return token;
  }

  /** @internal The living token of a name: that of a session. */
  async named(name: string): Promise<KnownToken | null> {
    return this.#living(await this.#set.named(name));
  }

  /** @internal Are there any, even such whose time is over? */
  async any(): Promise<boolean> {
    return (await this.#set.count()) > 0;
  }

  #living(token: KnownToken | null): KnownToken | null {
    return token !== null && (token.expiresAt === null || token.expiresAt > this.#clock.now()) ? token : null;
  }

  #note(name: string): void {
    const now = this.#clock.monotonic();
    const last = this.#noted.get(name);
    if (last !== undefined && now - last < USE_GRAIN) return;
    this.#noted.set(name, now);
    // Who asks does not wait for it, nor is refused when it fails.
    void this.#uses.put(name, null).catch(() => this.#noted.delete(name));
  }
}
