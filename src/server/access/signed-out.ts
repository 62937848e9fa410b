/** Which sessions were signed out before their time, in whatever process: a log, of which each process reads what is new. */
import type { Documents } from "../../client/documents/documents.js";
import type { Longshore } from "../../client/longshore.js";
import { LARGEST_DOCUMENT_PAGE } from "../../model/document/document.js";
import type { Clock } from "../../model/value/clock.js";

/** An entry of the log: a session, and until when (epoch milliseconds) it would have lasted. */
interface Ended {
  readonly id: string;
  readonly expiresAt: number;
}

/** How long (milliseconds) what is known counts as true. */
const FRESH = 2_000;

export class SignedOut {
  readonly #log: Documents<Ended>;
  readonly #clock: Clock;
  /** The ends of sessions, by their ids. */
  readonly #ended = new Map<string, number>();
  #revision = 0;
  #cursor: string | null = null;
  /** When (monotonic) the reading began that what is known comes from. */
  #asOf = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(longshore: Longshore, clock: Clock) {
    this.#log = longshore.platformDocuments("longshore:signed-out");
    this.#clock = clock;
  }

  /** @throws EngineUnavailable, TooManyDocuments */
  async add({ id, expiresAt }: Ended): Promise<void> {
    this.#ended.set(id, expiresAt);
    await this.#log.append({ id, expiresAt });
  }

  /** @throws EngineUnavailable */
  async has(id: string): Promise<boolean> {
    if (this.#ended.has(id)) return true;
    const from = this.#clock.monotonic() - FRESH;
    while (this.#asOf <= from) {
      this.#reading ??= this.#read().finally(() => (this.#reading = null));
      await this.#reading;
    }
    return this.#ended.has(id);
  }

  async #read(): Promise<void> {
    const began = this.#clock.monotonic();
    const revision = await this.#log.revision();
    if (revision !== this.#revision) {
      await this.#readOn();
      this.#revision = revision;
    }
    this.#asOf = began;
  }

  async #readOn(): Promise<void> {
    const now = this.#clock.now();
    for (const [id, expiresAt] of this.#ended) if (expiresAt <= now) this.#ended.delete(id);
    let more = true;
    while (more) {
      const { documents, cursor } = await this.#log.list({ cursor: this.#cursor, limit: LARGEST_DOCUMENT_PAGE });
      for (const { value } of documents) if (value.expiresAt > now) this.#ended.set(value.id, value.expiresAt);
      this.#cursor = documents.at(-1)?.id ?? this.#cursor;
      more = cursor !== null;
    }
  }
}
