/**
 * Sessions of browsers that have signed in with a token. The cookie names the token and an end, sealed with a secret that the processes
 * of one engine share and with the digest of the token: it is good in all of them, after a restart, too, and ends with its token.
 * Sessions that were signed out are noted, so that a copy of the cookie is worth nothing.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { DocumentConflict } from "../../model/document/document-errors.js";
import type { Longshore } from "../../client/longshore.js";
import type { Documents } from "../../client/documents/documents.js";
import type { KnownToken } from "../../model/access/token.js";
import type { Clock } from "../../model/value/clock.js";
import { SignOuts } from "./sign-outs.js";

/** Where a token comes from: two of one name may be in both. */
export type TokenSource = "stored" | "configured";

/** A session. */
export interface Session {
  readonly id: string;
  readonly source: TokenSource;
  /** The name of its token. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly beganAt: number;
  readonly expiresAt: number;
}

const KEY_ID = "sessions";
const CONTEXT = "longshore session 1";

export class Sessions {
  readonly #secrets: Documents<{ readonly key: string }>;
  readonly #signOuts: SignOuts;
  readonly #clock: Clock;
  readonly #time: number;
  #key: Buffer | null = null;

  /** @param time how long a session lasts (milliseconds) */
  constructor(longshore: Longshore, clock: Clock, time: number) {
    this.#secrets = longshore.platformDocuments("longshore:secrets");
    this.#signOuts = new SignOuts(longshore, clock);
    this.#clock = clock;
    this.#time = time;
  }

  /** Begins a session of a token, and gives the value of its cookie. @throws EngineUnavailable */
  async begin(source: TokenSource, token: KnownToken): Promise<{ readonly cookie: string; readonly session: Session }> {
    // Where the clock of another process is ahead, what that one has ended is not to end this session, too.
    const beganAt = Math.max(this.#clock.now(), await this.#signOuts.earliest(await this.#signOutsOf(token)));
    const expiresAt = Math.min(beganAt + this.#time, token.expiresAt ?? Number.POSITIVE_INFINITY);
    const session = { id: randomBytes(12).toString("base64url"), source, name: token.name, beganAt, expiresAt };
    const text = Buffer.from(JSON.stringify(session)).toString("base64url");
    return { session, cookie: `${text}.${(await this.#seal(text, token)).toString("base64url")}` };
  }

  /**
   * The session of a cookie; `null` when it is none, or is over.
   * @param tokenOf finds the living token of a session
   * @throws EngineUnavailable
   */
  async read(
    cookie: string,
    tokenOf: (source: TokenSource, name: string) => Promise<KnownToken | null>,
  ): Promise<{ readonly session: Session; readonly token: KnownToken } | null> {
    const [text = "", seal = "", ...more] = cookie.split(".");
    const session = more.length === 0 ? sessionOf(text) : null;
    if (session === null || session.expiresAt <= this.#clock.now()) return null;
    const token = await tokenOf(session.source, session.name);
    if (token === null) return null;
    const given = Buffer.from(seal, "base64url");
    const expected = await this.#seal(text, token);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    return (await this.lasts(session, token)) ? { session, token } : null;
  }

  /** Is a session that was read neither over nor signed out? @throws EngineUnavailable */
  async lasts(session: Session, token: KnownToken): Promise<boolean> {
    return session.expiresAt > this.#clock.now() && !(await this.#signOuts.has(await this.#signOutsOf(token), session));
  }

  /** Ends a session, in all processes. @throws EngineUnavailable, TooManyDocuments, DocumentConflict */
  async end({ id, beganAt, expiresAt }: Session, token: KnownToken): Promise<void> {
    await this.#signOuts.add(await this.#signOutsOf(token), { id, beganAt, expiresAt });
  }

  async #seal(text: string, { digest }: KnownToken): Promise<Buffer> {
    this.#key ??= await this.#sharedKey();
    return createHmac("sha256", this.#key).update(`${CONTEXT}\n${text}\n`).update(digest).digest();
  }

  /** The id of a token's sign-outs: it says nothing of the token, and another token of the name has others. */
  async #signOutsOf(token: KnownToken): Promise<string> {
    return (await this.#seal("sign-outs", token)).toString("base64url");
  }

  /** The first process to need it makes it. */
  async #sharedKey(): Promise<Buffer> {
    const made = randomBytes(32).toString("base64url");
    const stored = await this.#secrets.get(KEY_ID);
    if (stored !== null) return keyOf(stored.value);
    try {
      await this.#secrets.put(KEY_ID, { key: made }, { version: 0 });
      return keyOf({ key: made });
    } catch (error) {
      const present = error instanceof DocumentConflict ? error.present : null;
      if (present === null) throw error;
      return keyOf(present.value);
    }
  }
}

function keyOf(value: unknown): Buffer {
  const text: unknown = typeof value === "object" && value !== null && "key" in value ? value.key : null;
  const key = typeof text === "string" ? Buffer.from(text, "base64url") : Buffer.alloc(0);
  if (key.length !== 32) throw new Error("the stored secret of sessions cannot be read");
  return key;
}

function sessionOf(text: string): Session | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (typeof value !== "object" || value === null) return null;
    const { id, source, name, beganAt, expiresAt } = value as Partial<Record<keyof Session, unknown>>;
    if (typeof id !== "string" || typeof name !== "string") return null;
    if (typeof beganAt !== "number" || typeof expiresAt !== "number") return null;
    return source === "stored" || source === "configured" ? { id, source, name, beganAt, expiresAt } : null;
  } catch {
    return null;
  }
}
