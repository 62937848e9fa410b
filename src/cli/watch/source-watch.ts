/**
 * Follows files: says when what is in them has changed and they are at rest. It looks at them every second, which works on any
 * file system, and at once where the system gives a notice; network mounts and some containers give none.
 */
import { stat } from "node:fs/promises";
import { pause, type Clock } from "../../model/value/clock.js";
import { FolderNotices, type WatchFolder } from "./folder-notices.js";

/** How often the files are looked at without a notice, and how long they must be at rest, in milliseconds. */
export const LOOK_EVERY = 1_000;
export const REST = 100;

export interface SourceWatchOptions {
  /** The files to follow; asked anew after each change. */
  readonly sources: () => Promise<ReadonlySet<string>>;
  /** Is called with the files that have changed, appeared or gone. */
  readonly changed: (files: readonly string[]) => void;
  readonly watchFolder: WatchFolder;
  readonly clock: Clock;
}

/** What tells a file from what it was before; `null`: it is not there. */
type Print = string | null;

export class SourceWatch {
  readonly #options: SourceWatchOptions;
  readonly #notices: FolderNotices;
  readonly #stopped = new AbortController();
  #seen: ReadonlyMap<string, Print> = new Map();
  #cancelLook: () => void = () => {};
  #looking = false;
  #noticed = false;

  constructor(options: SourceWatchOptions) {
    this.#options = options;
    this.#notices = new FolderNotices(options.watchFolder, () => this.#notice());
  }

  /** Resolves when it follows the files as they are now. */
  async start(): Promise<void> {
    await this.#follow(new Map());
    this.#lookIn(LOOK_EVERY);
  }

  stop(): void {
    this.#stopped.abort();
    this.#cancelLook();
    this.#notices.close();
  }

  #notice(): void {
    this.#noticed = true;
    if (!this.#looking) this.#lookIn(REST);
  }

  #lookIn(ms: number): void {
    this.#cancelLook();
    if (!this.#stopped.signal.aborted) this.#cancelLook = this.#options.clock.after(ms, () => void this.#look());
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#noticed = false;
    const first = await printsOf(this.#seen.keys());
    if (differing(this.#seen, first).length > 0) {
      const now = await this.#atRest(first);
      const files = differing(this.#seen, now);
      await this.#follow(now);
      if (files.length > 0 && !this.#stopped.signal.aborted) this.#options.changed(files);
    }
    this.#looking = false;
    this.#lookIn(this.#noticed ? REST : LOOK_EVERY);
  }

  /** The files once two looks have found the same: a compiler writes them one after the other. */
  async #atRest(first: ReadonlyMap<string, Print>): Promise<ReadonlyMap<string, Print>> {
    let before = first;
    for (;;) {
      await pause(this.#options.clock, REST, this.#stopped.signal);
      const now = await printsOf(before.keys());
      if (differing(before, now).length === 0 || this.#stopped.signal.aborted) return now;
      before = now;
    }
  }

  /** Follows what the code is made of now. Of files known before, `known` is kept: what has changed since is a change. */
  async #follow(known: ReadonlyMap<string, Print>): Promise<void> {
    const files = await this.#options.sources();
    const fresh = await printsOf([...files].filter((file) => !known.has(file)));
    this.#seen = new Map([...files].map((file) => [file, known.get(file) ?? fresh.get(file) ?? null]));
    if (!this.#stopped.signal.aborted) this.#notices.follow(files);
  }
}

async function printsOf(files: Iterable<string>): Promise<Map<string, Print>> {
  const prints = [...files].map(async (file): Promise<[string, Print]> => {
    const found = await stat(file, { bigint: true }).catch(() => null);
    return [file, found === null ? null : `${found.mtimeNs}:${found.size}:${found.ino}`];
  });
  return new Map(await Promise.all(prints));
}

function differing(before: ReadonlyMap<string, Print>, now: ReadonlyMap<string, Print>): string[] {
  return [...before].filter(([file, print]) => now.get(file) !== print).map(([file]) => file);
}
