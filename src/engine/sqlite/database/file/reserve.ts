/**
 * Room on the disk for jobs that end. A full disk would keep every job from ending, and so from being removed, which would make
 * room. So a file of some megabytes stands beside the database, as room that nothing else can take: a command that meets a
 * full disk empties it and is tried again. New jobs may not use that room. That the file is empty is what all processes see,
 * and they refuse new jobs until there is enough room to fill it again, which sweeps do.
 * Where it cannot be made (a small disk, a folder that may not be written to) everything works without.
 */
import { randomBytes } from "node:crypto";
import { closeSync, constants, ftruncateSync, lstatSync, openSync, statfsSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { systemClock } from "../../../../model/value/clock.js";

const MEGABYTE = 1024 * 1024;
/**
 * How large it is. SQLite copies its log into the file every 8 MB, and needs as much in the file for that when all of it is
 * new; from then on the log takes no further room. The rest is for results.
 */
const SIZE = 12 * MEGABYTE;
const PIECE = MEGABYTE;
/** It is made, and new jobs are accepted again, when there is so much room, what it has already included. */
const ENOUGH = 2 * SIZE;
/** For how long it is known whether new jobs are refused, in milliseconds. */
const LOOK_EVERY = 10;

// A link at its place may lead to any other file.
const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
const NO_LINK = O_NOFOLLOW ?? 0;

/** How many bytes may still be written to the disk of a folder; `null`: unknown. */
export type RoomOf = (folder: string) => number | null;

const fromSystem: RoomOf = (folder) => {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
};

export class Reserve {
  readonly #path: string;
  readonly #roomOf: RoomOf;
  #lookedAt = -Infinity;
  #refuses = false;
  #isFilling = false;

  /** @param path where it stands. @param roomOf default: as the system says */
  constructor(path: string, roomOf: RoomOf = fromSystem) {
    this.#path = path;
    this.#roomOf = roomOf;
  }

  /** Was it given up, and is there too little room to make it anew? New jobs are refused then. */
  get refusesJobs(): boolean {
    const now = systemClock.monotonic();
    if (now - this.#lookedAt < LOOK_EVERY) return this.#refuses;
    this.#lookedAt = now;
    const size = this.#size();
    this.#refuses = size !== null && size < SIZE && !this.#mayFill(size);
    return this.#refuses;
  }

  /** The disk is full: gives its room to what comes next. */
  giveUp(): void {
    this.#lookedAt = -Infinity;
    if (this.#size() === null) return;
    try {
      const file = openSync(this.#path, O_WRONLY | NO_LINK);
      try {
        ftruncateSync(file);
      } finally {
        closeSync(file);
      }
    } catch {
      // It was removed, or belongs to another user: then there is no room to give.
    }
  }

  /** Makes or fills it, if it is not whole and there is enough room. */
  async restore(): Promise<void> {
    const size = this.#size() ?? 0;
    if (this.#isFilling || size >= SIZE || !this.#mayFill(size)) return;
    this.#isFilling = true;
    try {
      const file = await open(this.#path, O_WRONLY | O_APPEND | O_CREAT | NO_LINK, 0o600);
      try {
        await this.#fill(file);
      } finally {
        await file.close();
      }
    } catch {
      // No right to write there, or the room has just been taken: it works without.
    } finally {
      this.#isFilling = false;
    }
  }

  /** Appends, so that there is no hole in it when another process empties it meanwhile. */
  async #fill(file: FileHandle): Promise<void> {
    // A file system that compresses must not find that it is all the same.
    const piece = randomBytes(PIECE);
    try {
      for (;;) {
        const { size } = await file.stat();
        if (size >= SIZE || !this.#mayFill(size)) return;
        await file.write(piece, 0, Math.min(PIECE, SIZE - size));
      }
    } catch (error) {
      // Less room than the system says, as for a user with a quota: what was taken is needed.
      await file.truncate();
      throw error;
    }
  }

  #mayFill(size: number): boolean {
    const room = this.#roomOf(dirname(this.#path));
    return room !== null && room + size >= ENOUGH;
  }

  /** Its size in bytes; `null`: there is none. */
  #size(): number | null {
    try {
      const found = lstatSync(this.#path, { throwIfNoEntry: false });
      return found?.isFile() === true ? found.size : null;
    } catch {
      return null;
    }
  }
}
