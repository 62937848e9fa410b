/** Failure groups on the engines that have them. */
import { describe, expect, it } from "vitest";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { runScenario } from "../../src/engine/testkit/context/scenario.js";
import type { TestStorage } from "../../src/engine/testkit/context/storage.js";
import { failureGroups } from "../../src/engine/testkit/scenarios/failure/groups.js";
import { failureGroupStates } from "../../src/engine/testkit/scenarios/failure/group-states.js";
import { keptFailureGroups } from "../../src/engine/testkit/scenarios/failure/kept-groups.js";
import { sqliteStorage } from "./sqlite/sqlite-storage.js";

function memoryStorage(): TestStorage {
  let engine: MemoryEngine | null = null;
  return { connect: (clock) => (engine ??= new MemoryEngine({ clock })), dispose: () => {} };
}

describe.each([
  ["memory", memoryStorage],
  ["SQLite", sqliteStorage],
] as const)("failure groups on %s", (_engine, create) => {
  for (const { scenarios } of [failureGroups, failureGroupStates, keptFailureGroups]) {
    for (const scenario of scenarios) {
      it(`${scenario.id}: ${scenario.title}`, async () => {
        await expect(runScenario(scenario, { capabilities: [], create: () => create() })).resolves.toBeUndefined();
      });
    }
  }
});
