/**
 * Whose database is it? Files of Longshore say so in their header (`application_id`). Those written before it did are known by
 * their tables. Any other is another application's, and is refused before anything in it is changed.
 */
import { EngineRefused } from "../../../model/errors/errors.js";
import type { Sql } from "./sql.js";

/** "Long" as a number. */
const OURS = 0x4c_6f_6e_67;
/** The last schema whose files may not say that they are ours, and tables that all of those have. */
const LAST_UNMARKED = 8;
const EARLY_TABLES = ["calls", "events", "jobs", "lives", "queues", "revoked", "sessions", "tag_totals", "unique_keys"];

/** Is nothing in the database yet? @throws EngineRefused when it is not one of Longshore's */
export function isNew(sql: Sql, path: string): boolean {
  const owner = ownerOf(sql);
  if (owner === OURS) return false;
  const version = sql.all<[version: number]>("PRAGMA user_version")[0]?.[0] ?? 0;
  const found = new Set(sql.all<[name: string]>("SELECT name FROM sqlite_master").map(([name]) => name));
  if (owner === 0 && version === 0 && found.size === 0) return true;
  const isEarly = version >= 1 && version <= LAST_UNMARKED && EARLY_TABLES.every((table) => found.has(table));
  if (owner === 0 && isEarly) return false;
  throw new EngineRefused(
    `${path} is a database of another application: give Longshore a file of its own, such as "sqlite:jobs.db"`,
  );
}

/** Marks the database as Longshore's; inside a transaction. */
export function claim(sql: Sql): void {
  if (ownerOf(sql) !== OURS) sql.exec(`PRAGMA application_id = ${OURS}`);
}

function ownerOf(sql: Sql): number {
  return sql.all<[id: number]>("PRAGMA application_id")[0]?.[0] ?? 0;
}
