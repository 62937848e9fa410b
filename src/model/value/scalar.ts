/** Checks of plain numbers, flags and points in time, for all options. */
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

// A time before 2001 is likely to be seconds taken for milliseconds; from the year 10000 on a date has another form.
const EARLIEST = 978_307_200_000;
const LATEST = 253_402_300_799_999;

/** Checks a point in time and gives its epoch milliseconds. @throws InvalidInput */
export function parseTime(field: string, value: unknown): number {
  const at = value instanceof Date ? value.getTime() : value;
  if (typeof at !== "number" || !(at >= EARLIEST && at <= LATEST)) {
    throw new InvalidInput(field, value, "a valid Date, or milliseconds since the epoch; from 2001 to 9999");
  }
  return Math.round(at);
}
