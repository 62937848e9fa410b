/**
 * Scenarios: one behaviour each, with an id that never changes, so that a failure on somebody's engine can be named. The id
 * is the group and the place in it: new scenarios go to the end of their group.
 */
import { Kit } from "./kit.js";
import type { Capability, TestSetup } from "./storage.js";

/** One behaviour that every engine has. */
export interface Scenario {
  /** The group and the place in it: `"enqueue-03"`. */
  readonly id: string;
  /** What holds, as a sentence. */
  readonly title: string;
  readonly needs?: Capability;
  /** Rejects with an `AssertionError` when it does not hold. */
  run(kit: Kit): Promise<void>;
}

/** The scenarios about one noun. */
export interface ScenarioGroup {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
}

type Row =
  | readonly [title: string, run: Scenario["run"]]
  | readonly [title: string, run: Scenario["run"], needs: Capability];

/** Numbers the scenarios of a group. */
export function scenarios(name: string, rows: readonly Row[]): ScenarioGroup {
  return {
    name,
    scenarios: rows.map(([title, run, needs], index) => ({
      id: `${name}-${String(index + 1).padStart(2, "0")}`,
      title,
      run,
      ...(needs === undefined ? {} : { needs }),
    })),
  };
}

/** Runs one scenario on fresh storage. */
export async function runScenario(scenario: Scenario, setup: TestSetup): Promise<void> {
  const kit = await Kit.create(await setup.create());
  try {
    await scenario.run(kit);
  } finally {
    await kit.dispose();
  }
}
