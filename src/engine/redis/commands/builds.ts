/**
 * The builds that ran jobs (engine/contract/worker/builds.ts), as the reader of jobs looks them up: a queue is asked once for each code,
 * since what a code stands for never changes.
 */
import { decodeBuild, type Build } from "../../contract/worker/builds.js";
import { buildOf } from "../../contract/worker/session-id.js";
import { text } from "../connection/reply.js";
import type { Keys } from "../connection/keys.js";
import type { Link } from "../connection/connection.js";

/** How many builds are kept here. */
const MOST_KEPT = 2_000;
/** Where the values of a job in the answer of the read script have its session and its history. */
const SESSION = 11;
const HISTORY = 14;
const IN_HISTORY = /"build":"([A-Za-z0-9_-]+)"/g;

/** The builds of a queue by code. */
export type Builds = ReadonlyMap<string, Build>;

export class BuildCache {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #queues = new Map<string, Map<string, Build>>();
  #size = 0;

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  /** The builds that jobs name. `jobs`: the values of each as the read script answers them. */
  async of(queue: string, jobs: readonly (readonly unknown[])[]): Promise<Builds> {
    return this.named(queue, new Set(jobs.flatMap(codesIn)));
  }

  /** The builds with these codes, among others. */
  async named(queue: string, codes: ReadonlySet<string>): Promise<Builds> {
    const known = this.#queues.get(queue) ?? new Map<string, Build>();
    const missing = [...codes].filter((code) => !known.has(code));
    if (missing.length > 0) await this.#read(queue, known, missing);
    return known;
  }

  async #read(queue: string, known: Map<string, Build>, codes: readonly string[]): Promise<void> {
    const key = this.#keys.of(queue, "builds");
    const found = await this.#link.send(() => this.#link.client.hmget(key, ...codes), key);
    if (this.#size > MOST_KEPT) {
      this.#queues.clear();
      this.#size = known.size;
    }
    for (const [index, stored] of found.entries()) {
      const code = codes[index];
      if (stored === null || code === undefined) continue;
      known.set(code, decodeBuild(stored));
      this.#size += 1;
    }
    this.#queues.set(queue, known);
  }
}

function codesIn(values: readonly unknown[]): string[] {
  const current = buildOf(text(values[SESSION]));
  const before = [...text(values[HISTORY]).matchAll(IN_HISTORY)].flatMap(([, code]) => code ?? []);
  return current === null ? before : [...before, current];
}
