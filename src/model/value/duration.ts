/**
 * Durations: a number of milliseconds, or a string such as `"5m"`. Parsed by `ms`, wrapped so that rubbish throws an
 * `InvalidInput` that names the field instead of turning into `undefined` or `NaN`.
 */
import ms from "ms";
import { InvalidInput } from "../errors/errors.js";

/** Milliseconds, or a string: `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"7d"`, `"1w"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}`;

/** The longest duration accepted: 10 years, so that a slip (seconds for milliseconds) is caught. In milliseconds. */
export const LONGEST_DURATION = 10 * 365 * 24 * 3_600_000;

const RULE = 'a whole number of milliseconds or a string like "30s", "5m", "24h"; from 0 to 10 years';
const TEXT_RULE = 'a number with its unit, like "500ms", "30s", "5m", "24h"; from 0 to 10 years';

/**
 * The milliseconds of `value`.
 * @param field the name used in the error
 * @throws InvalidInput when it is not a duration, is negative, or is longer than 10 years
 */
export function parseDuration(field: string, value: unknown): number {
  const parsed = typeof value === "number" ? value : typeof value === "string" ? parseText(value) : Number.NaN;
  if (!Number.isFinite(parsed) || parsed < 0 || parsed > LONGEST_DURATION) {
    throw new InvalidInput(field, value, typeof value === "string" ? TEXT_RULE : RULE);
  }
  return Math.round(parsed);
}

/**
 * The milliseconds of a wait that a program computes as it runs, such as the rest of a limit's window: a time in the
 * past is 0. `null` for a value that is no duration.
 */
export function waitOf(value: unknown): number | null {
  if (typeof value === "number" && value < 0 && Number.isFinite(value)) return 0;
  try {
    return parseDuration("delay", value);
  } catch {
    return null;
  }
}

/** As `parseDuration`, but 0 is refused: for timeouts, leases and the like. */
export function parsePositiveDuration(field: string, value: unknown): number {
  const parsed = parseDuration(field, value);
  if (parsed === 0) throw new InvalidInput(field, value, "longer than 0");
  return parsed;
}

function parseText(text: string): number {
  // A bare number in a string ("300") is refused: it might mean seconds or milliseconds.
  return isText(text) ? ms(text) : Number.NaN;
}

function isText(text: string): text is `${number}ms` {
  return /^\d+(\.\d+)?(ms|s|m|h|d|w)$/.test(text);
}

/** A duration for people: `"850ms"`, `"12s"`, `"5m"`, `"3h"`. */
export function formatDuration(milliseconds: number): string {
  return ms(Math.round(milliseconds));
}
