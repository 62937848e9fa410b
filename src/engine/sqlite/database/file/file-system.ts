/**
 * Where the file stands, and who may change it. SQLite's locks do not hold on network file systems, where two machines would
 * write over each other, so these are refused. Linux says by a number what a file system is; where another system says something
 * else, or nothing, the file is taken for a local one.
 */
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { EngineRefused } from "../../../../model/errors/errors.js";
import type { SqliteTarget } from "../../../target.js";

/** The numbers of file systems that other machines may share, from statfs(2) of Linux. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x01021997, "9p"],
  [0x65735546, "FUSE"],
  [0x5346414f, "AFS"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
]);

const OTHERS_MAY_WRITE = 0o002;

/** The number of the file system of a folder; `null` where there is none to know. */
export type FileSystemOf = (folder: string) => number | null;

const fromSystem: FileSystemOf = (folder) => {
  if (process.platform !== "linux") return null;
  try {
    return statfsSync(folder).type;
  } catch {
    return null;
  }
};

/** @throws EngineRefused when the file is, or is to be, on a network file system and that is not allowed */
export function refuseNetwork(
  { path, allowNetwork }: Pick<Required<SqliteTarget>, "path" | "allowNetwork">,
  fileSystemOf: FileSystemOf = fromSystem,
): void {
  if (allowNetwork) return;
  const number = fileSystemOf(nearestFolder(path));
  // As an unsigned number of 32 bits: some systems answer a negative one.
  const kind = number === null ? undefined : NETWORK.get(number >>> 0);
  if (kind === undefined) return;
  throw new EngineRefused(
    `${path} is on a network file system (${kind}), where SQLite's locks may not hold and jobs may be lost: put it on a local disk, ` +
      "use Redis, or, where only one machine ever opens it, set allowNetwork",
  );
}

/** The folder of the file, or the nearest one above that exists. */
function nearestFolder(path: string): string {
  let folder = dirname(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Warns of a file that every user of the machine may change. */
export function warnOfOthers(path: string): void {
  const mode = process.platform === "win32" ? 0 : (statSync(path, { throwIfNoEntry: false })?.mode ?? 0);
  if ((mode & OTHERS_MAY_WRITE) === 0) return;
  process.emitWarning(
    `every user of this machine may change ${path}, and so what jobs do: run "chmod 600" on it and on what stands beside it`,
    "LongshoreWarning",
  );
}
