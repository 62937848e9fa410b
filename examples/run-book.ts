// Remembers the run in progress, so that a run that was interrupted is continued by the next one. Job ids are made
// from the run's id: enqueueing the same ids again answers the jobs that exist and adds the ones that are missing.

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** A run of one list of inputs on one engine. */
export interface Run {
  id: string;
  /** An earlier process began this run and did not finish it. */
  continued: boolean;
}

/** Runs by key; only unfinished ones are kept. */
type Entries = Record<string, string>;

export class RunBook {
  readonly #path: string;

  /** A book kept in the JSON file at `path`, which is made when it is needed. */
  constructor(path: string) {
    this.#path = path;
  }

  /** The unfinished run with this key, else a new one. */
  async begin(key: string): Promise<Run> {
    const entries = await this.#read();
    const unfinished = entries[key];
    if (unfinished !== undefined) return { id: unfinished, continued: true };
    const id = randomUUID().slice(0, 8);
    await this.#write({ ...entries, [key]: id });
    return { id, continued: false };
  }

  /** Forgets the run with this key. */
  async finish(key: string): Promise<void> {
    const { [key]: _finished, ...others } = await this.#read();
    await this.#write(others);
  }

  async #read(): Promise<Entries> {
    try {
      return parseEntries(await readFile(this.#path, "utf8"));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
      throw error;
    }
  }

  async #write(entries: Entries): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const draft = `${this.#path}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify(entries, null, 2)}\n`);
    await rename(draft, this.#path);
  }
}

/** The key of a run: what is analysed, how, and on which engine. */
export function runKey(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

function parseEntries(content: string): Entries {
  const value: unknown = JSON.parse(content);
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
