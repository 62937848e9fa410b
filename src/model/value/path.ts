/** Places inside of JSON values. */

/** A place in a value: keys and indexes from the outside in; empty for the value itself. */
export type Path = readonly (string | number)[];

/**
 * The value at a place; `null` when there is no such place. A property that an object leaves out, and a place beyond a
 * `null`, is `{ value: null }`: parts of a result may be optional.
 */
export function takeAt(value: unknown, path: Path): { readonly value: unknown } | null {
  let found = value;
  for (const [index, key] of path.entries()) {
    if (found === null) return { value: null };
    if (!has(found, key)) return index === path.length - 1 && isPlain(found) ? { value: null } : null;
    found = Reflect.get(found, key);
  }
  return { value: found };
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Replaces the value at a place, and returns the whole; `null` when there is no such place. Changes `whole`. */
export function putAt(whole: unknown, path: Path, value: unknown): { readonly whole: unknown } | null {
  const last = path.at(-1);
  if (last === undefined) return { whole: value };
  const holder = takeAt(whole, path.slice(0, -1))?.value;
  if (!has(holder, last)) return null;
  Reflect.set(holder, last, value);
  return { whole };
}

/** A place as errors name it: `input.pages[3].url`. */
export function pathText(root: string, path: Path): string {
  return path.reduce<string>((text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}.${key}`), root);
}

// Own keys only: neither `constructor` nor `__proto__` is a place in a JSON value.
function has(holder: unknown, key: string | number): holder is object {
  return typeof holder === "object" && holder !== null && Object.hasOwn(holder, key);
}
