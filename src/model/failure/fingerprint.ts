/**
 * Fingerprints: the same short text for failures that share a cause. It is made of class and code, and of what the message says
 * without its particulars (ids, numbers, quoted values, URLs, paths, addresses, times), likewise of what caused it and of the errors that it
 * holds. Its first digit is the version of these rules: a change of the rules gives old failures no new fingerprint.
 */
import { createHash } from "node:crypto";

/** The version of the rules. */
const VERSION = "1";
/** How many hexadecimal digits follow it. */
const DIGITS = 12;
/** So much of a message is looked at, and so much of what it says in general counts: messages are cut, and in the middle of anything. */
const MOST_READ = 1_000;
const MOST_COUNTED = 300;

/** What a fingerprint is made from. */
export interface FingerprintParts {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly cause?: FingerprintParts | null;
  readonly errors?: readonly FingerprintParts[];
}

/** The fingerprint of a failure. */
export function fingerprint(failure: FingerprintParts): string {
  return VERSION + createHash("sha256").update(partsOf(failure).join("\0")).digest("hex").slice(0, DIGITS);
}

const FINGERPRINT = /^[\w-]{1,100}$/;

/** Can failures be filed under this text? Other code may have made it. */
export function isFingerprint(text: string): boolean {
  return FINGERPRINT.test(text);
}

/** Class, code and general message; then those of the causes, and of the errors that are held, whatever their order and number. */
function partsOf({ name, code, message, cause, errors }: FingerprintParts): string[] {
  const held = [...new Set((errors ?? []).map((error) => partsOf(error).join("\u0001")))].toSorted();
  const own = [name, code ?? "", generalize(message)];
  return [...own, ...(cause === null || cause === undefined ? [] : ["cause", ...partsOf(cause)]), ...held];
}

/** Letters that stand for digits which count, so that they are not taken for particulars. */
const SPELLED = "abcdefghij";

function spell(digits: string): string {
  return digits.replaceAll(/\d/g, (digit) => SPELLED.charAt(Number(digit)));
}

/** Which words before a number, or after a status, say that it tells causes apart. */
const BEFORE_CODE =
  /\b(status(?:[ _-]?code)?|https?(?:\/\d(?:\.\d)?)?|(?:exit(?:ed)?(?: with)?|error|response)[ _-]?(?:code|status)|errno|signal|code)(["']?\s?[:=]?\s?\(?)(\d{1,5})(?![\w.]*\d)\b/gi;
const REASONS =
  /\b([1-5]\d\d)(?=:? (?:ok|bad|unauthori[sz]ed|payment|forbidden|not|method|request|conflict|gone|precondition|payload|content|unsupported|unprocessable|locked|too many|internal|service|gateway|moved|found|temporary)\b)/gi;

/** What stands for a particular: for any kind of it, as a value is quoted here and a number there. */
const PARTICULAR = "<*>";

/** Particulars, in this order: what may hold others comes first. */
const PARTICULARS: readonly RegExp[] = [
  /\bdata:[\w/+.-]{1,100}(?:;[\w=.-]{1,100})*,[^\s"'<>]*/g,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'`<>]*/gi,
  /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g,
  // A placeholder that was filled in, or was not.
  /\$\{[^{}]*\}|\{\{[^{}]*\}\}|%[({][^(){}]*[)}]/g,
  /"(?:\\.|[^"\\])*(?:"|\\?$)|`[^`]*(?:`|$)|“[^”]*(?:”|$)|„[^“”]*(?:[“”]|$)|«[^»]*(?:»|$)|‘[^’]*(?:’|$)|「[^」]*(?:」|$)/g,
  // An apostrophe is no quote.
  /(?<![\p{L}\p{N}])'(?:\\.|[^'\\\n])*(?:'(?![\p{L}\p{N}])|\\?$)/gu,
  /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)?/g,
  /(?<![\w:])\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?![\w:])/g,
  /(?<![\w:.])\[?(?=[0-9a-f:.]*[0-9a-f])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?\]?(?::\d{1,5})?(?![\w:])/gi,
  /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|\/\d{1,2})?(?![\w.]*\d)/g,
  // Paths: of Windows, absolute ones, and relative ones of files, each with a line and a column behind it.
  /(?<!\w)(?:[a-z]:[\\/]|\\\\)[^\s"'<>|:*?]*(?::\d+){0,2}/gi,
  /(?<![\w.\\-])[\w.-]+(?:\\[\w.-]+)+/g,
  /(?<![\w/])(?:~|\.{1,2})?(?:\/[\w.@+~-]+){2,}\/?(?::\d+){0,2}/g,
  /(?<![\w./@-])\.{0,2}(?:[\w@-][\w.@-]*\/)+[\w@-]+\.\w+(?::\d+){0,2}/g,
  /\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b/gi,
  // Long words of mixed digits and letters of both cases, of which a hyphen may be part.
  /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{16,}/g,
  // Durations in any unit are one thing.
  /(?<![\w.,])\d[\d.,]*\s?(?:ns|µs|μs|us|ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b/gi,
  /(?<![\p{L}\p{N}_])[+-]?\d[\d.,_]*(?:e[+-]?\d+)?(?![\p{L}\p{N}_])/giu,
  /(?<![\p{L}\p{N}_])[\p{L}\p{N}_]*\p{N}[\p{L}\p{N}_]*/gu,
  /\b(?:[0-9a-f]{16,})\b/gi,
];

const MANY_PARTICULARS = /<\*>(?:[,;|\s]+<\*>)+/g;

/** What a message says without its particulars. */
export function generalize(message: string): string {
  let general = message
    .slice(0, MOST_READ)
    .replaceAll(
      BEFORE_CODE,
      (_all, word: string, between: string, digits: string) => `${word}${between}${spell(digits)}`,
    )
    .replaceAll(REASONS, (digits) => spell(digits));
  for (const pattern of PARTICULARS) general = general.replaceAll(pattern, PARTICULAR);
  // However many there are.
  general = general.replaceAll(MANY_PARTICULARS, PARTICULAR);
  return general.replaceAll(/\s+/g, " ").trim().slice(0, MOST_COUNTED);
}
