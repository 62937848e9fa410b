// Nothing is left in any table, found in the file itself: a table that is added later is either removed with what its rows are
// about, or fails here.
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadDriver, type Database } from "../../../src/engine/sqlite/database/driver.js";
import { TABLES } from "../../../src/engine/sqlite/database/schema.js";
import { WATCH_INTEREST } from "../../../src/model/job/event.js";
import { RESEND_WINDOW } from "../../../src/engine/contract/engine.js";
import { ScenarioContext, MAIN } from "../../../src/engine/testkit/context/scenario-context.js";
import { sqliteStorage } from "./sqlite-storage.js";

const SESSION = "worker/session";

let storage: ReturnType<typeof sqliteStorage>;
let context: ScenarioContext;

beforeEach(async () => {
  storage = sqliteStorage();
  context = await ScenarioContext.create(storage);
});

afterEach(() => context.dispose());

async function inFile<T>(act: (database: Database) => T): Promise<T> {
  const open = await loadDriver();
  const database = open(storage.path, { timeout: 5_000 });
  try {
    return act(database);
  } finally {
    database.close();
  }
}

const namesOf = (rows: unknown[]): string[] => rows.map((row) => String(Object.values(row as object)[0]));

function tablesIn(database: Database): string[] {
  const all = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
  return namesOf(database.prepare(all).all());
}

/** The tables that have rows. */
const filled = async (): Promise<string[]> =>
  inFile((database) =>
    tablesIn(database).filter((table) => database.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).all().length > 0),
  );

/** Puts a row about the job, the queue and the session into every table that has none. */
async function fillAll(id: string): Promise<void> {
  await inFile((database) => {
    const [queue, job] = ["queues", "jobs"].map((table) => {
      const column = table === "queues" ? "queue" : "job";
      return namesOf(database.prepare(`SELECT ${column} FROM ${table}`).all())[0] ?? "0";
    });
    for (const table of tablesIn(database)) {
      if (database.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).all().length > 0) continue;
      const columns = database
        .prepare(`SELECT name, type, "notnull" OR pk AS needed FROM pragma_table_info('${table}')`)
        .all() as {
        name: string;
        type: string;
        needed: number;
      }[];
      const known: Record<string, string> = { job: job ?? "", queue: queue ?? "", session: SESSION, id };
      // Leases that were taken are found by the name of the queue; those of links are queues anywhere.
      if (columns.some(({ name, type }) => name === "queue" && type === "TEXT")) known["queue"] = MAIN;
      const values = columns.map(({ name, needed }) => known[name] ?? (needed === 0 ? null : "1"));
      const marks = values.map(() => "?").join(", ");
      database.prepare(`INSERT INTO "${table}" VALUES (${marks})`).run(...values);
    }
    // The row of a job says which other tables have rows of it.
    database
      .prepare(
        `UPDATE jobs SET epoch = 1, error_epoch = 0, logged = 1, checkpointed = 1, checkpoints_from = 1, linked = 1, tags = '["1"]',
         unique_key = '1', unique_until = 'finished', supersedes = '1'`,
      )
      .run();
  });
}

test("every table is on one of the lists of what goes with what", async () => {
  const listed = new Set(
    Object.values(TABLES).flatMap((list: readonly string[] | object) =>
      Array.isArray(list) ? list : Object.keys(list),
    ),
  );
  expect(await inFile(tablesIn)).toEqual([...listed].toSorted((a, b) => (a < b ? -1 : 1)));
});

test("a queue leaves no row in any table when it is obliterated", async () => {
  await fillAll(await context.add());
  expect(await filled()).toEqual(await inFile(tablesIn));
  await context.engine.obliterate({ queue: MAIN, force: true });
  // What an earlier transaction left to send is sent by the next sweep.
  await context.sweep();
  expect(await filled()).toEqual(["document_kinds", "documents", ...TABLES.ofFile]);
});

test("the traces of removed jobs go with the next sweep once their time is over", async () => {
  await context.control("remove", await context.add());
  expect(await filled()).toContain("traces");
  context.advance(RESEND_WINDOW);
  await context.sweep();
  expect(await filled()).not.toContain("traces");
  expect(await inFile((database) => database.prepare("SELECT traced FROM queues").all())).toEqual([{ traced: 0 }]);
});

test("a job leaves no row in any table when it is removed", async () => {
  const id = await context.add();
  await fillAll(id);
  expect((await context.control("remove", id)).outcome).toBe("applied");
  await context.sweep();
  const about = await inFile((database) =>
    tablesIn(database).filter((table) => {
      const columns = namesOf(database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all());
      return columns.includes("job") && database.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).all().length > 0;
    }),
  );
  expect(about).toEqual([]);
});

const noted = async (): Promise<number> =>
  inFile((database) => database.prepare("SELECT name FROM interests").all().length);

test("what is noted of those who watch queues that do not exist goes by its time, a part a sweep", async () => {
  for (let watched = 0; watched < 600; watched += 1) {
    await context.engine.watch({ queue: `q${watched}`, cursor: null, max: 1 });
  }
  await context.engine.sweep({ queues: [], limit: 10 });
  expect(await noted()).toBe(600);

  context.advance(WATCH_INTEREST);
  await context.engine.sweep({ queues: [], limit: 10 });
  expect(await noted()).toBe(100);
  await context.engine.sweep({ queues: [], limit: 10 });

  expect(await filled()).toEqual(["identity"]);
});
