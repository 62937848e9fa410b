/**
 * Tracks which files a child has loaded, and whether they have changed since. Files are compared by times, size and
 * inode. A file written so shortly before it was loaded that a second write could have the same time is never trusted.
 */
import { statSync } from "node:fs";
import { createRequire, register } from "node:module";
import { fileURLToPath } from "node:url";
import { MessageChannel, receiveMessageOnPort, type MessagePort } from "node:worker_threads";

/** The coarsest timestamp resolution (milliseconds) of known file systems, and a margin. */
const MARGIN = 50;

export class LoadedCode {
  /** The times, size and inode of each file, as text. */
  readonly #files = new Map<string, string>();
  readonly #port: MessagePort;
  readonly #required = createRequire(import.meta.url).cache;
  #trusted = true;

  /** From now on, loaded files are recorded. */
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.unref();
    register("./loaded-code-hooks.js", import.meta.url, { data: { port: port2 }, transferList: [port2] });
  }

  /** Are all files on disk as they were when loaded? */
  isCurrent(): boolean {
    if (!this.#trusted) return false;
    for (const [file, look] of this.#files) if (lookOf(file)?.text !== look) return false;
    return true;
  }

  /** Records the files loaded since `from` (epoch milliseconds). */
  note(from: number): void {
    for (const file of this.#fresh()) {
      const look = lookOf(file);
      if (look === null || look.changedAt >= from - MARGIN) this.#trusted = false;
      else this.#files.set(file, look.text);
    }
  }

  #fresh(): Set<string> {
    const files = new Set(Object.keys(this.#required));
    for (let entry = receiveMessageOnPort(this.#port); entry !== undefined; entry = receiveMessageOnPort(this.#port)) {
      const url: unknown = entry.message;
      if (typeof url === "string" && url.startsWith("file:")) files.add(fileURLToPath(url));
    }
    for (const known of this.#files.keys()) files.delete(known);
    return files;
  }
}

function lookOf(file: string): { readonly text: string; readonly changedAt: number } | null {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true });
  if (found === undefined) return null;
  const { mtimeNs, ctimeNs, size, ino } = found;
  return { text: [mtimeNs, ctimeNs, size, ino].join(" "), changedAt: Number(ctimeNs / 1_000_000n) };
}
