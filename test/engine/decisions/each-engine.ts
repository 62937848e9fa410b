// The three engines, each with an empty storage for the tests of a file. Tests name queues of their own.
import { afterAll, beforeAll, describe, inject } from "vitest";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ScenarioContext, type TestStorage } from "../../../src/engine/testkit/index.js";
import { RedisBackdoor, redisStorage } from "../redis/redis-storage.js";
import { sqliteStorage } from "../sqlite/sqlite-storage.js";

/** Describes what holds on every engine; `context()` is there while a test runs. */
export function onEachEngine(what: string, tests: (context: () => ScenarioContext) => void): void {
  const where = { url: inject("redisUrl") };
  const backdoor = new RedisBackdoor(where);
  afterAll(() => backdoor.close());
  const engines: readonly (readonly [string, () => TestStorage])[] = [
    ["memory", () => ({ connect: (clock) => new MemoryEngine({ clock }), dispose: () => {} })],
    ["SQLite", () => sqliteStorage()],
    ["Redis", () => redisStorage(where, backdoor)],
  ];
  describe.each(engines)(`${what}, %s`, (_name, storage) => {
    let context: ScenarioContext | null = null;
    beforeAll(async () => {
      context = await ScenarioContext.create(storage());
    });
    afterAll(() => context?.dispose());
    tests(() => {
      if (context === null) throw new Error("no test runs");
      return context;
    });
  });
}
