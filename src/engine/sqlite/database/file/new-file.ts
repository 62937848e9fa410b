/**
 * Creates the file of a new database, readable by its owner only. Only SQLite may open a database: closing any descriptor of a
 * file releases every POSIX lock that the process has on it, SQLite's included. So the file is created and closed under
 * another name, and then linked to the name under which SQLite opens it.
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, linkSync, openSync, readlinkSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { makeFolder } from "../../../folder.js";

/** Creates an empty file, which SQLite takes for a new database, and its folder. An existing file is left alone. */
export function makeFile(path: string): void {
  if (existsSync(path)) return;
  const place = landing(path);
  makeFolder(dirname(place), 0o700);
  const draft = `${place}.${randomBytes(6).toString("hex")}.new`;
  // SQLite gives its -wal and -shm files the same permissions.
  closeSync(openSync(draft, "wx", 0o600));
  try {
    linkSync(draft, place);
  } catch {
    // Another process was faster; or the file system has no links, and then the file is created in place.
    makeInPlace(place);
  } finally {
    rmSync(draft, { force: true });
  }
}

function makeInPlace(place: string): void {
  if (existsSync(place)) return;
  try {
    closeSync(openSync(place, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/** The path that the file will have: a symbolic link may point to a missing file. */
function landing(path: string): string {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return path;
  }
}
