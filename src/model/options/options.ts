/**
 * The options of a job: as users write them, checked one by one, merged (call over task over queue defaults over ours)
 * and turned into the part of a `JobSpec` that is not its name and input. Unknown options are refused: a misspelt one
 * must not be silently ignored.
 */
import { DEFAULT_BACKOFF, parseBackoff, type BackoffOption } from "../failure/backoff.js";
import { encodePayload, type Json } from "../value/codec.js";
import { parseDuration, parsePositiveDuration, type Duration } from "../value/duration.js";
import { InvalidInput } from "../errors/errors.js";
import type { JobSpec, JobLinks } from "../job/job.js";
import { parseId, parseKey, parseTags } from "../value/name.js";
import { parseFlag, parseWhole } from "../value/scalar.js";
import { DEFAULT_RETENTION, parseRetention, type KeepOption } from "../job/retention.js";
import { parseTime } from "../value/scalar.js";
import { parseUnique, type Debounce, type UniqueOption } from "../job/unique.js";

/** Options that a task or a queue may set for all its jobs. */
export interface JobDefaults {
  /**
   * Lower runs first; jobs of the same priority run in the order in which they came. A whole number from -100000 to
   * 100000. Default: 0.
   */
  priority?: number;
  /** The total number of runs, the first included: 1 to 1000. Default: 3. Give either `attempts` or `retries`. */
  attempts?: number;
  /** The number of runs after the first: `retries: 3` is `attempts: 4`. */
  retries?: number;
  /** How long to wait between attempts. Default: 1 s, 2 s, 4 s … up to 1 h, half of it random. */
  backoff?: BackoffOption;
  /** How long one attempt may run. Always set: default 5 minutes. */
  timeout?: Duration;
  /** A job that has not started within this time of being enqueued ends as `expired`. Default: never. */
  ttl?: Duration;
  /** Indexed labels such as `"user:42"`: at most 16. Those of the task and of the call are added together. */
  tags?: readonly string[];
  /** How long the job is kept after it ended. Default: completed 24 h, failed 7 days. */
  keep?: KeepOption;
}

/** The options of one job. */
export interface JobOptions extends JobDefaults {
  /** An id of your own: 1 to 128 of `A-Z a-z 0-9 _ . : -`. The same id again (in this queue) answers the existing job. */
  id?: string;
  /** How long from now the job becomes ready. Give either `delay` or `runAt`. */
  delay?: Duration;
  /** When the job becomes ready: a `Date`, or milliseconds since the epoch. */
  runAt?: Date | number;
  /** Anything small you want to find again with the job; handlers can change it. */
  meta?: { readonly [key: string]: Json };
  /** Create the job now, but let nothing run it before `job.release()`. */
  hold?: boolean;
  /** One live job per key. */
  unique?: UniqueOption;
  /**
   * Replaces the job before it: the last job of this queue enqueued with the same key becomes `superseded` in the same
   * command. If that job was waiting it never runs, if it was active its signal aborts, if it had ended it changes
   * state (a cancelled or expired one stays as it is). Up to 256 bytes.
   */
  supersedes?: string;
}

/** Options after parsing. */
export type ParsedOptions = Omit<JobSpec, "queue" | "id" | "task" | "input" | "nonce" | keyof JobLinks> & {
  id: string | null;
};

/** The defaults: attempts 3, timeout 5 minutes. */
export const DEFAULT_ATTEMPTS = 3;
/** Milliseconds. */
export const DEFAULT_TIMEOUT = 5 * 60_000;
/** The most attempts a job may have. */
export const MOST_ATTEMPTS = 1_000;
/** The highest (latest) priority; the lowest is its negative. */
export const PRIORITY_BOUND = 100_000;

const DEFAULT_KEYS = ["priority", "attempts", "retries", "backoff", "timeout", "ttl", "tags", "keep"];
const JOB_KEYS = [...DEFAULT_KEYS, "id", "delay", "runAt", "meta", "hold", "unique", "supersedes"];

/** Pairs of options with one meaning. */
const EITHER_OR: Readonly<Record<string, string>> = {
  attempts: "retries",
  retries: "attempts",
  delay: "runAt",
  runAt: "delay",
};

/**
 * Checks defaults of a task or queue, so that errors show where they are written rather than at the first job.
 * @param beside other options allowed there, for the list of known ones
 * @throws InvalidInput
 */
export function checkDefaults(field: string, defaults: unknown, beside: readonly string[] = []): void {
  const options = fieldsOf(field, defaults, DEFAULT_KEYS, beside);
  if (options["tags"] !== undefined) parseTags(`${field}.tags`, options["tags"]);
  parse(field, options, []);
}

/**
 * Checks and merges the options of a job. Later arguments win; tags add up.
 * @param layers from the weakest (queue defaults) to the strongest (the call)
 * @throws InvalidInput
 */
export function parseOptions(...layers: readonly (JobOptions | undefined)[]): ParsedOptions {
  const merged = mergeOptions(...layers);
  return parse("", { ...merged }, merged.tags ?? []);
}

/** Is that the name of an option of jobs? */
export function isJobOption(name: string): boolean {
  return JOB_KEYS.includes(name);
}

