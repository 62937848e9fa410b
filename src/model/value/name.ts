/** The rules for names: queues, tasks, tags, job ids, keys. Strict because names become storage keys. */
import { InvalidInput } from "../errors/errors.js";

/** What a name is. `.` and `..` are none: clients of HTTP take them out of addresses, so nothing of that name could be asked for. */
export const NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,100}$/;
export const NAME_RULE = "1 to 100 characters of A-Z a-z 0-9 _ . : -, and not . or ..";

/** Checks a queue, task or worker name. @throws InvalidInput */
export function parseName(field: string, value: unknown): string {
  if (typeof value !== "string" || !NAME.test(value)) throw new InvalidInput(field, value, NAME_RULE);
  return value;
}

/** What the names of the platform's own queues and kinds of documents begin with; applications may not use it. */
export const PLATFORM_PREFIX = "longshore:";

/** Is this the name of something of the platform's own? */
export function isReserved(name: string): boolean {
  return name.startsWith(PLATFORM_PREFIX);
}

/** Checks a name that an application gives to what is its own: a queue, a kind of documents. @throws InvalidInput */
export function parseOwnName(field: string, value: unknown): string {
  const name = parseName(field, value);
  if (!isReserved(name)) return name;
  throw new InvalidInput(field, value, `a name that does not begin with "${PLATFORM_PREFIX}", which is reserved`);
}

/** What an id is: as a name, and longer. */
export const ID = /^(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,128}$/;
export const ID_RULE = "1 to 128 characters of A-Z a-z 0-9 _ . : -, and not . or ..";

/** Checks a job id given by the caller. @throws InvalidInput */
export function parseId(field: string, value: unknown): string {
  if (typeof value !== "string" || !ID.test(value)) throw new InvalidInput(field, value, ID_RULE);
  return value;
}

// Control characters are refused because the engines use them as separators, and terminals obey them.
const TEXT_KEY = /^[^\p{Cc}\p{Cs}]+$/u;

/** Checks a free key (a unique key, a tag): any printable text up to `longest` UTF-8 bytes. @throws InvalidInput */
export function parseKey(field: string, value: unknown, longest = 256): string {
  if (typeof value !== "string" || !TEXT_KEY.test(value) || Buffer.byteLength(value) > longest) {
    throw new InvalidInput(field, value, `1 to ${longest} bytes of text without control characters`);
  }
  return value;
}

/** Checks what a worker says of its code (a version, an environment, a label), or `undefined`, which is `null`. @throws InvalidInput */
export function parseLabel(field: string, value: unknown): string | null {
  return value === undefined ? null : parseKey(field, value, 100);
}

/** The most tags a job may carry. */
export const MOST_TAGS = 16;

/** Checks a list of tags: at most 16, each `key:value` or a plain word; duplicates are dropped. @throws InvalidInput */
export function parseTags(field: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw new InvalidInput(field, value, 'a list of tags such as "user:42"');
  const tags = [...new Set(value.map((tag, index) => parseKey(`${field}[${index}]`, tag, 128)))];
  if (tags.length > MOST_TAGS) throw new InvalidInput(field, value, `at most ${MOST_TAGS} tags`);
  return tags;
}
