/**
 * Opens the file: folder, permissions, settings of a connection, schema. Waiting for a lock is asynchronous here and
 * everywhere: SQLite itself may block for a few milliseconds only, then the command is tried again later.
 */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { pause, systemClock } from "../../../../model/value/clock.js";
import { EngineUnavailable } from "../../../../model/errors/errors.js";
import { describeTarget, type SqliteTarget } from "../../../target.js";
import { isBusy, isFileFailure, loadDriver, type OpenDatabase } from "../driver.js";
import { prepareGivingBack } from "../free-pages.js";
import { migrate } from "../migrations.js";
import { fileFailure, lockFailure } from "./file-failure.js";
import { refuseNetwork, warnOfOthers } from "./file-system.js";
import { makeFile } from "./new-file.js";
import { isNew } from "../ownership.js";
import { Sql } from "../sql.js";
import { WAL_SETTINGS } from "../wal.js";

type Target = Required<SqliteTarget>;

/** How long SQLite may block the process for a lock, in milliseconds. */
const BLOCKING_WAIT = 5;
/** How long a command is tried again before it fails, in milliseconds. */
const PATIENCE = 10_000;
const LONGEST_PAUSE = 20;

/** How to open a file. */
export interface OpenOptions {
  /** Open only a database that exists. */
  readonly existing: boolean;
}

/** Opens a file, and creates or migrates its schema. @throws EngineUnavailable, EngineRefused */
export async function openFile(target: Target, { existing }: OpenOptions): Promise<Sql> {
  const open = await loadDriver();
  refuseNetwork(target);
  const sql = guarded(target, () => (existing ? find(target, open) : create(target, open)));
  try {
    if (await whenFree(target, () => isNew(sql, target.path))) {
      if (existing) throw missing(target, "the file that stands there now is no database of Longshore's");
      prepareGivingBack(sql);
    }
    // Changing to WAL and migrating need exclusive access for a moment.
    await whenFree(target, () => sql.exec("PRAGMA journal_mode = WAL"));
    sql.exec(`
      PRAGMA busy_timeout = ${BLOCKING_WAIT};
      ${synchronous(target.durability)}
      PRAGMA cache_size = -32000;
      ${WAL_SETTINGS}
      PRAGMA temp_store = MEMORY;
      PRAGMA foreign_keys = OFF;
    `);
    await whenFree(target, () => transact(sql, "BEGIN IMMEDIATE", () => migrate(sql, target.path)));
    warnOfOthers(target.path);
    return sql;
  } catch (error) {
    sql.close();
    throw error;
  }
}

/** The setting that says whether commits wait for the disk. */
export function synchronous(durability: Target["durability"]): string {
  return `PRAGMA synchronous = ${durability === "full" ? "FULL" : "NORMAL"};`;
}

function create(target: Target, open: OpenDatabase): Sql {
  try {
    makeFile(target.path);
    return new Sql(open(target.path, { timeout: BLOCKING_WAIT }));
  } catch (error) {
    throw fileFailure(target, error);
  }
}

/**
 * Opens only a file that exists. A URI with `mode=rw` makes SQLite do so; the first versions of `node:sqlite` take no URI, so
 * for these the file is looked for first.
 */
function find(target: Target, open: OpenDatabase): Sql {
  const options = { timeout: BLOCKING_WAIT };
  try {
    return new Sql(open(`${pathToFileURL(target.path).href}?mode=rw`, options));
  } catch {
    if (!existsSync(target.path)) throw missing(target, "its file is gone");
  }
  try {
    return new Sql(open(target.path, options));
  } catch (error) {
    throw fileFailure(target, error);
  }
}

/** Runs `work` between `begin` and COMMIT; an exception rolls back. */
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
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
    throw error;
  }
}

/**
 * Tries something again for as long as another process holds the lock.
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
        throw lockFailure(target, error, PATIENCE);
      }
    }
    await pause(systemClock, wait);
  }
}

function guarded<T>(target: Target, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    throw isFileFailure(error) ? fileFailure(target, error) : error;
  }
}

/** The error for a file that existed and is gone. */
function missing(target: Target, why: string): EngineUnavailable {
  return new EngineUnavailable(describeTarget(target), why, { advice: "" });
}
