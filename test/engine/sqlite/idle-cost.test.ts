// What a worker at rest asks of its file, counted and not timed, over hours of injected time. How often it looks whether another
// process has changed the file is in real time, and held to in change-watch.test.ts: once a second.
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { attach, task, type Longshore } from "longshore";
import { Sql } from "../../../src/engine/sqlite/database/sql.js";
import { SqliteEngine } from "../../../src/engine/sqlite/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { sqliteStorage } from "./sqlite-storage.js";

const QUEUES = ["a", "b", "c", "d", "e"];
const HOURS = 3;
const STEP = 5_000;
/** Two sweeps a minute, each with some 16 statements for each of the queues, and a few for itself. */
const STATEMENTS_AN_HOUR = 120 * (5 * 20 + 20);
/** Two transactions a sweep lock the file, and one of a heartbeat each quarter of an hour. */
const LOCKS_AN_HOUR = 120 * 2 + 4 + 6;
/** Reads whether another process has changed the file, in real time. */
const LOOK = "PRAGMA data_version";

let storage: ReturnType<typeof sqliteStorage>;
let clock: ManualClock;
let longshore: Longshore;
let statements: string[];
// oxlint-disable-next-line typescript/unbound-method -- called with the object they are of
const { all, run } = Sql.prototype;

beforeEach(async () => {
  storage = sqliteStorage();
  clock = new ManualClock();
  statements = [];
  Sql.prototype.all = function (text, ...values) {
    if (text !== LOOK) statements.push(text);
    return all.call(this, text, ...values) as never;
  };
  Sql.prototype.run = function (text, ...values) {
    statements.push(text);
    return run.call(this, text, ...values);
  };
  const target = { engine: "sqlite", path: storage.path, durability: "normal", allowNetwork: false } as const;
  const engine = new SqliteEngine(target, { clock });
  await engine.open();
  longshore = attach(engine, { clock });
});

afterEach(async () => {
  await longshore.close();
  Object.assign(Sql.prototype, { all, run });
  await storage.dispose();
});

/** Lets hours pass, with everything that happens in them. */
async function pass(hours: number): Promise<void> {
  for (let passed = 0; passed < hours * 3_600_000; passed += STEP) {
    clock.advance(STEP);
    // A sweep takes several turns: each of its transactions is one.
    for (let turns = 0; turns < 12; turns += 1) await turn();
  }
}

it("a worker at rest on five queues sweeps twice a minute, and does nothing else", async () => {
  const work = task("work", () => "done");
  await longshore.worker([work], { queues: QUEUES }).ready();
  for (const queue of QUEUES) await (await longshore.enqueue(work, {}, { queue })).result();
  await pass(1);
  statements.length = 0;

  await pass(HOURS);

  const count = (begin: string): number => statements.filter((text) => text.startsWith(begin)).length;
  expect(statements.length).toBeGreaterThan(HOURS * 120);
  expect(statements.length).toBeLessThan(HOURS * STATEMENTS_AN_HOUR);
  expect(count("BEGIN IMMEDIATE")).toBeLessThan(HOURS * LOCKS_AN_HOUR);
  expect(await (await longshore.enqueue(work, {}, { queue: "c" })).result()).toBe("done");
});
