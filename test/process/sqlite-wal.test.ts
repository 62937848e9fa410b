// The write-ahead log of SQLite stays short, however many processes write.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { WritersTold } from "../programs/sqlite-writers.js";

const program = fileURLToPath(new URL("../../build/test/programs/sqlite-writers.js", import.meta.url));
const MEGABYTE = 1024 * 1024;

it("is cut while eight processes write without a pause", { timeout: 240_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  const told = JSON.parse(stdout) as WritersTold;

  // Without a bound the log has all that was written. With it, how far it overshoots depends on the load of the machine.
  expect(told.written).toBeGreaterThan(180 * MEGABYTE);
  expect(told.longest).toBeLessThan(130 * MEGABYTE);
});