/** Merges the options of a job as they were written. @throws InvalidInput for an option that does not exist */
export function mergeOptions(...layers: readonly (JobOptions | undefined)[]): JobOptions {
  const merged: Record<string, unknown> = {};
  const tags: unknown[] = [];
  for (const layer of layers) {
    if (layer === undefined) continue;
    const options = fieldsOf("options", layer, JOB_KEYS);
    if (options["tags"] !== undefined) tags.push(...parseTags("tags", options["tags"]));
    // Two options with one meaning: the stronger layer's choice replaces the weaker's.
    for (const key of Object.keys(options)) {
      const other = EITHER_OR[key];
      if (other !== undefined && options[key] !== undefined) delete merged[other];
    }
    for (const [key, value] of Object.entries(options)) if (value !== undefined) merged[key] = value;
  }
  if (tags.length > 0) merged["tags"] = tags;
  return merged;
}

function fieldsOf(
  field: string,
  value: unknown,
  own: readonly string[],
  beside: readonly string[] = [],
): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(field, value, "an object of options");
  }
  const options: Record<string, unknown> = { ...value };
  for (const key of Object.keys(options)) {
    if (own.includes(key)) continue;
    throw new InvalidInput(key, options[key], `no such option; known: ${[...own, ...beside].join(", ")}`);
  }
  return options;
}

function parse(prefix: string, o: Record<string, unknown>, tags: readonly unknown[]): ParsedOptions {
  const name = (key: string): string => (prefix === "" ? key : `${prefix}.${key}`);
  const unique = o["unique"] === undefined ? null : parseUnique(name("unique"), o["unique"]);
  const supersedes = o["supersedes"] === undefined ? null : parseKey(name("supersedes"), o["supersedes"]);
  // Each superseding job takes over the key, and with it the time of the first job, so a throttle, debounce or time
  // would never bound anything.
  if (supersedes !== null && (unique?.debounce !== undefined || typeof unique?.until === "number")) {
    throw new InvalidInput(name("supersedes"), supersedes, "not beside unique.throttle, unique.debounce or a time");
  }
  return {
    id: o["id"] === undefined ? null : parseId(name("id"), o["id"]),
    due: unique?.debounce === undefined ? parseDue(o["delay"], o["runAt"]) : debounced(unique.debounce, o),
    priority: o["priority"] === undefined ? 0 : parsePriority(name("priority"), o["priority"]),
    attempts: parseAttempts(name("attempts"), name("retries"), o["attempts"], o["retries"]),
    backoff: o["backoff"] === undefined ? DEFAULT_BACKOFF : parseBackoff(name("backoff"), o["backoff"]),
    timeout: o["timeout"] === undefined ? DEFAULT_TIMEOUT : parsePositiveDuration(name("timeout"), o["timeout"]),
    ttl: o["ttl"] === undefined ? null : parsePositiveDuration(name("ttl"), o["ttl"]),
    tags: tags.length > 0 ? parseTags(name("tags"), tags) : [],
    meta: o["meta"] === undefined ? null : parseMeta(name("meta"), o["meta"]),
    hold: o["hold"] === undefined ? false : parseFlag(name("hold"), o["hold"]),
    unique,
    supersedes,
    retention: o["keep"] === undefined ? DEFAULT_RETENTION : parseRetention(name("keep"), o["keep"]),
  };
}

function debounced({ wait }: Debounce, { delay, runAt }: Record<string, unknown>): JobSpec["due"] {
  if (delay !== undefined) throw new InvalidInput("delay", delay, "not beside unique.debounce, which says when");
  if (runAt !== undefined) throw new InvalidInput("runAt", runAt, "not beside unique.debounce, which says when");
  return { in: wait };
}

/** Checks `delay` or `runAt`. @throws InvalidInput */
export function parseDue(delay: unknown, runAt: unknown): JobSpec["due"] {
  if (runAt === undefined) return { in: delay === undefined ? 0 : parseDuration("delay", delay) };
  if (delay !== undefined) throw new InvalidInput("runAt", runAt, "give either delay or runAt, not both");
  return { at: parseTime("runAt", runAt) };
}

/** Checks a priority. @throws InvalidInput */
export function parsePriority(field: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || Math.abs(value) > PRIORITY_BOUND) {
    throw new InvalidInput(
      field,
      value,
      `a whole number from -${PRIORITY_BOUND} to ${PRIORITY_BOUND}; lower runs first`,
    );
  }
  return value === 0 ? 0 : value; // -0 becomes 0
}

function parseAttempts(field: string, retriesField: string, attempts: unknown, retries: unknown): number {
  if (attempts !== undefined && retries !== undefined) {
    throw new InvalidInput(retriesField, retries, "give either attempts (all runs) or retries (runs after the first)");
  }
  if (retries !== undefined) return parseWhole(retriesField, retries, 0, MOST_ATTEMPTS - 1) + 1;
  return attempts === undefined ? DEFAULT_ATTEMPTS : parseWhole(field, attempts, 1, MOST_ATTEMPTS);
}

/** The most bytes of JSON a job's meta may have. */
export const META_CAP = 16 * 1024;

/** Checks meta and gives its JSON text. @throws InvalidInput, PayloadTooLarge */
export function parseMeta(field: string, value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(field, value, "a plain object");
  }
  return encodePayload(field, value, META_CAP);
}
