// Remembers the last run of each project, so that a run that was interrupted is continued by the next one. Job ids are
// made from the run's id: enqueueing the same ids again answers the jobs that exist and adds the ones that are missing.

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** A run of one list of inputs on one engine. */
export interface Run {
  id: string;
  /** An earlier process began this run and did not finish it. */
  continued: boolean;
  /** The id of the run of this project before it, whose jobs it supersedes; `null` for the first. */
  previous: string | null;
}

interface Entry {
  id: string;
  previous: string | null;
  /** What is analysed and how. */
  key: string;
  finished: boolean;
}

/** The last run by project. */
type Entries = Record<string, Entry>;

export class RunBook {
  readonly #path: string;

  /** A book kept in the JSON file at `path`, which is made when it is needed. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The last run of the project, when it is unfinished and has the same key; else a new one. A run with another key
   * supersedes the unfinished one, which is then not continued any more.
   */
  async begin(project: string, key: string): Promise<Run> {
    const entries = await this.#read();
    const last = entries[project];
    if (last !== undefined && !last.finished && last.key === key) {
      return { id: last.id, continued: true, previous: last.previous };
    }
    const run = { id: randomUUID().slice(0, 8), previous: last?.id ?? null };
    await this.#write({ ...entries, [project]: { ...run, key, finished: false } });
    return { ...run, continued: false };
  }

  /** The project's run `id` is over: the next one is a new one. */
  async finish(project: string, id: string): Promise<void> {
    const entries = await this.#read();
    const last = entries[project];
    if (last?.id === id) await this.#write({ ...entries, [project]: { ...last, finished: true } });
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

/** A short key that stands for `parts`: of a project, or of what is analysed in a run and how. */
export function runKey(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

function parseEntries(content: string): Entries {
  const value: unknown = JSON.parse(content);
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, Entry] => isEntry(entry[1])));
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { id, previous, key, finished } = value as Record<string, unknown>;
  const isRun = typeof id === "string" && (previous === null || typeof previous === "string");
  return isRun && typeof key === "string" && typeof finished === "boolean";
}
