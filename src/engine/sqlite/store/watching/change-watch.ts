/**
 * When to look whether another process has changed the file. Every commit writes to the write-ahead log, and the system reports
 * that (inotify, kqueue …), so a worker at rest costs nothing and is woken within a millisecond. While changes come thick, a
 * look every few milliseconds costs less than a report of each. Where the system reports nothing, which is found out by looking
 * now and then all the same, looks become rarer with time. All of this is in real time, whatever the clock.
 */
import { watch } from "node:fs";
import { systemClock } from "../../../../model/value/clock.js";

/** How often to look while changes come thick, or may; and for how long after it was last so. Milliseconds. */
const OFTEN = 5;
const THICK_FOR = 1_000;
/** So many reports in that time are thick. */
const THICK = 100;
/** How often to look although the log is watched: until the first report, and after it. */
const UNPROVEN_NET = 250;
const NET = 1_000;
/** A report may come before the change can be read: a second look follows. */
const SECOND_LOOK = 1;
/** After so many changes that were not reported, reports are not relied on. */
const MOST_MISSED = 3;
/** Where nothing is reported: how often to look once nothing has changed for so long. */
const BACK_OFF = [
  { after: 10_000, every: 100 },
  { after: 2_000, every: 25 },
] as const;

/** Reports each write to a file until it is ended. @throws when it cannot; `failed`: when it cannot any more */
export type WatchFile = (path: string, report: () => void, failed: () => void) => () => void;

const bySystem: WatchFile = (path, report, failed) => {
  const watcher = watch(path, { persistent: false }, report);
  watcher.on("error", failed);
  return () => watcher.close();
};

export interface ChangeWatchOptions {
  /** The write-ahead log. */
  readonly path: string;
  /** Looks for changes; answers whether there were any, `null`: nothing can be said at the moment. */
  readonly look: () => boolean | null;
  /** Default: as the system does. */
  readonly watchFile?: WatchFile;
}

export class ChangeWatch {
  readonly #path: string;
  readonly #look: () => boolean | null;
  readonly #watchFile: WatchFile;
  #timer: NodeJS.Timeout | null = null;
  #second: NodeJS.Timeout | null = null;
  #unwatch: (() => void) | null = null;
  /** Reports since `#thickSince`. */
  #reports = 0;
  #thickSince = 0;
  #changedAt = 0;
  #missed = 0;
  /** Was anything ever reported? The commits of this connection are, too. */
  #isProven = false;

  constructor({ path, look, watchFile = bySystem }: ChangeWatchOptions) {
    this.#path = path;
    this.#look = look;
    this.#watchFile = watchFile;
  }

  get isRunning(): boolean {
    return this.#timer !== null;
  }

  /** Looks from now on. */
  begin(): void {
    this.#changedAt = systemClock.monotonic();
    this.#lookOften();
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#stopWatching();
  }

  #lookOften(): void {
    this.#stopWatching();
    this.#thickSince = systemClock.monotonic();
    this.#arm(OFTEN);
  }

  #arm(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), ms);
    // The timeout of a wait keeps the process alive, not the looking.
    this.#timer.unref();
  }

  #tick(): void {
    const found = this.#look();
    if (this.#timer === null) return;
    if (found === true) {
      this.#changedAt = systemClock.monotonic();
      if (this.#unwatch !== null) this.#missed += 1;
      if (this.#missed >= MOST_MISSED) this.#stopWatching();
    }
    this.#arm(found === null ? OFTEN : this.#interval());
  }

  /** How long until the next look. Begins to watch when it may rely on that. */
  #interval(): number {
    const now = systemClock.monotonic();
    if (now - this.#thickSince < THICK_FOR) return OFTEN;
    if (this.#unwatch !== null || this.#startWatching()) return this.#isProven ? NET : UNPROVEN_NET;
    return BACK_OFF.find(({ after }) => now - this.#changedAt >= after)?.every ?? OFTEN;
  }

  /** Returns whether the log is watched now. */
  #startWatching(): boolean {
    if (this.#missed >= MOST_MISSED) return false;
    try {
      this.#unwatch = this.#watchFile(
        this.#path,
        () => this.#reported(),
        () => {
          this.#missed = MOST_MISSED;
          this.#stopWatching();
        },
      );
    } catch {
      // There is no log at the moment, or the system has no more watches: it is tried again.
      return false;
    }
    this.#reports = 0;
    this.#thickSince = systemClock.monotonic() - THICK_FOR;
    // What changed before it was watched is not reported.
    this.#lookAgain();
    return true;
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = null;
    if (this.#second !== null) clearTimeout(this.#second);
    this.#second = null;
  }

  #reported(): void {
    this.#isProven = true;
    const now = systemClock.monotonic();
    if (now - this.#thickSince > 2 * THICK_FOR) {
      this.#thickSince = now - THICK_FOR;
      this.#reports = 0;
    }
    this.#reports += 1;
    if (this.#reports >= THICK) {
      this.#lookOften();
      return;
    }
    if (this.#second !== null) return;
    this.#note(this.#look());
    if (this.#unwatch !== null) this.#lookAgain();
  }

  #lookAgain(): void {
    this.#second ??= setTimeout(() => {
      this.#second = null;
      this.#note(this.#look());
    }, SECOND_LOOK);
    this.#second.unref();
  }

  #note(found: boolean | null): void {
    if (found === true) {
      this.#changedAt = systemClock.monotonic();
      this.#missed = 0;
    }
    if (found === null && this.#timer !== null) this.#arm(OFTEN);
  }
}
