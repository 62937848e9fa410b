/**
 * Takes secrets out of JSON values: what is stored under a key that names one, and what stands at a place that a task declares. The value
 * itself stays as it is; the answer shares with it what has nothing to hide. It is made of own properties alone, `__proto__`
 * included, so that no key of a payload reaches what objects inherit.
 */
import { isSecret } from "./secret-key.js";
import { REDACTED, redactText } from "./redact-text.js";

/** How deep values are followed, and how many are looked at; what is beyond is not shown, for it was not looked at. */
const DEEPEST = 100;
const MOST_VALUES = 200_000;

/** Keys from the outside in; `*` is any. Lists are passed through. */
export type Keys = readonly string[];

/** A copy of a JSON value without secrets. Linear in its size. */
export function redact(value: unknown, paths: readonly Keys[] = []): unknown {
  return cleaned(value, paths, { left: MOST_VALUES, text: (text) => text }, 0);
}

/** A copy of what is said about something, such as the fields of a line of a log: its texts lose their secrets, too. */
export function redactSaid<Value>(value: Value): Value {
  // It has the same shape: texts stand where there were values.
  return cleaned(value, [], { left: MOST_VALUES, text: redactText }, 0) as Value;
}

interface Work {
  /** How many values may still be looked at. */
  left: number;
  readonly text: (text: string) => string;
}

function cleaned(value: unknown, paths: readonly Keys[], work: Work, depth: number): unknown {
  if (paths.some((keys) => keys.length === 0)) return value === null ? null : REDACTED;
  if (typeof value === "string") return work.text(value);
  if (typeof value !== "object" || value === null) return value;
  work.left -= 1;
  if (work.left < 0 || depth > DEEPEST) return REDACTED;
  if (Array.isArray(value)) {
    const items = value.map((item) => cleaned(item, paths, work, depth + 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  let changed = false;
  const entries = Object.entries(value as Record<string, unknown>).map(([key, inner]): [string, unknown] => {
    const below = paths.filter(([first]) => first === key || first === "*").map((keys) => keys.slice(1));
    const clean = isSecret(key, inner) ? REDACTED : cleaned(inner, below, work, depth + 1);
    changed ||= clean !== inner;
    return [key, clean];
  });
  return changed ? Object.fromEntries(entries) : value;
}
