/** JSON as text that no value stands for: numbers beyond all, keys twice, halves of pairs, depth; and writing it. */

/** A part of a body that is written as it is, valid or not. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Writes a value in which there may be raw parts. */
export function writeJson(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}:${writeJson(inner)}`)
      .join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
