/** Notices of the system that something in a folder has changed. They come at once, where they come at all. */
import { watch, type FSWatcher } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Calls `noticed` for each change in a folder, with the name of what has changed if the system says it; the returned function ends
 * that. May throw where there are no notices.
 */
export type WatchFolder = (folder: string, noticed: (name: string | null) => void) => () => void;

/** The system allows a user so many; who needs more waits for the next look. */
const MOST_FOLDERS = 200;

/** Folders themselves, not what is below them: every system can do that. */
export const watchFolder: WatchFolder = (folder, noticed) => {
  const watcher: FSWatcher = watch(folder, { persistent: false }, (_kind, name) => noticed(name));
  watcher.on("error", () => watcher.close());
  return () => watcher.close();
};

/** Notices of some files, by those of their folders. */
export class FolderNotices {
  readonly #watchFolder: WatchFolder;
  readonly #noticed: () => void;
  readonly #watched = new Map<string, () => void>();
  #files: ReadonlySet<string> = new Set();

  constructor(watchFolder: WatchFolder, noticed: () => void) {
    this.#watchFolder = watchFolder;
    this.#noticed = noticed;
  }

  /** From now on, of these files and of no other. */
  follow(files: ReadonlySet<string>): void {
    this.#files = files;
    const wanted = new Set([...files].map((file) => dirname(file)));
    for (const [folder, close] of this.#watched) {
      if (wanted.has(folder)) continue;
      close();
      this.#watched.delete(folder);
    }
    for (const folder of wanted) {
      if (this.#watched.has(folder) || this.#watched.size >= MOST_FOLDERS) continue;
      try {
        this.#watched.set(
          folder,
          this.#watchFolder(folder, (name) => this.#hear(folder, name)),
        );
      } catch {
        // None here (a limit of the system, a folder that is gone): the regular look finds the change.
      }
    }
  }

  close(): void {
    this.follow(new Set());
  }

  /** Jobs may write to the folder of their code, a database perhaps: that is nothing. */
  #hear(folder: string, name: string | null): void {
    if (name === null || this.#files.has(join(folder, name))) this.#noticed();
  }
}
