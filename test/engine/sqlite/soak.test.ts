// What is stored comes and goes: after thousands of jobs that used every feature have been removed one by one, every table of the
// file is empty but for the queues' own numbers, their series, totals and failure groups, and the events that watchers may still read; those go with the queue, and the pages of
// all of it go back to the file system.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDriver, type Database } from "../../../src/engine/sqlite/database/driver.js";
import { ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { SOAK_JOBS, SOAK_QUEUES, soak } from "../soak.js";
import { sqliteStorage } from "./sqlite-storage.js";

/** Pages of 4 kB. Up to 256 free ones are kept for what comes next. */
const MOST_PAGES = 400;

let context: ScenarioContext;
let beside: Database;

beforeEach(async () => {
  const storage = sqliteStorage();
  context = await ScenarioContext.create(storage);
  beside = (await loadDriver())(storage.path, { timeout: 5_000 });
});

afterEach(async () => {
  beside.close();
  await context.dispose();
});

describe(`after ${SOAK_JOBS} jobs with every feature`, () => {
  it("nothing is left of them once all are removed, and nothing at all of queues that are", async () => {
    await soak(context);

    expect(await context.list()).toEqual([]);
    expect(filled()).toEqual(["builds", "events", "failure_groups", "identity", "queues", "series", "totals"]);
    for (const queue of SOAK_QUEUES) {
      expect(Object.values(await context.counts(queue)).filter((jobs) => jobs !== 0)).toEqual([]);
      await context.engine.obliterate({ queue, force: false });
    }
    for (let more = true; more;) ({ more } = await context.sweep());
    expect(filled()).toEqual(["identity"]);
    expect(numberOf("PRAGMA page_count")).toBeLessThan(MOST_PAGES);
    expect(beside.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  });

  it("what only reads makes no queue", async () => {
    await context.engine.listJobs({ filter: { queue: "nowhere" }, cursor: null, limit: 10 });
    await context.engine.position({ queue: "nowhere", id: "j" });
    await context.engine.workers();
    await context.sweep(10, ["nowhere"]);

    expect(filled()).toEqual(["identity"]);
  });
});

/** The tables that have rows, as the file itself names them. */
function filled(): string[] {
  const all = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
  const names = (beside.prepare(all).all() as { name: string }[]).map(({ name }) => name);
  return names.filter((name) => numberOf(`SELECT count(*) FROM "${name}"`) > 0);
}

function numberOf(query: string): number {
  const [row] = beside.prepare(query).all() as Record<string, number>[];
  return Object.values(row ?? {})[0] ?? 0;
}
