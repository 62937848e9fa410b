/**
 * Is a failure worth another attempt? Built-in rules for what slow work usually meets: HTTP statuses, timeouts,
 * connection errors, mistakes in the code. A task may bring its own classifier; `NonRetryable` and `RetryAfter` always
 * decide first.
 */
import { waitOf } from "../value/duration.js";
import {
  AllFailed,
  IllegalTransition,
  InvalidInput,
  NonRetryable,
  PayloadTooLarge,
  RetryAfter,
} from "../errors/errors.js";
import { httpStatus, isInstance, property } from "./failure.js";

/** What to do after a failure. */
export type RetryDecision =
  /** Try again by the job's backoff. */
  | { readonly kind: "retry" }
  /** Try again after `delay` milliseconds; by the back-off when that is no duration. */
  | { readonly kind: "retry-after"; readonly delay: number }
  /** Trying again cannot help. */
  | { readonly kind: "final" };

/** A task's own classifier; `undefined` leaves the decision to the built-in one. `now` is in epoch milliseconds. */
export type Classifier = (error: unknown, now: number) => RetryDecision | undefined;

// 408 Request Timeout, 425 Too Early and 429 Too Many Requests are the client errors that pass with time (RFC 9110,
// 8470, 6585); 409 and 423 are conflicts with other work, which pass as well.
const PASSING_CLIENT_ERRORS = new Set([408, 409, 423, 425, 429]);
const LASTING_SERVER_ERRORS = new Set([501, 505]);
// A 429 about money or a used-up quota does not pass by waiting (S2-46).
const LASTING_CODES = new Set([
  "insufficient_quota",
  "quota_exceeded",
  "billing_hard_limit_reached",
  "invalid_api_key",
]);

// Values that Longshore refuses: the same code would give the same value again.
const MISTAKES: readonly (abstract new (...given: never) => Error)[] = [
  InvalidInput,
  PayloadTooLarge,
  IllegalTransition,
];

/** Decides whether a failure is worth another attempt. `now` is in milliseconds since the epoch. */
export function classify(error: unknown, now: number): RetryDecision {
  if (isInstance(error, NonRetryable)) return { kind: "final" };
  if (MISTAKES.some((mistake) => isInstance(error, mistake))) return { kind: "final" };
  if (isInstance(error, AllFailed)) return { kind: error.retryable ? "retry" : "final" };
  if (isInstance(error, RetryAfter)) {
    const delay = waitOf(error.delay);
    return delay === null ? { kind: "retry" } : { kind: "retry-after", delay };
  }
  const code = property(error, "code");
  if (typeof code === "string" && LASTING_CODES.has(code)) return { kind: "final" };
  const status = httpStatus(error);
  if (status === null) return { kind: "retry" };
  const wait = retryAfter(error, now);
  if (status >= 400 && status < 500 && !PASSING_CLIENT_ERRORS.has(status)) return { kind: "final" };
  if (LASTING_SERVER_ERRORS.has(status)) return { kind: "final" };
  return wait === null ? { kind: "retry" } : { kind: "retry-after", delay: wait };
}

/** The longest wait that a server's `Retry-After` may ask for: a day, in milliseconds. */
const LONGEST_WAIT = 24 * 3_600_000;

/** The `Retry-After` of an error's response headers, in milliseconds: seconds or an HTTP date (RFC 9110 §10.2.3). */
function retryAfter(error: unknown, now: number): number | null {
  const value = header(property(error, "headers")) ?? header(property(property(error, "response"), "headers"));
  if (value === null) return null;
  const seconds = value.trim() === "" ? Number.NaN : Number(value);
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(0, Math.round(wait)), LONGEST_WAIT) : null;
}

function header(headers: unknown): string | null {
  const value =
    headers instanceof Headers
      ? headers.get("retry-after")
      : (property(headers, "retry-after") ?? property(headers, "Retry-After"));
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}
