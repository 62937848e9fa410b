/** The versions of documents, which only rise: also when the clock is set back, and when a server lost its last writes. */

/** The version of a write after one that had the version `last`. */
export function versionAfter(last: number, now: number): number {
  return Math.max(last + 1, now);
}

/** How many digits the id of a log's entry has. */
export const ENTRY_DIGITS = 16;

/** The id of a log's entry: in the order of ids as in that of versions. */
export function entryId(version: number): string {
  return String(version).padStart(ENTRY_DIGITS, "0");
}
