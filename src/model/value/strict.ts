/**
 * Strict readers for plain data from outside this process: a stored record that another version or a person may have
 * written, a message of a child. Each reader returns a value of its type or throws. Nothing unchecked is passed on, and
 * nothing longer or larger than the given bound.
 */

/** The data is malformed. Names the place: `"header.backoff.delay"`. */
export class Malformed extends TypeError {
  constructor(what: string) {
    super(`${what} is malformed`);
  }
}

/** An object that is neither a list nor `null`. @throws Malformed */
export function readObject(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Malformed(what);
  return value as Readonly<Record<string, unknown>>;
}

/** A list of at most so many, each read by `read`. @throws Malformed */
export function readList<T>(
  what: string,
  value: unknown,
  most: number,
  read: (what: string, item: unknown) => T,
): readonly T[] {
  if (!Array.isArray(value) || value.length > most) throw new Malformed(what);
  // By index: `map` would skip the holes of a sparse list.
  return Array.from({ length: value.length }, (_, index) => read(`${what}[${index}]`, value[index]));
}

/** Text of at most so many characters. @throws Malformed */
export function readText(what: string, value: unknown, longest: number): string {
  if (typeof value !== "string" || value.length > longest) throw new Malformed(what);
  return value;
}

/** Text of at most so many bytes in UTF-8. @throws Malformed */
export function readBytes(what: string, value: unknown, most: number): string {
  const text = readText(what, value, most);
  if (text.length * 3 > most && Buffer.byteLength(text) > most) throw new Malformed(what);
  return text;
}

/** A finite number within bounds. @throws Malformed */
export function readNumber(what: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !(value >= low && value <= high)) throw new Malformed(what);
  return value;
}

/** A whole number within bounds. @throws Malformed */
export function readWhole(what: string, value: unknown, low: number, high: number): number {
  if (!Number.isSafeInteger(value)) throw new Malformed(what);
  return readNumber(what, value, low, high);
}

/** `true` or `false`. @throws Malformed */
export function readFlag(what: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new Malformed(what);
  return value;
}

/** One of these words. @throws Malformed */
export function readWord<Word extends string>(what: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((one) => one === value);
  if (word === undefined) throw new Malformed(what);
  return word;
}

/** `null`, or what `read` reads. @throws Malformed */
export function readOptional<T>(what: string, value: unknown, read: (what: string, value: unknown) => T): T | null {
  return value === null ? null : read(what, value);
}
