/**
 * Takes secrets out of texts: lines of logs, messages of errors. `Bearer …`, tokens of the server, the password of an address, and
 * what follows a key that names a secret: `password=…`, `login%5Bpassword%5D=…`, `"apiKey": "…"`, `--token …`, `Cookie: …` to the end of
 * the line. Each pattern begins at a word, has a bounded key, and goes on behind what it took, so the time is linear in the text.
 */
import { isSecret } from "./secret-key.js";

/** What stands in the place of a secret. */
export const REDACTED = "[redacted]";

const BEARER = /\bBearer\s{1,3}([A-Za-z0-9._~+/=-]{8,})/gi;
const SERVER_TOKEN = /\blst_[\w-]{20,}/g;
/** Up to the last `@` before the host: a password may have one, too. */
const ADDRESS = /(?<=:\/\/[^\s:/@]{0,100}:)[^\s/]{1,200}(?=@)/g;
const KEY =
  /(?:(?<!\w-{0,2})|(?<=%[\dA-F]{2}))([A-Z_][\w-]{0,63})(?:\]|%5D|\\{0,3}["']|%22)?[ \t]{0,3}(?:[:=]|%3[AD])[ \t]{0,3}/gi;
/** An option of a command, whose value is the next word. */
const OPTION = /(?<![\w-])(--[A-Z][\w-]{0,63})([ \t]{1,3})(?!-)([^\s"']{1,1000}|"[^"]{0,1000}"?|'[^']{0,1000}'?)/gi;
/** Headers whose value is the rest of the line. */
const WHOLE_LINE = /(?:authorization|cookie)$/i;
/** Texts without one of these characters have no secret in a pattern. */
const MARKS = /[:=_ %]/;

/** The text without secrets. */
export function redactText(text: string): string {
  if (text.length < 6 || !MARKS.test(text)) return text;
  const begun = text.replace(ADDRESS, REDACTED).replace(SERVER_TOKEN, REDACTED).replace(BEARER, withoutBearer);
  return withoutValues(begun).replace(OPTION, withoutOption);
}

function withoutOption(all: string, name: string, space: string, value: string): string {
  return isSecret(name, plainOf(value)) && value !== REDACTED ? `${name}${space}${quoted(value)}` : all;
}

/** "Bearer authentication" is a word behind another, and no secret. */
function withoutBearer(all: string, secret: string): string {
  return secret.length >= 20 || /\d/.test(secret) ? `Bearer ${REDACTED}` : all;
}

function withoutValues(text: string): string {
  let clean = "";
  let from = 0;
  KEY.lastIndex = 0;
  for (let match = KEY.exec(text); match !== null; match = KEY.exec(text)) {
    const [, key = ""] = match;
    const start = KEY.lastIndex;
    if (!isSecret(key, "") || text.startsWith(REDACTED, start)) continue;
    const end = endOf(text, start, WHOLE_LINE.test(key));
    const value = text.slice(start, end);
    if (value === "" || !isSecret(key, plainOf(value))) continue;
    clean += text.slice(from, start) + quoted(value);
    from = end;
    KEY.lastIndex = end;
  }
  return clean + text.slice(from);
}

const QUOTE = /\\{0,3}["']/y;
const LINE_END = /[\r\n]/g;
const WORD_END = /[\s,;&"'\\})\]]/g;

/** Where the value ends that begins here: behind its closing quote, or before what cannot belong to it. */
function endOf(text: string, start: number, wholeLine: boolean): number {
  QUOTE.lastIndex = start;
  const [quote] = QUOTE.exec(text) ?? [];
  if (quote !== undefined) return closing(text, start + quote.length, quote);
  if (text[start] === "[" || text[start] === "{") return closed(text, start);
  const end = wholeLine ? LINE_END : WORD_END;
  end.lastIndex = start;
  return end.exec(text)?.index ?? text.length;
}

/** Behind the next quote of this kind that is not itself escaped within the value; without one, the end of the text. */
function closing(text: string, from: number, quote: string): number {
  let at = text.indexOf(quote, from);
  while (at !== -1) {
    let slashes = 0;
    while (at - slashes - 1 >= from && text[at - slashes - 1] === "\\") slashes += 1;
    if (slashes % 2 === 0) return at + quote.length;
    at = text.indexOf(quote, at + quote.length);
  }
  return text.length;
}

const BRACKETS = /[[\]{}]|\\{0,3}["']/g;

/** Behind the bracket that closes the one which is here; without it, the end of the text. */
function closed(text: string, start: number): number {
  let open = 0;
  BRACKETS.lastIndex = start;
  for (let match = BRACKETS.exec(text); match !== null; match = BRACKETS.exec(text)) {
    const [mark] = match;
    if (mark === "[" || mark === "{") open += 1;
    else if (mark === "]" || mark === "}") open -= 1;
    else BRACKETS.lastIndex = closing(text, BRACKETS.lastIndex, mark);
    if (open === 0) return BRACKETS.lastIndex;
  }
  return text.length;
}

/** The value as JSON would have it, for the rule about keys: `tokens=12` is a number. */
function plainOf(value: string): unknown {
  if (value === "true" || value === "false") return value === "true";
  if (value === "null" || value === "undefined") return null;
  return /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
}

function quoted(value: string): string {
  QUOTE.lastIndex = 0;
  const [quote = ""] = QUOTE.exec(value) ?? [];
  return quote === "" || !value.endsWith(quote) ? REDACTED : quote + REDACTED + quote;
}
