/**
 * Scenarios: one behaviour each, with an id that never changes, so that a failure on any engine can be named and found
 * in the text. The id is the group and a slug that the scenario carries itself, wherever it stands among the others.
 */
import { ScenarioContext } from "./scenario-context.js";
import type { Capability, TestSetup } from "./storage.js";

/** One behaviour that every engine has. */
export interface Scenario {
  /** The group and a slug: `"enqueue/past-time-is-now"`. */
  readonly id: string;
  /** The behaviour, as a sentence. */
  readonly title: string;
  readonly needs?: Capability;
  /** Rejects with an `AssertionError` when the engine behaves otherwise. */
  run(context: ScenarioContext): Promise<void>;
}

/** The scenarios about one subject. */
export interface ScenarioGroup {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
}

type Slug = `${string}-${string}`;

type Row =
  | readonly [slug: Slug, title: string, run: Scenario["run"]]
  | readonly [slug: Slug, title: string, run: Scenario["run"], needs: Capability];

/** Two to six words of small letters and digits. */
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+){1,5}$/;

/**
 * Names the scenarios of a group.
 * @throws TypeError for a slug that is malformed or there twice
 */
export function scenarios(name: string, rows: readonly Row[]): ScenarioGroup {
  const slugs = new Set<string>();
  for (const [slug, title] of rows) {
    if (!SLUG.test(slug)) {
      throw new TypeError(`${name}/${slug} ("${title}"): a slug is two to six words in kebab-case`);
    }
    if (slugs.has(slug)) throw new TypeError(`${name}/${slug} ("${title}"): another scenario has this slug`);
    slugs.add(slug);
  }
  return {
    name,
    scenarios: rows.map(([slug, title, run, needs]) => ({
      id: `${name}/${slug}`,
      title,
      run,
      ...(needs === undefined ? {} : { needs }),
    })),
  };
}

/**
 * One group of each name, with the scenarios of all files that have some of it.
 * @throws TypeError for a slug that two files of a group have
 */
export function joinGroups(parts: readonly ScenarioGroup[]): ScenarioGroup[] {
  const byName = new Map<string, Scenario[]>();
  for (const { name, scenarios } of parts) {
    const joined = byName.get(name) ?? [];
    for (const scenario of scenarios) {
      if (joined.some(({ id }) => id === scenario.id)) {
        throw new TypeError(`${scenario.id} ("${scenario.title}"): another scenario has this slug`);
      }
    }
    byName.set(name, [...joined, ...scenarios]);
  }
  return [...byName].map(([name, scenarios]) => ({ name, scenarios }));
}

/** Runs one scenario on fresh storage. */
export async function runScenario(scenario: Scenario, setup: TestSetup): Promise<void> {
  const context = await ScenarioContext.create(await setup.create());
  try {
    await scenario.run(context);
  } finally {
    await context.dispose();
  }
}
