/** What failed about a file, and what helps: a full disk, a damaged file, a missing right or a disk that fails are not one thing. */
import { EngineUnavailable } from "../../../../model/errors/errors.js";
import { describeTarget, type SqliteTarget } from "../../../target.js";
import { primaryCode } from "../driver.js";

type Target = Required<SqliteTarget>;

const READ_ONLY = 8;
const IO = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NO_DATABASE = 26;

/** The error for a file or disk that failed. `cause` is what SQLite or the system said. */
export function fileFailure(target: Target, cause: unknown): EngineUnavailable {
  const said = cause instanceof Error ? cause.message : String(cause);
  const [why, advice] = explain(target, cause);
  return new EngineUnavailable(describeTarget(target), `${why} (${said})`, { cause, advice: ` ${advice}` });
}

/** The error for new jobs while what room there is on the disk is kept for jobs that end. */
export function fullFailure(target: Target): EngineUnavailable {
  return fileFailure(target, Object.assign(new Error("what room is left is for jobs that end"), { errcode: FULL }));
}

/** The error for a file that stays locked. */
export function lockFailure(target: Target, cause: unknown, patience: number): EngineUnavailable {
  const why = `another process has kept it locked for ${patience / 1_000} s`;
  const advice = " Does a shell, a backup or a migration have a transaction open on it?";
  return new EngineUnavailable(describeTarget(target), why, { cause, advice });
}

function explain({ path }: Target, cause: unknown): [why: string, advice: string] {
  switch (primaryCode(cause) || systemCode(cause)) {
    case FULL:
      return ["the disk is full", "Make room; what was accepted is kept, and work goes on by itself."];
    case CORRUPT:
      return ["the file is damaged", `Restore a backup, or save what can be read: sqlite3 ${path} ".recover".`];
    case NO_DATABASE:
      return ["the file is no SQLite database", "Give Longshore a file of its own, or restore a backup."];
    case READ_ONLY:
      return [
        "this process may not write to it",
        "Give its user the right to write to the file, to its folder and to what stands beside it; is the disk mounted read-only?",
      ];
    case CANNOT_OPEN:
      return ["it cannot be opened", "Does its folder exist, and has the user of this process the right to use it?"];
    case IO:
      return ["the disk failed", "See what the system logged about it."];
    default:
      return ["it cannot be used", "Is its path right: the URL given, or LONGSHORE_URL?"];
  }
}

/** What the system says when the file cannot even be made, as SQLite would. */
function systemCode(cause: unknown): number {
  const code = cause instanceof Error && "code" in cause ? cause.code : null;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return FULL;
    case "EROFS":
      return READ_ONLY;
    case "EIO":
      return IO;
    default:
      return typeof code === "string" && code.startsWith("E") ? CANNOT_OPEN : 0;
  }
}
