/** Text of bounded length: people and programs produce text of any length, storage and screens are bounded. */

/** The beginning of a text, at most so many characters (UTF-16 units) long. Never ends in half a character. */
export function headOf(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const last = text.charCodeAt(longest - 1);
  const half = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, half ? longest - 1 : longest);
}

/** The same, with `…` at the end where text was cut. */
export function cutText(text: string, longest: number): string {
  return text.length <= longest ? text : `${headOf(text, longest - 1)}…`;
}

/** Any value as text on one line: as JSON where possible, otherwise described. Never throws. */
export function inWords(value: unknown): string {
  switch (typeof value) {
    case "number":
      return String(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return value.toString();
    case "object":
      return objectInWords(value);
    default:
      return JSON.stringify(value) ?? typeof value;
  }
}

function objectInWords(value: object | null): string {
  try {
    if (value instanceof Date && Number.isNaN(value.getTime())) return "Invalid Date";
    return JSON.stringify(value, sayable) ?? "an object";
  } catch {
    return "an object";
  }
}

// JSON makes `null` of the first, and throws at the second.
function sayable(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value === "bigint" ? `${value}n` : value;
}
