/**
 * The jobs of one state code in their order, from a key or up to one, as conditions that SQLite answers from the index of
 * positions alone. Many jobs may share a position (all due at one time), so the tiebreak has to be part of what the index is
 * asked; where positions are unique there is none, and the id decides between this job and one of another code.
 */
import type { OrderKey } from "../../../shared/listing-order.js";
import type { SqlValue } from "../../database/driver.js";
import { hasUniquePositions } from "./state-codes.js";

/** A condition on `j`, and the values for its parameters. */
export interface Condition {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** Before all keys. */
export const FIRST: OrderKey = [Number.MIN_SAFE_INTEGER, ""];

/** After all keys: ids are ASCII. */
export const LAST: OrderKey = [Number.MAX_SAFE_INTEGER, "\u{7f}"];

/** A job comes after a key, of those with a code. */
export function after(code: number, [position, id]: OrderKey): Condition {
  return hasUniquePositions(code)
    ? { text: "j.position >= ? AND (j.position > ? OR j.id > ?)", values: [position, position, id] }
    : { text: "(j.position, j.tiebreak) > (?, ?)", values: [position, id] };
}

/** A job comes before a key, of those with a code. */
export function before(code: number, [position, id]: OrderKey): Condition {
  return hasUniquePositions(code)
    ? { text: "j.position <= ? AND (j.position < ? OR j.id < ?)", values: [position, position, id] }
    : { text: "(j.position, j.tiebreak) < (?, ?)", values: [position, id] };
}
