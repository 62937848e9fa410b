/**
 * How long a finished job is kept: by age, and optionally by count. On by default, so that storage does not grow for
 * ever. Ages apply to each job by itself. A count applies to the finished jobs of a queue and state *that ask for a
 * count*: a job kept by age alone is never removed for another job's count.
 */
import { parseDuration, type Duration } from "../value/duration.js";
import { InvalidInput } from "../errors/errors.js";
import { parseWhole } from "../value/scalar.js";
import type { JobState } from "./state.js";

/**
 * How long to keep jobs of one outcome, as users write it: an age (`"24h"`), a count (a bare number, as BullMQ's
 * `removeOnComplete: 100`), or both.
 */
export type KeepRule = number | Exclude<Duration, number> | { age?: Duration; count?: number };

/**
 * Retention per outcome, as users write it. An age of 0 or a count of 0 keeps nothing: the next sweep removes the job. Only while
 * a client waits for a result or for events of its queue (and for a minute after), an ended job stays for 10 s, so that it
 * can read it.
 */
export interface KeepOption {
  /** Jobs that ended well: `completed`, `partial`. Default: 24 h. */
  completed?: KeepRule;
  /** Jobs that did not: `failed`, `cancelled`, `superseded`, `expired`. Default: 7 days. */
  failed?: KeepRule;
}

/** Retention of one outcome as it is stored. `count: null` is no limit. */
export interface Keep {
  /** Milliseconds after the job ended. 0 removes it with the next sweep, unless the queue is watched (`WATCHED_AGE`). */
  readonly age: number;
  readonly count: number | null;
}

/** Retention as it is stored. */
export interface Retention {
  readonly completed: Keep;
  readonly failed: Keep;
}

const DAY = 24 * 3_600_000;
/** The highest count that can be asked for. */
export const MOST_KEPT = 1_000_000;

/** The default: completed jobs for 24 h, failed ones for 7 days. */
export const DEFAULT_RETENTION: Retention = {
  completed: { age: DAY, count: null },
  failed: { age: 7 * DAY, count: null },
};

/** The rule of retention that an ended job falls under. */
export type RetentionClass = keyof Retention;

/** Which rule applies to a job that ended in this state. */
export function retentionClass(state: JobState): RetentionClass {
  return state === "completed" || state === "partial" ? "completed" : "failed";
}

/**
 * How long (milliseconds) a job that ends while its queue is watched is kept at least, whatever its retention: a client that
 * was notified of the end still has to read the result.
 */
export const WATCHED_AGE = 10_000;

/** When retention removes a job by its age, epoch milliseconds. `watched`: its queue is, as the job is left to retention. */
export function removalTime(finishedAt: number, state: JobState, retention: Retention, watched: boolean): number {
  const { age } = retention[retentionClass(state)];
  return finishedAt + (watched ? Math.max(age, WATCHED_AGE) : age);
}

/** May retention remove a job by its count now? `watched`: its queue is at this time. */
export function mayCountOut(finishedAt: number, watched: boolean, now: number): boolean {
  return !watched || finishedAt + WATCHED_AGE <= now;
}

/** Is a job that ended in this state kept for the default age? */
export function hasDefaultAge(state: JobState, retention: Retention): boolean {
  const kind = retentionClass(state);
  return retention[kind].age === DEFAULT_RETENTION[kind].age;
}

/** Checks retention as users write it. @throws InvalidInput */
export function parseRetention(field: string, value: unknown): Retention {
  const rules = record(field, value, ["completed", "failed"], "{completed?, failed?}");
  return {
    completed: parseKeep(`${field}.completed`, rules["completed"], DEFAULT_RETENTION.completed),
    failed: parseKeep(`${field}.failed`, rules["failed"], DEFAULT_RETENTION.failed),
  };
}

function parseKeep(field: string, value: unknown, otherwise: Keep): Keep {
  if (value === undefined) return otherwise;
  if (typeof value === "number") return { age: otherwise.age, count: parseCount(field, value) };
  if (typeof value === "string") return { age: parseDuration(field, value), count: null };
  const rule = record(field, value, ["age", "count"], 'a count, an age such as "24h", or {age?, count?}');
  return {
    age: rule["age"] === undefined ? otherwise.age : parseDuration(`${field}.age`, rule["age"]),
    count: rule["count"] === undefined ? null : parseCount(`${field}.count`, rule["count"]),
  };
}

function parseCount(field: string, value: unknown): number {
  return parseWhole(field, value, 0, MOST_KEPT);
}

function record(field: string, value: unknown, keys: readonly string[], rule: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidInput(field, value, rule);
  const copy: Record<string, unknown> = { ...value };
  for (const key of Object.keys(copy)) {
    if (!keys.includes(key)) throw new InvalidInput(`${field}.${key}`, copy[key], `no such option; ${rule}`);
  }
  return copy;
}
