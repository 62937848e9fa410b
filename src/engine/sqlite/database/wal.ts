/**
 * Keeps the write-ahead log short. SQLite copies it into the file as it grows, but begins it anew only in a moment without
 * readers, and several busy processes leave none: it would grow for as long as they write. So once it is long, the process
 * that has committed asks for that moment, patiently, and cuts the log to nothing. A reader that stays (a backup, a shell in a
 * transaction) still keeps it growing until it ends.
 */
import { statSync } from "node:fs";
import { pause, systemClock } from "../../../model/value/clock.js";
import { closesLate, isBusy } from "./driver.js";
import type { Sql } from "./sql.js";

/** How long the log may become, in bytes. */
const LONGEST = 32 * 1024 * 1024;
/** How often its length is looked at, in milliseconds. */
const LOOK_EVERY = 1_000;
/** How often the moment is asked for, and with which pauses, in milliseconds. */
const TRIES = 40;
const LONGEST_PAUSE = 20;

/**
 * What SQLite itself does: how many pages (of 4 KB) it copies at a time, and how long the log stays once it began anew. Each time it
 * waits for the disk three times, and the command that committed with it: of enqueueing 120,000 jobs half a second when it
 * copied 4 MB at a time, 0.3 seconds with 8 MB. 16 MB gain little more, and need as much room on a full disk (reserve.ts).
 */
export const WAL_SETTINGS = `PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = ${LONGEST};`;

export class WriteAheadLog {
  readonly #sql: Sql;
  readonly #path: string;
  #lookedAt = -Infinity;
  #isCutting = false;

  /** @param path of the log itself */
  constructor(sql: Sql, path: string) {
    this.#sql = sql;
    this.#path = path;
  }

  /** After a commit: cuts the log if it is too long. */
  keepShort(): void {
    const now = systemClock.monotonic();
    if (this.#isCutting || now - this.#lookedAt < LOOK_EVERY) return;
    this.#lookedAt = now;
    if (this.#length() <= LONGEST) return;
    this.#isCutting = true;
    void this.#cut().finally(() => {
      this.#isCutting = false;
    });
  }

  /**
   * The connection is about to be closed. SQLite removes the log with the last connection; one that closes late would leave it,
   * and keep it open. So the file goes back to a mode without one, unless another connection has it.
   */
  end(): void {
    if (!closesLate()) return;
    try {
      this.#sql.exec("PRAGMA journal_mode = DELETE");
    } catch {
      // Another connection has it, or the file has failed: nothing is lost, the log is read by whatever opens the file next.
    }
  }

  async #cut(): Promise<void> {
    for (let tried = 0, wait = 1; tried < TRIES; tried += 1, wait = Math.min(wait * 2, LONGEST_PAUSE)) {
      await pause(systemClock, wait);
      if (this.#length() <= LONGEST || this.#tryCut()) return;
    }
  }

  /** Returns whether there is nothing left to try: it is cut, or the file has failed, which the next command reports. */
  #tryCut(): boolean {
    try {
      const [busy] =
        this.#sql.all<[busy: number, length: number, copied: number]>("PRAGMA wal_checkpoint(TRUNCATE)")[0] ?? [];
      return busy === 0;
    } catch (error) {
      return !isBusy(error);
    }
  }

  #length(): number {
    try {
      return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    } catch {
      return 0;
    }
  }
}
