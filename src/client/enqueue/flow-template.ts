/** Splits an input with references into a template that is known now and the holes that results fill later. */
import { DEEPEST } from "../../model/value/codec.js";
import type { Path } from "../../model/value/path.js";
import { placeOf, type Place } from "../../define/flow-reference.js";

/** A reference in a value, and its target. */
export interface Hole {
  readonly at: Path;
  readonly place: Place;
}

/** A value with `null` where it had references. */
export interface Template {
  readonly value: unknown;
  readonly holes: readonly Hole[];
}

/** Takes the references out of a value. One without any comes back as it is. */
export function templateOf(given: unknown): Template {
  const holes: Hole[] = [];
  return { value: without(given, [], holes, []), holes: holes };
}

function without(value: unknown, at: Path, holes: Hole[], parents: readonly object[]): unknown {
  const place = placeOf(value);
  if (place !== null) {
    holes.push({ at, place });
    return null;
  }
  // A value that is deeper, or contains itself, is refused when it is encoded.
  if (typeof value !== "object" || value === null || at.length >= DEEPEST || parents.includes(value)) return value;
  const found = holes.length;
  const above = [...parents, value];
  if (Array.isArray(value)) {
    const items = value.map((item, index) => without(item, [...at, index], holes, above));
    return holes.length === found ? value : items;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, without(item, [...at, key], holes, above)]);
  return holes.length === found ? value : Object.fromEntries(entries);
}
