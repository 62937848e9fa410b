// Storage in an SQLite file for one scenario: a folder of its own, removed afterwards.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../../src/engine/contract/engine.js";
import { type Database, loadDriver } from "../../../src/engine/sqlite/database/driver.js";
import type { Budget } from "../../../src/engine/sqlite/store/budget.js";
import { SqliteEngine } from "../../../src/engine/sqlite/engine.js";
import type { TestStorage } from "../../../src/engine/testkit/index.js";
import type { Clock } from "../../../src/model/value/clock.js";

/**
 * Empty storage in a new file.
 * @param budget how much one transaction does; default: the usual
 * @param alone has each engine a connection of its own, as those of other processes have? Default: true
 */
export function sqliteStorage(budget?: Budget, alone = true): TestStorage & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-sqlite-`));
  const path = join(folder, "jobs.db");
  return {
    path,
    async connect(clock: Clock): Promise<Engine> {
      const engine = new SqliteEngine(
        { engine: "sqlite", path, durability: "normal", allowNetwork: false },
        { clock, alone, ...(budget && { budget }) },
      );
      await engine.open();
      return engine;
    },
    leftovers: () => behind(path, readRows),
    corrupt: ({ queue, id }) =>
      behind(path, (database) => {
        const wanted = "id = ? AND queue = (SELECT queue FROM queues WHERE name = ?)";
        database.prepare(`UPDATE jobs SET backoff = '{' WHERE ${wanted}`).run(id, queue);
      }),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Does something on a connection of its own, behind the engine's back. */
async function behind<T>(path: string, act: (database: Database) => T): Promise<T> {
  const open = await loadDriver();
  const database = open(path, { timeout: 5_000 });
  try {
    return act(database);
  } finally {
    database.close();
  }
}

/** Every row of every table, but for what SQLite itself keeps and what names the database. */
function readRows(database: Database): string[] {
  const tables =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'identity'";
  return (database.prepare(tables).all() as { name: string }[]).flatMap(({ name }) =>
    database
      .prepare(`SELECT * FROM "${name}"`)
      .all()
      .map((row: unknown) => `${name} ${JSON.stringify(row)}`),
  );
}
