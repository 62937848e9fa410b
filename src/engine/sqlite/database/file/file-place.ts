/**
 * Is the open file still the one at its path? After it was deleted or replaced (a restored backup, a mounted volume), writes
 * still succeed, into a file that no other process sees. So each commit compares the file with its path first, unless that
 * was done a moment ago: a comparison costs some microseconds.
 */
import { statSync } from "node:fs";
import type { Clock } from "../../../../model/value/clock.js";
import { EngineUnavailable } from "../../../../model/errors/errors.js";
import { describeTarget, type SqliteTarget } from "../../../target.js";

/** How long a comparison is good for, in milliseconds. */
const RECENT = 10;

const DELETED =
  "its file was deleted while it was open; nothing is accepted until it is back, or this process was restarted";
const REPLACED = "its file was replaced by another one while it was open; what comes now goes to that one";

export class FilePlace {
  /** Device and inode number of the open file; a copy of the file has others. */
  readonly key: string | null;
  readonly #target: Required<SqliteTarget>;
  readonly #clock: Clock;
  readonly #left: () => void;
  #lookedAt: number;
  #gone: string | null = null;
  #isReported = false;

  /**
   * @param target the path of the file that was just opened
   * @param left called once, when the file is no longer there
   */
  constructor(target: Required<SqliteTarget>, clock: Clock, left: () => void) {
    this.#target = target;
    this.#clock = clock;
    this.#left = left;
    this.#lookedAt = clock.now();
    this.key = fileAt(target.path) ?? null;
  }

  /** Was the file deleted or replaced, and has a command failed for it? */
  get isReported(): boolean {
    return this.#isReported;
  }

  /**
   * Is the file still at its path? Compares, unless that was done within the last milliseconds.
   * @param recent how long a comparison is good for, in milliseconds
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

  /** @throws EngineUnavailable when the file was deleted or replaced */
  verify(): void {
    if (this.holds(RECENT)) return;
    this.#isReported = true;
    throw new EngineUnavailable(describeTarget(this.#target), this.#gone ?? "", { advice: "" });
  }

  /** The file at the path; `null`: none. Where the path cannot be read, the open file is assumed to be there. */
  #look(): string | null {
    const found = fileAt(this.#target.path);
    return found === undefined ? this.key : found;
  }
}

/** Device and inode number of the file at a path; `null`: there is none, `undefined`: the path cannot be read. */
export function fileAt(path: string): string | null | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false, bigint: true });
    return found === undefined ? null : `${found.dev}:${found.ino}`;
  } catch {
    return undefined;
  }
}
