/**
 * Back-off: how long to wait before a failed job is tried again. A policy is plain data: it is stored with the job and
 * computed by the worker that ran the attempt. Jitter is drawn from the injected `Random`.
 */
import type { Random } from "../value/clock.js";
import { LONGEST_DURATION, parseDuration, type Duration } from "../value/duration.js";
import { InvalidInput } from "../errors/errors.js";

/** A backoff as users write it. */
export type BackoffOption =
  /** The same wait each time. */
  | Duration
  /** One wait after the other; the last one repeats: `["10s", "30s", "60s"]`. */
  | readonly Duration[]
  | {
      /** `"constant"`: `delay` each time. `"exponential"`: `delay`, `delay × factor`, `delay × factor²`… */
      type: "constant" | "exponential";
      /** The first wait. */
      delay: Duration;
      /** The longest wait. Default: 1 day. Only for `"exponential"`. */
      max?: Duration;
      /** What each wait is multiplied by. Default: 2. Only for `"exponential"`. */
      factor?: number;
      /**
       * How much of the wait is random, 0 to 1: with 1 the wait is anything from 0 to its full length, so that a
       * thousand jobs that failed together do not come back together. Default: 0.
       */
      jitter?: number;
    };

/** A backoff as it is stored: milliseconds only. */
export type Backoff =
  | { readonly type: "list"; readonly delays: readonly number[] }
  | {
      readonly type: "exponential";
      readonly delay: number;
      readonly factor: number;
      readonly max: number;
      readonly jitter: number;
    };

/** The default of a job without a policy: 1 s, 2 s, 4 s … at most an hour, the upper half of each random. */
export const DEFAULT_BACKOFF: Backoff = { type: "exponential", delay: 1_000, factor: 2, max: 3_600_000, jitter: 0.5 };

const DEFAULT_MAX = 24 * 3_600_000;
const LONGEST_LIST = 50;
const RULE = 'a duration, a list of durations, or {type: "constant" | "exponential", delay, max?, factor?, jitter?}';

/** Checks a backoff as users write it. @throws InvalidInput */
export function parseBackoff(field: string, value: unknown): Backoff {
  if (typeof value === "number" || typeof value === "string") {
    return { type: "list", delays: [parseDuration(field, value)] };
  }
  if (Array.isArray(value)) {
    if (value.length === 0 || value.length > LONGEST_LIST) {
      throw new InvalidInput(field, value, `a list of 1 to ${LONGEST_LIST} durations`);
    }
    return { type: "list", delays: value.map((delay, index) => parseDuration(`${field}[${index}]`, delay)) };
  }
  if (typeof value !== "object" || value === null) throw new InvalidInput(field, value, RULE);
  return parsePolicy(field, value);
}

function parsePolicy(field: string, value: object): Backoff {
  const policy: Record<string, unknown> = { ...value };
  for (const key of Object.keys(policy)) {
    if (!["type", "delay", "max", "factor", "jitter"].includes(key)) {
      throw new InvalidInput(`${field}.${key}`, policy[key], `no such option; ${RULE}`);
    }
  }
  if (policy["type"] !== "constant" && policy["type"] !== "exponential") {
    throw new InvalidInput(`${field}.type`, policy["type"], '"constant" or "exponential"');
  }
  const constant = policy["type"] === "constant";
  return {
    type: "exponential",
    delay: parseDuration(`${field}.delay`, policy["delay"]),
    factor: constant ? 1 : parseNumber(`${field}.factor`, policy["factor"] ?? 2, 1, 100),
    max: policy["max"] === undefined ? DEFAULT_MAX : parseDuration(`${field}.max`, policy["max"]),
    jitter: parseNumber(`${field}.jitter`, policy["jitter"] ?? 0, 0, 1),
  };
}

function parseNumber(field: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    throw new InvalidInput(field, value, `a number from ${low} to ${high}`);
  }
  return value;
}

/**
 * The wait after attempt `attempt` (1 = the first run) failed, in milliseconds.
 * @example nextDelay({ type: "list", delays: [10_000, 30_000] }, 3, Math.random) // 30000: the last one repeats
 */
export function nextDelay(backoff: Backoff, attempt: number, random: Random): number {
  if (backoff.type === "list") return backoff.delays[Math.min(attempt, backoff.delays.length) - 1] ?? 0;
  const { delay, factor, max, jitter } = backoff;
  // factor ** attempt overflows to Infinity for large attempts; the cap brings it back.
  const full = Math.min(delay * factor ** (attempt - 1), max, LONGEST_DURATION);
  return Math.round(full * (1 - jitter * random()));
}
