// A small disk of its own for one program: a file system in memory, mounted where only that program sees it, which ends with it.
// That needs Linux, and root or the right to name spaces of one's own.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const MOUNT = 'mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"';
const WAYS = [["--mount"], ["--user", "--map-root-user", "--mount"]];

const way = WAYS.find((options) => {
  const probe = spawnSync("unshare", [...options, "sh", "-c", MOUNT, "1m", tmpdir(), "true"], { stdio: "ignore" });
  return probe.status === 0;
});

export const CAN_MOUNT = way !== undefined;

/** Runs a program, whose first argument is a folder on such a disk; answers what it printed. @param size such as `48m` */
export async function runOnSmallDisk(size: string, program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-disk-`));
  const command = [process.execPath, program, folder];
  try {
    const { stdout } = await promisify(execFile)("unshare", [
      ...(way ?? []),
      "sh",
      "-c",
      MOUNT,
      size,
      folder,
      ...command,
    ]);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
