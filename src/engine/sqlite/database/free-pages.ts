/**
 * Pages that hold nothing any more, after a peak of jobs. SQLite takes them for what comes next; where they are many, sweeps give
 * them back to the file system, some at a time. A file that an older Longshore made cannot do so, but with `VACUUM`.
 */
import type { Sql } from "./sql.js";

/** So many pages (1 MB) are no waste, nor is a quarter of the file: the next peak needs them. */
const SPARE_PAGES = 256;
const SPARE_SHARE = 0.25;
/** How many are given back at a time. */
const AT_ONCE = 500;
const INCREMENTAL = 2;

/** Makes a new database keep what giving back needs. It has no effect once there is a table. */
export function prepareGivingBack(sql: Sql): void {
  sql.exec("PRAGMA auto_vacuum = INCREMENTAL");
}

/** Gives pages back, if there are too many; returns whether there are more. Inside a transaction. */
export function giveBackPages(sql: Sql): boolean {
  const surplus = surplusPages(sql);
  if (surplus <= 0 || numberOf(sql, "auto_vacuum") !== INCREMENTAL) return false;
  sql.exec(`PRAGMA incremental_vacuum(${Math.min(surplus, AT_ONCE)})`);
  return surplus > AT_ONCE;
}

function surplusPages(sql: Sql): number {
  const free = numberOf(sql, "freelist_count");
  if (free <= SPARE_PAGES) return 0;
  return Math.ceil(free - Math.max(SPARE_PAGES, numberOf(sql, "page_count") * SPARE_SHARE));
}

function numberOf(sql: Sql, pragma: "freelist_count" | "page_count" | "auto_vacuum"): number {
  return sql.all<[value: number]>(`PRAGMA ${pragma}`)[0]?.[0] ?? 0;
}
