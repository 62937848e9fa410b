// Space on disk: what was used by jobs that are gone, and by the write-ahead log, is given back.
import { statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDriver, type Database } from "../../../src/engine/sqlite/database/driver.js";
import { MAIN, ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { sqliteStorage } from "./sqlite-storage.js";

const MEGABYTE = 1024 * 1024;

let storage: ReturnType<typeof sqliteStorage>;
let context: ScenarioContext;
let beside: Database;

beforeEach(async () => {
  storage = sqliteStorage();
  context = await ScenarioContext.create(storage);
  beside = (await loadDriver())(storage.path, { timeout: 5_000 });
});

afterEach(async () => {
  beside.close();
  await context.dispose();
});

/** Adds jobs with 20 kB of input each. */
async function fill(jobs: number): Promise<void> {
  for (let added = 0; added < jobs; added += 100) await context.addMany(100, { input: `"${"x".repeat(20_000)}"` });
}

/** Of the log, in bytes. */
function length(): number {
  return statSync(`${storage.path}-wal`).size;
}

function pragma(name: string): number {
  const [row] = beside.prepare(`PRAGMA ${name}`).all() as Record<string, number>[];
  return Object.values(row ?? {})[0] ?? 0;
}

describe("after a peak of jobs", () => {
  it("sweeps give free pages back to the file system, a part at a time", async () => {
    await fill(600);
    const full = pragma("page_count");
    await context.engine.obliterate({ queue: MAIN, force: true });
    expect([full * 4_096 > 12 * MEGABYTE, pragma("page_count")]).toEqual([true, full]);

    const first = await context.sweep();
    expect(full - pragma("page_count")).toBeLessThanOrEqual(600);
    let sweeps = 1;
    for (let { more } = first; more; sweeps += 1) ({ more } = await context.sweep());

    expect(sweeps).toBeGreaterThan(3);
    expect(pragma("page_count") * 4_096).toBeLessThan(2 * MEGABYTE);
    beside.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    expect(statSync(storage.path).size).toBeLessThan(2 * MEGABYTE);
  });

  it("pages that the next peak needs are kept", async () => {
    await fill(100);
    const full = pragma("page_count");
    await context.engine.obliterate({ queue: MAIN, force: true });
    await fill(100);

    expect((await context.sweep()).more).toBe(false);
    expect(pragma("page_count")).toBeLessThanOrEqual(full + 10);
  });
});

describe("the write-ahead log", () => {
  it("grows while a reader stays, and is cut once it has gone", { timeout: 120_000 }, async () => {
    beside.exec("BEGIN; SELECT count(*) FROM jobs");
    await fill(2_400);
    expect(length()).toBeGreaterThan(40 * MEGABYTE);
    beside.exec("COMMIT");

    await expect
      .poll(async () => {
        await context.add();
        return length();
      })
      .toBeLessThanOrEqual(32 * MEGABYTE);
  });
});
