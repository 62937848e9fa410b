/**
 * Is the open file still the one that stands at its path? A file that was deleted, or whose place another one took (a
 * backup that was put back, a volume that was mounted), takes what is written as before, and nobody else sees it. So whoever
 * is about to commit looks first, unless it did a moment ago: a look costs some microseconds.
 */
import { statSync } from "node:fs";
import type { Clock } from "../../../model/value/clock.js";
import { EngineUnavailable } from "../../../model/errors/errors.js";
import { describeTarget, type SqliteTarget } from "../../target.js";

/** A commit that follows a look within this time relies on it. Milliseconds. */
const RECENT = 10;

const DELETED =
  "its file was deleted while it was open; nothing is accepted until it is back, or this process was restarted";
const REPLACED = "its file was replaced by another one while it was open; what comes now goes to that one";

export class FilePlace {
  /** The file that is open: device and number. Differs between files, also where one is a copy of the other. */
  readonly key: string | null;
  readonly #target: Required<SqliteTarget>;
  readonly #clock: Clock;
  readonly #left: () => void;
  #lookedAt: number;
  #gone: string | null = null;
  #isTold = false;

  /**
   * @param target where the file stands that was just opened
   * @param left called once, when it is found to stand there no more
   */
  constructor(target: Required<SqliteTarget>, clock: Clock, left: () => void) {
    this.#target = target;
    this.#clock = clock;
    this.#left = left;
    this.#lookedAt = clock.now();
    this.key = this.#look();
  }

  /** Was the file deleted or replaced, and has somebody been told who wanted to use it? */
  get isTold(): boolean {
    return this.#isTold;
  }

  /**
   * Does the file stand in its place? Looks, unless somebody did within the last milliseconds.
   * @param recent how long a look is good for, in milliseconds
   */
  holds(recent: number): boolean {
    if (this.#gone !== null) return false;
    const now = this.#clock.now();
    if (Math.abs(now - this.#lookedAt) < recent) return true;
    this.#lookedAt = now;
    const found = this.#look();
    if (found === this.key) return true;
    this.#gone = found === null ? DELETED : REPLACED;
    this.#left();
    return false;
  }

  /** Refuses a command when the file was deleted or replaced. @throws EngineUnavailable */
  verify(): void {
    if (this.holds(RECENT)) return;
    this.#isTold = true;
    throw new EngineUnavailable(describeTarget(this.#target), this.#gone ?? "", { advice: "" });
  }

  /** What stands at the path; `null`: nothing. What cannot be told is taken for what was there. */
  #look(): string | null {
    try {
      const found = statSync(this.#target.path, { throwIfNoEntry: false, bigint: true });
      return found === undefined ? null : `${found.dev}:${found.ino}`;
    } catch {
      return this.key;
    }
  }
}
