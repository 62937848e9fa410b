/**
 * Amounts of memory: a number of bytes, or a string such as `"512MB"`. Units are powers of 1024, as `docker` and
 * `ulimit` count them. Rubbish throws an `InvalidInput` that names the field.
 */
import { InvalidInput } from "../errors/errors.js";

/** Bytes, or a string: `"800KB"`, `"512MB"`, `"1.5GB"`. A KB is 1024 bytes, an MB 1024 KB, a GB 1024 MB. */
export type Size = number | `${number}${"KB" | "MB" | "GB"}`;

const UNITS: Readonly<Record<string, number>> = { KB: 1_024, MB: 1_024 ** 2, GB: 1_024 ** 3 };

const RULE = 'a whole number of bytes above 0, or a string like "512MB" or "1.5GB" (a KB is 1024 bytes)';
const TEXT_RULE = 'a number above 0 and its unit, KB, MB or GB, such as "512MB" or "1.5GB" (a KB is 1024 bytes)';

/**
 * The bytes of `value`.
 * @param field the name used in the error
 * @throws InvalidInput when it is not a size, or less than a byte
 */
export function parseSize(field: string, value: unknown): number {
  const parsed = typeof value === "number" ? value : typeof value === "string" ? parseText(value) : Number.NaN;
  if (!Number.isSafeInteger(parsed) || parsed < 1) {
    throw new InvalidInput(field, value, typeof value === "string" ? TEXT_RULE : RULE);
  }
  return parsed;
}

function parseText(text: string): number {
  // A bare number in a string ("512") is refused: it might mean bytes or megabytes.
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(KB|MB|GB)$/.exec(text) ?? [];
  return Math.round(Number(amount) * (UNITS[unit] ?? Number.NaN));
}

/** A size for people, in the largest unit it fills: `"800KB"`, `"512MB"`, `"1.5GB"`. */
export function formatSize(bytes: number): string {
  const [unit, factor] = Object.entries(UNITS).findLast(([, factor]) => bytes >= factor) ?? ["bytes", 1];
  const amount = bytes / factor;
  return `${amount < 10 ? Number(amount.toFixed(1)) : Math.round(amount)}${unit === "bytes" ? " bytes" : unit}`;
}
