/**
 * The SQLite library: `node:sqlite` where the runtime has it, else `@photostructure/sqlite`, which has the same interface
 * and needs no compiler. The rest of the engine knows only the interface below.
 */
import { EngineRefused } from "../../../model/errors/errors.js";

/** What can be bound to a statement and read from a row. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** A prepared statement. */
export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  all(...values: SqlValue[]): unknown[];
  /** Rows as arrays; missing in early versions of `node:sqlite`. */
  setReturnArrays?(on: boolean): void;
}

/** An open database. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** Opens a file. `timeout`: milliseconds SQLite itself waits for a lock, blocking. */
export type OpenDatabase = (path: string, options: { timeout: number }) => Database;

interface SqliteModule {
  readonly DatabaseSync: new (path: string, options: { timeout: number }) => Database;
}

const PACKAGE = "@photostructure/sqlite";

/** Finds the library. @throws EngineRefused when there is none */
export async function loadDriver(): Promise<OpenDatabase> {
  const { DatabaseSync } = builtIn() ?? (await fromPackage());
  return (path, options) => new DatabaseSync(path, options);
}

/**
 * Does closing a database leave its file open until its statements are collected as garbage? The package has no way to end a
 * statement, and SQLite keeps what a statement belongs to.
 */
export function closesLate(): boolean {
  return builtIn() === null;
}

function builtIn(): SqliteModule | null {
  const warn = process.emitWarning.bind(process);
  // Node 22 warns once on standard error that its SQLite is experimental; that warning is suppressed.
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).startsWith("SQLite is an experimental feature")) {
      Reflect.apply(warn, process, [warning, ...rest]);
    }
  };
  try {
    const found = process.getBuiltinModule("node:sqlite");
    return found !== undefined && "DatabaseSync" in found ? (found as SqliteModule) : null;
  } finally {
    process.emitWarning = warn;
  }
}

async function fromPackage(): Promise<SqliteModule> {
  try {
    return (await import(PACKAGE)) as SqliteModule;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineRefused(
      `SQLite needs Node 22.13 or newer, or the package ${PACKAGE}: run "npm install ${PACKAGE}" (${why})`,
    );
  }
}

const BUSY = 5;
const LOCKED = 6;
const FULL = 13;
const INDEX_SIZE = 4_874;
/** Failures of the file or disk: read-only, I/O error, corrupt, disk full, cannot open, not a database. */
const BEYOND_US = new Set([8, 10, 11, FULL, 14, 26]);

/** Does another connection hold the lock? */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === BUSY || code === LOCKED;
}

/** Is the disk full? */
export function isFull(error: unknown): boolean {
  // Where it is, the index of the log cannot grow either, which SQLite calls a failure of the disk.
  return primaryCode(error) === FULL || (error instanceof Error && "errcode" in error && error.errcode === INDEX_SIZE);
}

/** Did the file or the disk fail, rather than the statement? */
export function isFileFailure(error: unknown): error is Error {
  return BEYOND_US.has(primaryCode(error));
}

/** What SQLite says for each of these codes. The package reports some errors of a query by their text alone. */
const CODES: ReadonlyMap<string, number> = new Map([
  ["database is locked", BUSY],
  ["database table is locked", LOCKED],
  ["attempt to write a readonly database", 8],
  ["disk I/O error", 10],
  ["database disk image is malformed", 11],
  ["database or disk is full", FULL],
  ["unable to open database file", 14],
  ["file is not a database", 26],
]);

/** The kind of error that SQLite reports; 0: it is not one of SQLite's. */
export function primaryCode(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  // The low byte is the kind of error, the others are details.
  if ("errcode" in error && typeof error.errcode === "number") return error.errcode & 0xff;
  return "code" in error && error.code === "ERR_SQLITE_ERROR" ? (CODES.get(error.message) ?? 0) : 0;
}
