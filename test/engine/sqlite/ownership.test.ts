// A file that stands at the path may be the database of another application: it is refused, and stays as it was to the byte.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openEngine } from "../../../src/engine/open.js";
import { loadDriver } from "../../../src/engine/sqlite/database/driver.js";
import { backTo } from "./schema-history.js";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-owner-`));
  path = join(folder, "app.db");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs statements on the file; answers what the last pragma of them says. */
async function inFile(statements: string, asked = "application_id"): Promise<unknown> {
  const database = (await loadDriver())(path, { timeout: 5_000 });
  database.exec(statements);
  const [row] = database.prepare(`PRAGMA ${asked}`).all();
  database.close();
  return Object.values(row as object)[0];
}

const OTHERS: readonly (readonly [what: string, statements: string])[] = [
  ["with tables of its own", "CREATE TABLE users (id INTEGER)"],
  ["with a table of jobs", "CREATE TABLE jobs (id INTEGER, queue TEXT); INSERT INTO jobs VALUES (1, 'q')"],
  ["with a version as ours have", "CREATE TABLE users (id INTEGER); PRAGMA user_version = 4"],
  ["with a version that ours will have", "CREATE TABLE users (id INTEGER); PRAGMA user_version = 99"],
  ["with some tables as ours have", "CREATE TABLE jobs (id); CREATE TABLE queues (id); PRAGMA user_version = 7"],
  ["with a version and no table", "PRAGMA user_version = 3"],
  ["that is marked as another's", "PRAGMA application_id = 42"],
];

it.each(OTHERS.flatMap((other) => [false, true].map((existing) => [...other, existing] as const)))(
  "refuses a database %s (%s; existing: %j)",
  async (_what, statements, existing) => {
    await inFile(statements);
    const before = readFileSync(path);

    await expect(openEngine({ engine: "sqlite", path }, { existing })).rejects.toMatchObject({
      code: "ENGINE_REFUSED",
      message: expect.stringContaining(`${path} is a database of another application`),
    });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(existsSync(`${path}-wal`)).toBe(false);
  },
);

it("marks a file as its own, also one that an older Longshore made without a mark", async () => {
  await (await openEngine({ engine: "sqlite", path })).close();
  const ours = await inFile("");
  await inFile(`${backTo(8)}; PRAGMA application_id = 0`);

  await (await openEngine({ engine: "sqlite", path })).close();

  expect(ours).not.toBe(0);
  expect(await inFile("")).toBe(ours);
});

it("takes an empty database for a new one", async () => {
  await inFile("CREATE TABLE t (x); DROP TABLE t; VACUUM");

  const engine = await openEngine({ engine: "sqlite", path });

  expect(await engine.queues()).toEqual([]);
  await engine.close();
});
