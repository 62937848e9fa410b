/**
 * Reads the arguments of `progress()` leniently: a sum that ends at 100.00000000000006, a list that grew or a share of
 * nothing must not fail the work they report. A number out of range is clamped, a value that is no number is left out,
 * and the caller receives the error.
 */
import { InvalidInput } from "../../model/errors/errors.js";

/** Progress with valid numbers. */
export interface ReportedProgress {
  /** How much is done; `null`: not given. */
  readonly done: number | null;
  /** Of how much; `null`: of 100. */
  readonly total: number | null;
  readonly message: string | null;
  /** What was wrong with the arguments; `null` if nothing was. */
  readonly wrong: InvalidInput | null;
}

/** Reads the arguments of `progress(percent, message?)` or `progress(done, total, message?)`. Never throws. */
export function parseProgress(done: unknown, more: unknown, last: unknown): ReportedProgress {
  const counted = typeof more === "number" || (more !== undefined && typeof more !== "string");
  const message = counted ? last : more;
  const text = typeof message === "string" ? message : null;
  const inMessage =
    message === undefined || text !== null ? null : new InvalidInput("progress, its message", message, "text");
  if (counted && !(isFinite(more) && more >= 0)) {
    const wrong = new InvalidInput("progress.total", more, "a number from 0; it is left out");
    return { done: null, total: null, message: text, wrong };
  }
  const total = counted ? more : null;
  const most = total ?? 100;
  if (!isFinite(done)) {
    const wrong = new InvalidInput("progress", done, `a number from 0 to ${most}; it is left out`);
    return { done: null, total: null, message: text, wrong };
  }
  const clamped = Math.min(Math.max(done, 0), most);
  const wrong =
    clamped === done
      ? inMessage
      : new InvalidInput("progress", done, `a number from 0 to ${most}; taken as ${clamped}`);
  return { done: clamped, total, message: text, wrong };
}

/** A sum of counts, clamped to the finite numbers, as storage needs it. */
export function addCounts(one: number, other: number): number {
  return Math.min(Math.max(one + other, -Number.MAX_VALUE), Number.MAX_VALUE);
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
