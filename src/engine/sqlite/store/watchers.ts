/**
 * Those who wait: for work, for events, for the loss of a lease. Changes made by this connection are told at once; changes
 * by others are seen by looking at `data_version` every few milliseconds, only while somebody waits. A look costs about a
 * microsecond. The looking uses real time, whatever the clock: other processes do not live in it.
 */
import type { Clock } from "../../../model/value/clock.js";
import type { Revocation } from "../../contract/engine.js";
import { Signals } from "../../shared/wake-signals.js";
import { isBusy } from "../database/driver.js";
import type { FilePlace } from "../database/file-place.js";
import type { Sql } from "../database/sql.js";

/** How often to look, in milliseconds. */
const LOOK_EVERY = 5;
/** How often those who only wait make sure that the file is still in its place, in milliseconds. */
const VERIFY_EVERY = 500;

/** A lease taken from a session. */
export interface TakenLease {
  readonly session: string;
  readonly lease: Revocation;
  /** The number of its row; `null` when the session is gone. */
  readonly number: number | null;
}

/** A session that listens, and up to which row it has been told. */
interface Listening {
  readonly session: string;
  receipt: number;
}

export class Watchers {
  readonly #sql: Sql;
  readonly #signals: Signals;
  readonly #place: FilePlace;
  /** How many wait in each queue. */
  readonly #waiting = new Map<string, number>();
  readonly #listening = new Set<Listening>();
  #closed = false;
  #timer: NodeJS.Timeout | null = null;
  #version = 0;

  constructor(sql: Sql, clock: Clock, place: FilePlace) {
    this.#sql = sql;
    this.#place = place;
    this.#signals = new Signals(clock);
  }

  /** Waits until `ready()` may hold, on timeout (milliseconds), abort or close. */
  async wait(queues: readonly string[], timeout: number, signal: AbortSignal, ready: () => boolean): Promise<void> {
    if (this.#closed) return;
    for (const queue of queues) this.#waiting.set(queue, (this.#waiting.get(queue) ?? 0) + 1);
    // From here on no change goes unseen: the first look compares with what was there before `ready` was asked.
    this.#begin();
    try {
      await this.#signals.wait(queues, timeout, signal, () => orBusy(ready) ?? true);
    } finally {
      for (const queue of queues) {
        const left = (this.#waiting.get(queue) ?? 1) - 1;
        if (left === 0) this.#waiting.delete(queue);
        else this.#waiting.set(queue, left);
      }
      this.#endIfIdle();
    }
  }

  /** Calls back for every lease that is taken from a session from now on. */
  listen(session: string, listener: (lease: Revocation) => void): () => void {
    const end = this.#signals.onRevoked(session, listener);
    this.#begin();
    const listening = { session, receipt: this.#latest(session) };
    this.#listening.add(listening);
    return () => {
      end();
      this.#listening.delete(listening);
      this.#endIfIdle();
    };
  }

  /** This connection changed a queue. */
  changed(queue: string): void {
    this.#signals.changed(queue);
  }

  /** This connection took a lease from a session. */
  revoked({ session, lease, number }: TakenLease): void {
    for (const listening of this.#listening) {
      if (listening.session === session && number !== null) listening.receipt = Math.max(listening.receipt, number);
    }
    this.#signals.revoked(session, lease);
  }

  /** Wakes everybody for the last time. */
  close(): void {
    this.#closed = true;
    this.#listening.clear();
    this.#signals.close();
    this.#stop();
  }

  #begin(): void {
    if (this.#timer !== null) return;
    this.#version = orBusy(() => this.#look()) ?? -1;
    this.#timer = setInterval(() => this.#compare(), LOOK_EVERY);
    // What keeps a process alive is the wait itself, with its timeout.
    this.#timer.unref();
  }

  #endIfIdle(): void {
    if (this.#waiting.size === 0 && this.#listening.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #compare(): void {
    // Where another file stands every wait has ended now, and the next command says why.
    if (!this.#place.holds(VERIFY_EVERY)) return;
    try {
      const version = this.#look();
      if (version === this.#version) return;
      for (const listening of this.#listening) this.#tell(listening);
      this.#version = version;
    } catch {
      // The file is locked, or has failed: the next look comes soon, and the next command says what is wrong.
      return;
    }
    for (const queue of [...this.#waiting.keys()]) this.#signals.changed(queue);
  }

  #tell(listening: Listening): void {
    const { session } = listening;
    for (const { number, lease } of revokedSince(this.#sql, session, listening.receipt)) {
      this.revoked({ session, lease, number });
    }
  }

  #look(): number {
    return this.#sql.all<[version: number]>("PRAGMA data_version")[0]?.[0] ?? 0;
  }

  #latest(session: string): number {
    const row = this.#sql.all<[number | null]>("SELECT max(number) FROM revoked WHERE session = ?", session)[0];
    return row?.[0] ?? 0;
  }
}

/** The leases taken from a session after a number. */
export function revokedSince(sql: Sql, session: string, number: number): { number: number; lease: Revocation }[] {
  const rows = sql.all<[number: number, queue: string, id: string, epoch: number, cause: Revocation["cause"]]>(
    "SELECT number, queue, id, epoch, cause FROM revoked WHERE session = ? AND number > ? ORDER BY number",
    session,
    number,
  );
  return rows.map(([rowNumber, queue, id, epoch, cause]) => ({
    number: rowNumber,
    lease: { queue, id, epoch, cause },
  }));
}

/** A file that is locked for a moment says nothing about what is in it: `null`. */
function orBusy<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (isBusy(error)) return null;
    throw error;
  }
}
