/**
 * Stored text made harmless for a terminal: names, messages and payloads may carry escape sequences that set titles,
 * move the cursor or hide lines, and direction marks that reorder them. None of it reaches the screen.
 *
 * A sequence is harmless without its leading control character: that is removed, and the rest is left as text. So every
 * character is read once, and no grammar of sequences is needed. Text is cut before that.
 */
import { cutText } from "../../model/text.js";

/** The longest line that is shown, in characters; longer than any payload may be. */
const LONGEST_LINE = 2 * 1024 * 1024;
/** The longest text of many lines, in characters: a payload, written for people. */
const LONGEST_BLOCK = 2 * LONGEST_LINE;

const LINE_BREAKS = /[\n\r\t\p{Zl}\p{Zp}]+/gu;
const CONTROL = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Text as one harmless line of at most so many characters. */
export function plain(text: string, longest = LONGEST_LINE): string {
  return cutText(text, longest).replace(LINE_BREAKS, " ").replace(CONTROL, "");
}

/** Text as harmless lines. */
export function plainLines(text: string): string[] {
  return cutText(text, LONGEST_BLOCK)
    .split(/\r?\n/)
    .map((line) => plain(line));
}

const BEYOND_JSON = /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** JSON that is harmless too: `JSON.stringify` leaves the upper control characters as they are. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(
    BEYOND_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
