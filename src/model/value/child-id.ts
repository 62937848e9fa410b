/**
 * The ids of jobs that a job spawns: made of its own, a name and a key, so that a job that runs again makes the same ones.
 * A part that an id cannot hold, or that would make two of them alike, stands there shortened, with a digest of the whole.
 */
import { createHash } from "node:crypto";

const PLAIN = /^[A-Za-z0-9_:-]{1,40}$/;
const LONGEST_ID = 128;
/** How much of a part that is shortened can be read, and how many hexadecimal digits of its digest follow. */
const READABLE = 20;
const DIGITS = 16;

/** The id of the job that `parent` spawns under this name and key: `<parent>.<name>.<key>`. */
export function childId(parent: string, name: string, key: string): string {
  const own = `.${part(name)}.${part(key)}`;
  return parent.length + own.length <= LONGEST_ID ? parent + own : shorten(parent) + own;
}

// A dot would let name and key run into each other.
function part(text: string): string {
  return PLAIN.test(text) ? text : shorten(text);
}

function shorten(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
  return `${text.slice(0, READABLE).replace(/[^A-Za-z0-9_:-]/g, "-")}-${digest}`;
}
