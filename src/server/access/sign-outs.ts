/**
 * Which sessions were signed out before their time, in whatever process: a document for each token. It lists the ended ones; where they are
 * many, the older half gives way to a time, and what began until then is over. So no number of sign-outs makes an ended session good
 * again: at worst, others of the same token sign in anew.
 */
import type { Documents } from "../../client/documents/documents.js";
import type { Longshore } from "../../client/longshore.js";
import { DocumentConflict, TooManyDocuments } from "../../model/document/document-errors.js";
import type { Clock } from "../../model/value/clock.js";

/** When a session began and would end, in epoch milliseconds. */
export interface SessionTimes {
  readonly id: string;
  readonly beganAt: number;
  readonly expiresAt: number;
}

/** The sign-outs of a token. */
interface Ended {
  /** Sessions that began until then are over. */
  readonly until: number;
  readonly sessions: readonly SessionTimes[];
  /** When all these would be over by themselves. */
  readonly expiresAt: number;
}

/** How long (milliseconds) what is known counts as true. */
const FRESH = 2_000;
/** So many ended sessions of a token are listed. */
const MOST_LISTED = 256;
/** Of so many tokens is kept what is known. */
const MOST_KNOWN = 1_000;
/** So often is a document written anew that another process has changed meanwhile. */
const MOST_TRIES = 100;
const NONE: Ended = { until: 0, sessions: [], expiresAt: 0 };

export class SignOuts {
  readonly #documents: Documents<Ended>;
  readonly #clock: Clock;
  /** By the tokens' ids: what was read, and when (monotonic) the reading began. */
  readonly #known = new Map<string, { readonly asOf: number; readonly ended: Promise<Ended> }>();
  /** The last write of this process: they go one after the other, so that they do not conflict among themselves. */
  #writing: Promise<void> = Promise.resolve();

  constructor(longshore: Longshore, clock: Clock) {
    this.#documents = longshore.platformDocuments("longshore:sign-outs");
    this.#clock = clock;
  }

  /**
   * Ends a session.
   * @param token the id of the document of its token
   * @throws EngineUnavailable, TooManyDocuments, DocumentConflict where a hundred others came first
   */
  add(token: string, session: SessionTimes): Promise<void> {
    const adding = this.#writing.then(() => this.#add(token, session));
    this.#writing = adding.catch(() => undefined);
    return adding;
  }

  /** The least beginning of a session that is not over. @throws EngineUnavailable */
  async earliest(token: string): Promise<number> {
    return (await this.#of(token)).until + 1;
  }

  /** @param token the id of the document of its token @throws EngineUnavailable */
  async has(token: string, { id, beganAt }: SessionTimes): Promise<boolean> {
    const { until, sessions } = await this.#of(token);
    return beganAt <= until || sessions.some((session) => session.id === id);
  }

  async #add(token: string, session: SessionTimes): Promise<void> {
    let found = await this.#documents.get(token);
    for (let tries = 1; ; tries += 1) {
      const ended = withSession(found?.value ?? NONE, session, this.#clock.now());
      try {
        await this.#put(token, ended, found?.version ?? 0);
        this.#known.set(token, { asOf: this.#clock.monotonic(), ended: Promise.resolve(ended) });
        return;
      } catch (error) {
        if (!(error instanceof DocumentConflict) || tries === MOST_TRIES) throw error;
        found = await this.#documents.get(token);
      }
    }
  }

  async #of(token: string): Promise<Ended> {
    const now = this.#clock.monotonic();
    const known = this.#known.get(token);
    if (known !== undefined && known.asOf > now - FRESH) return known.ended;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const ended = this.#documents.get(token).then((document) => document?.value ?? NONE);
    const reading = { asOf: now, ended };
    this.#known.set(token, reading);
    // What could not be read is read again by the next who asks.
    ended.catch(() => this.#known.get(token) === reading && this.#known.delete(token));
    return ended;
  }

  /** @throws DocumentConflict, TooManyDocuments, EngineUnavailable */
  async #put(token: string, ended: Ended, version: number): Promise<void> {
    try {
      await this.#documents.put(token, ended, { version });
    } catch (error) {
      if (!(error instanceof TooManyDocuments)) throw error;
      await this.#removeOver();
      await this.#documents.put(token, ended, { version });
    }
  }

  /** Removes the documents whose sessions are over by themselves. */
  async #removeOver(): Promise<void> {
    const now = this.#clock.now();
    for await (const { id, version, value } of this.#documents) {
      if (value.expiresAt > now) continue;
      await this.#documents.remove(id, { version }).catch((error: unknown) => {
        if (!(error instanceof DocumentConflict)) throw error;
      });
    }
  }
}

function withSession({ until, sessions, expiresAt }: Ended, session: SessionTimes, now: number): Ended {
  const listed = [...sessions.filter((other) => other.id !== session.id && other.expiresAt > now), session].toSorted(
    (a, b) => a.beganAt - b.beganAt,
  );
  const covered = listed.length > MOST_LISTED ? listed.splice(0, MOST_LISTED / 2) : [];
  return {
    until: Math.max(until, covered.at(-1)?.beganAt ?? until),
    sessions: listed.filter(({ beganAt }) => beganAt > until),
    expiresAt: Math.max(expiresAt, session.expiresAt),
  };
}
