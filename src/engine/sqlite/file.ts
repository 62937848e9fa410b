/**
 * Opening the file: its folder, who may read it, the settings of a connection, the schema. Waiting for other processes is
 * asynchronous here and everywhere: SQLite itself may block for a few milliseconds only, then we step back and try again.
 */
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { pause, systemClock } from "../../model/clock.js";
import { EngineUnavailable } from "../../model/errors.js";
import { describeTarget, type SqliteTarget } from "../target.js";
import { isBusy, isFileFailure, loadDriver, type OpenDatabase } from "./driver.js";
import { migrate } from "./migrations.js";
import { Sql } from "./sql.js";

type Target = Required<SqliteTarget>;

/** How long SQLite may block the process for a lock, in milliseconds. */
const BLOCKING_WAIT = 5;
/** How long we try again before we give up, in milliseconds. */
const PATIENCE = 10_000;
const LONGEST_PAUSE = 20;

/** Opens a file, makes or updates its schema. @throws EngineUnavailable, EngineRefused */
export async function openFile(target: Target): Promise<Sql> {
  const open = await loadDriver();
  const sql = guarded(target, () => create(target, open));
  try {
    // Changing to WAL needs the file for oneself for a moment; so does the schema.
    await whenFree(target, () => sql.exec("PRAGMA journal_mode = WAL"));
    sql.exec(`
      PRAGMA synchronous = ${target.durability === "full" ? "FULL" : "NORMAL"};
      PRAGMA cache_size = -32000;
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA temp_store = MEMORY;
      PRAGMA foreign_keys = OFF;
    `);
    await whenFree(target, () => transact(sql, "BEGIN IMMEDIATE", () => migrate(sql, target.path)));
    return sql;
  } catch (error) {
    sql.close();
    throw error;
  }
}

function create(target: Target, open: OpenDatabase): Sql {
  const folder = dirname(target.path);
  try {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    // An empty file is a new database to SQLite, which gives the files beside it the same permissions.
    closeSync(openSync(target.path, "a", 0o600));
    return new Sql(open(target.path, { timeout: BLOCKING_WAIT }));
  } catch (error) {
    throw unavailable(target, error);
  }
}

/** Runs `work` between `begin` and COMMIT; whatever it throws undoes it. */
export function transact<T>(sql: Sql, begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => T): T {
  sql.run(begin);
  try {
    const result = work();
    sql.run("COMMIT");
    return result;
  } catch (error) {
    try {
      sql.run("ROLLBACK");
    } catch {
      // SQLite has already rolled back by itself, as it does when the disk is full.
    }
    throw error;
  }
}

/**
 * Attempts something until no other process stands in its way.
 * @throws EngineUnavailable after 10 s, or when the file or the disk fails
 */
export async function whenFree<T>(target: Target, attempt: () => T): Promise<T> {
  const start = systemClock.now();
  for (let wait = 1; ; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
    try {
      return guarded(target, attempt);
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (systemClock.now() - start > PATIENCE) {
        throw unavailable(target, error, `another process has kept it locked for ${PATIENCE / 1000} s`);
      }
    }
    await pause(systemClock, wait);
  }
}

function guarded<T>(target: Target, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    throw isFileFailure(error) ? unavailable(target, error) : error;
  }
}

function unavailable(target: Target, cause: unknown, why?: string): EngineUnavailable {
  const reason = why ?? (cause instanceof Error ? cause.message : String(cause));
  return new EngineUnavailable(describeTarget(target), reason, { cause });
}
