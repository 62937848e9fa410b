/**
 * Waits for work, for events, and for the loss of a lease. Changes by this connection wake waiters at once; changes by other
 * connections are seen in `data_version`, which is looked at while there are waiters (change-watch.ts).
 */
import type { Clock } from "../../../../model/value/clock.js";
import type { Revocation } from "../../../contract/engine.js";
import { Signals } from "../../../shared/wake-signals.js";
import { isBusy } from "../../database/driver.js";
import { ChangeWatch } from "./change-watch.js";
import type { FilePlace } from "../../database/file/file-place.js";
import type { Sql } from "../../database/sql.js";

/** How often looking compares the file with its path, in milliseconds. */
const VERIFY_EVERY = 500;

/** A lease taken from a session. */
export interface TakenLease {
  readonly session: string;
  readonly lease: Revocation;
  /** The number of its row; `null`: the session has ended. */
  readonly number: number | null;
}

/** A session that listens, and the number of the last revocation it was notified of. */
interface Listening {
  readonly session: string;
  receipt: number;
  /** The command to its worker that it was notified of last, as it is stored; `undefined`: it does not listen to commands. */
  command: string | null | undefined;
}

export class Watchers {
  readonly #sql: Sql;
  readonly #signals: Signals;
  readonly #place: FilePlace;
  readonly #changes: ChangeWatch;
  /** How many waits there are for each queue. */
  readonly #waiting = new Map<string, number>();
  readonly #listening = new Set<Listening>();
  #closed = false;
  #version = 0;

  /** @param log the path of the write-ahead log */
  constructor(sql: Sql, clock: Clock, place: FilePlace, log: string) {
    this.#sql = sql;
    this.#changes = new ChangeWatch({ path: log, look: () => this.#compare() });
    this.#place = place;
    this.#signals = new Signals(clock);
  }

  /** Waits until `ready()` may hold, on timeout (milliseconds), abort or close. */
  async wait(queues: readonly string[], timeout: number, signal: AbortSignal, ready: () => boolean): Promise<void> {
    if (this.#closed) return;
    for (const queue of queues) this.#waiting.set(queue, (this.#waiting.get(queue) ?? 0) + 1);
    // The version is read before `ready` is asked, so that no change in between is missed.
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

  /** Calls back for every lease taken from a session from now on, and for every command to its worker. */
  listen(session: string, listener: (lease: Revocation) => void, commanded?: () => void): () => void {
    const ends = [this.#signals.onRevoked(session, listener)];
    if (commanded !== undefined) ends.push(this.#signals.onCommanded(session, commanded));
    this.#begin();
    const command = commanded === undefined ? undefined : this.#command(session);
    const listening = { session, receipt: this.#latest(session), command };
    this.#listening.add(listening);
    return () => {
      for (const end of ends) end();
      this.#listening.delete(listening);
      this.#endIfIdle();
    };
  }

  /** Wakes the waiters of a queue that this connection changed. */
  changed(queue: string): void {
    this.#signals.changed(queue);
  }

  /** Notifies a session of a lease that this connection took from it. */
  revoked({ session, lease, number }: TakenLease): void {
    for (const listening of this.#listening) {
      if (listening.session === session && number !== null) listening.receipt = Math.max(listening.receipt, number);
    }
    this.#signals.revoked(session, lease);
  }

  /** Notifies a session that its worker was given a command. */
  commanded(session: string): void {
    this.#signals.commanded(session);
  }

  /** Ends every wait. */
  close(): void {
    this.#closed = true;
    this.#listening.clear();
    this.#signals.close();
    this.#changes.end();
  }

  #begin(): void {
    if (this.#changes.isRunning) return;
    this.#version = orBusy(() => this.#dataVersion()) ?? -1;
    this.#changes.begin();
  }

  #endIfIdle(): void {
    if (this.#waiting.size === 0 && this.#listening.size === 0) this.#changes.end();
  }

  /** Returns whether there was a change; `null`: the file is locked, or has failed, which the next command reports. */
  #compare(): boolean | null {
    // When another file is at the path, this has ended every wait, and the next command fails with the reason.
    if (!this.#place.holds(VERIFY_EVERY)) return false;
    try {
      const version = this.#dataVersion();
      if (version === this.#version) return false;
      for (const listening of this.#listening) this.#notify(listening);
      this.#version = version;
    } catch {
      return null;
    }
    this.#signals.changed(...this.#waiting.keys());
    return true;
  }

  #notify(listening: Listening): void {
    const { session } = listening;
    for (const { number, lease } of revokedSince(this.#sql, session, listening.receipt)) {
      this.revoked({ session, lease, number });
    }
    if (listening.command === undefined) return;
    const command = this.#command(session);
    if (command === listening.command) return;
    listening.command = command;
    this.commanded(session);
  }

  #command(session: string): string | null {
    return this.#sql.all<[command: string]>("SELECT command FROM commands WHERE session = ?", session)[0]?.[0] ?? null;
  }

  #dataVersion(): number {
    return this.#sql.all<[version: number]>("PRAGMA data_version")[0]?.[0] ?? 0;
  }

  #latest(session: string): number {
    const row = this.#sql.all<[number | null]>("SELECT max(number) FROM revoked WHERE session = ?", session)[0];
    return row?.[0] ?? 0;
  }
}

/** The leases taken from a session, numbered above `number`. */
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

/** Reads from the file; `null` while another process has it locked. */
function orBusy<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (isBusy(error)) return null;
    throw error;
  }
}
