/**
 * Text that was stored by somebody, made harmless for a terminal: names, messages and payloads may carry escape sequences
 * that set titles, move the cursor or hide lines, and direction marks that reorder them. None of it reaches the screen.
 */
import { stripVTControlCharacters } from "node:util";

const LINE_BREAKS = /[\n\r\t\p{Zl}\p{Zp}]+/gu;
const CONTROL = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Text as one harmless line. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(LINE_BREAKS, " ").replace(CONTROL, "");
}

/** Text as harmless lines. */
export function plainLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => plain(line));
}

const BEYOND_JSON = /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** JSON that is harmless too: `JSON.stringify` leaves the upper control characters as they are. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(
    BEYOND_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
