/** What a database file says of itself: how it is written, how large it is and may become; and the write by which it is tried out. */
import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { NODE_UNKNOWN, type StoreNode } from "../../contract/store.js";
import type { Sql } from "../database/sql.js";
import { realPath } from "../database/file/real-path.js";

/** Names of `PRAGMA synchronous`, by their numbers. */
const SYNCHRONOUS = ["off", "normal", "full", "extra"];
/** From this one on a commit waits for the disk. */
const WAITS_FROM = 2;

/** What the file at this path says, apart from whether it can be written to. */
export function describeFile(sql: Sql, path: string): Omit<StoreNode, "writable" | "refusal"> {
  const [version = null] = sql.all<[version: string]>("SELECT sqlite_version()")[0] ?? [];
  const [mode = "unknown"] = sql.all<[mode: string]>("PRAGMA journal_mode")[0] ?? [];
  const [level = 0] = sql.all<[level: number]>("PRAGMA synchronous")[0] ?? [];
  return {
    ...NODE_UNKNOWN,
    name: path,
    software: "sqlite",
    version,
    persistence: {
      text: `sqlite ${mode}, synchronous ${SYNCHRONOUS[level] ?? level}`,
      kind: "log",
      synced: level >= WAITS_FROM,
      lastSaveOk: null,
      lastSaveAt: null,
    },
    fileSize: sizeOf(path),
    diskFree: roomBeside(path),
    clockAhead: 0,
    clockAccuracy: 0,
  };
}

/** Writes the header of the file as it is. */
export function rewriteHeader(sql: Sql): void {
  const [version = 0] = sql.all<[version: number]>("PRAGMA user_version")[0] ?? [];
  sql.exec(`PRAGMA user_version = ${version}`);
}

/** The file with its log. Looking at one opens nothing, so no lock of SQLite is lost by it. */
function sizeOf(path: string): number | null {
  try {
    const log = statSync(`${realPath(path)}-wal`, { throwIfNoEntry: false });
    return statSync(path).size + (log?.size ?? 0);
  } catch {
    return null;
  }
}

function roomBeside(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(dirname(realPath(path)));
    return bavail * bsize;
  } catch {
    return null;
  }
}
