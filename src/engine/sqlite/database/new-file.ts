/**
 * Making the file of a new database, readable by its owner only. Nothing but SQLite may ever open a database: closing any
 * descriptor of a file takes every lock from it that the process holds, and SQLite's locks are such. So the file is made
 * under a name of its own, closed, and only then given the name under which SQLite opens it.
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, linkSync, mkdirSync, openSync, readlinkSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Makes an empty file, which is a new database to SQLite, and its folder. Does nothing where there is one already. */
export function makeFile(path: string): void {
  if (existsSync(path)) return;
  const place = landing(path);
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  const draft = `${place}.${randomBytes(6).toString("hex")}.new`;
  // SQLite gives the files that it puts beside this one the same permissions.
  closeSync(openSync(draft, "wx", 0o600));
  try {
    linkSync(draft, place);
  } catch {
    // Somebody else was faster; or this file system knows no links, and then the file is made in its place.
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

/** Where the file comes to be: a symbolic link may lead to where nothing is yet. */
function landing(path: string): string {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return path;
  }
}
