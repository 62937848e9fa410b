/** Text of bounded length: what people and programs say may be of any length, what is stored or shown is not. */

/** The beginning of a text, at most so many characters (UTF-16 units) long. Never ends in half a character. */
export function headOf(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const last = text.charCodeAt(longest - 1);
  const half = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, half ? longest - 1 : longest);
}

/** The same, and says by `…` that there was more. */
export function cutText(text: string, longest: number): string {
  return text.length <= longest ? text : `${headOf(text, longest - 1)}…`;
}

/** Any value as text on one line: JSON, where JSON can say it, and what it is where not. Never throws. */
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
