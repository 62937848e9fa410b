// Columns of a SQLite file that another program or version wrote: a bad one fails at most its own job.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDriver, type SqlValue } from "../../../src/engine/sqlite/database/driver.js";
import { runBeside, type Moment } from "../forged-records.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "longshore-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Was every other client served? */
async function undisturbed(moment: Moment, sql: string, values: readonly SqlValue[]): Promise<boolean> {
  const path = join(folder, "jobs.db");
  const open = await loadDriver();
  const forgeries = values.map((value) => (id: string) => {
    const database = open(path, { timeout: 5_000 });
    database.prepare(sql).run(value, id);
    database.close();
    return Promise.resolve();
  });
  await runBeside({ engine: "sqlite", path }, moment, "fails", forgeries);
  return true;
}

const DEEP = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
const JUNK: readonly SqlValue[] = [
  "soon",
  "{{{",
  "5",
  '{"type":{},"delays":{},"completed":{},"failed":{}}',
  DEEP,
  0.1,
  -1,
  Number.POSITIVE_INFINITY,
  new Uint8Array([0, 255]),
];
const COLUMNS = [
  "task",
  "input",
  "backoff",
  "timeout",
  "ttl",
  "meta",
  "progress",
  "failures",
  "retention",
  "tags",
  "supersedes",
  "unique_key",
  "unique_until",
  "unique_on_conflict",
  "op",
  "nonce",
];

describe.each<Moment>(["waiting", "running"])("columns forged while their jobs are %s", (moment) => {
  it.each(COLUMNS)("in %s", async (column) => {
    expect(await undisturbed(moment, `UPDATE OR IGNORE jobs SET ${column} = ? WHERE id = ?`, JUNK)).toBe(true);
  });

  it("in what a worker says of itself", async () => {
    expect(await undisturbed(moment, "UPDATE sessions SET worker = ? WHERE ? <> ''", ["{{{", '{"queues":5}'])).toBe(
      true,
    );
  });
});
