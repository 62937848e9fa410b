/**
 * The conformance suite: all scenarios, and a function that registers them with a test runner. An engine that
 * passes them all can take the place of any other.
 */
import { runScenario, type ScenarioGroup } from "./context/scenario.js";
import { GROUPS } from "./scenarios/index.js";
import type { TestSetup } from "./context/storage.js";

/** All scenarios, in groups by their subject. */
export const CONFORMANCE: readonly ScenarioGroup[] = GROUPS;

/** The functions of a test runner that registering takes; those of Vitest, Jest and `node:test` fit. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/**
 * Registers every scenario with a test runner.
 * @example
 * import { describe, it } from "node:test";
 * runConformance({ describe, it }, { capabilities: [], create: () => new MyStorage() });
 */
export function runConformance({ describe, it }: TestRunner, setup: TestSetup): void {
  for (const { name, scenarios } of CONFORMANCE) {
    const fitting = scenarios.filter(({ needs }) => needs === undefined || setup.capabilities.includes(needs));
    if (fitting.length === 0) continue;
    describe(name, () => {
      for (const scenario of fitting) it(`${scenario.id} ${scenario.title}`, () => runScenario(scenario, setup));
    });
  }
}
