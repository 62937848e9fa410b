/** Reads script replies: flat arrays of strings and integers, checked instead of trusted. */

import { isState, type JobState } from "../../../model/job/state.js";

/** A reply that is an array. @throws TypeError */
export function list(reply: unknown): unknown[] {
  if (!Array.isArray(reply)) throw new TypeError(`Redis answered ${typeof reply} where a list was due`);
  return reply;
}

/** A value as text; nil is ''. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (Buffer.isBuffer(value)) return value.toString();
  return typeof value === "number" ? String(value) : "";
}

/** A value as a number; nil is 0. */
export function number(value: unknown): number {
  return typeof value === "number" ? value : Number(text(value));
}

/** '' as null. */
export function orNull(value: unknown): string | null {
  const string = text(value);
  return string === "" ? null : string;
}

/** A value as a state. @throws TypeError */
export function stateOf(value: unknown): JobState {
  if (!isState(value)) throw new TypeError(`Redis answered ${text(value)} where a state was due`);
  return value;
}
