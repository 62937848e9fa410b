/** Failure groups in the memory engine. */
import { describe, expect, it } from "vitest";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { runScenario } from "../../src/engine/testkit/context/scenario.js";
import { failureGroups } from "../../src/engine/testkit/scenarios/failure/groups.js";
import { failureGroupStates } from "../../src/engine/testkit/scenarios/failure/group-states.js";
import { keptFailureGroups } from "../../src/engine/testkit/scenarios/failure/kept-groups.js";

describe("failure groups in memory", () => {
  for (const { scenarios } of [failureGroups, failureGroupStates, keptFailureGroups]) {
    for (const scenario of scenarios) {
      it(`${scenario.id}: ${scenario.title}`, async () => {
        let engine: MemoryEngine | null = null;
        const run = runScenario(scenario, {
          capabilities: [],
          create: () => ({ connect: (clock) => (engine ??= new MemoryEngine({ clock })), dispose: () => {} }),
        });
        await expect(run).resolves.toBeUndefined();
      });
    }
  }
});
