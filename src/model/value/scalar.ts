/** Checks of plain numbers and flags, for all options. */
import { InvalidInput } from "../errors/errors.js";

/** Checks a whole number from `low` to `high`. @throws InvalidInput */
export function parseWhole(field: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    throw new InvalidInput(field, value, `a whole number from ${low} to ${high}`);
  }
  return value;
}

/** Checks `true` or `false`. @throws InvalidInput */
export function parseFlag(field: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new InvalidInput(field, value, "true or false");
  return value;
}
