/**
 * The ids of spawned jobs: made of the parent's id, a name and a key, so that a job that runs again makes the same
 * ones. A part that does not fit into an id, or would make two ids alike, is shortened and followed by a digest of the
 * whole.
 */
import { createHash } from "node:crypto";

const PLAIN = /^[A-Za-z0-9_:-]{1,40}$/;
const LONGEST_ID = 128;
/** How many characters of a shortened part are kept, and how many hexadecimal digits of its digest follow. */
const READABLE = 20;
const DIGITS = 16;

/** The id of the job that `parent` spawns under this name and key: `<parent>.<name>.<key>`. */
export function childId(parent: string, name: string, key: string): string {
  const own = `.${part(name)}.${part(key)}`;
  return parent.length + own.length <= LONGEST_ID ? parent + own : shorten(parent) + own;
}

// A dot would make the border of name and key ambiguous.
function part(text: string): string {
  return PLAIN.test(text) ? text : shorten(text);
}

function shorten(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
  return `${text.slice(0, READABLE).replace(/[^A-Za-z0-9_:-]/g, "-")}-${digest}`;
}
