/** Durations, as everywhere in Longshore: milliseconds, or text such as `"30s"`. */
import { HttpInvalid } from "./errors.js";

/** Milliseconds, or text: `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"7d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The milliseconds of a duration. @throws HttpInvalid */
export function milliseconds(field: string, value: Duration): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(ms|[smhd])$/.exec(String(value)) ?? [];
  const ms = typeof value === "number" ? value : Number(amount) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0 && ms < Infinity) return ms;
  throw new HttpInvalid(field, value, 'above 0, in milliseconds or as "30s"');
}
