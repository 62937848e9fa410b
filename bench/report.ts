/** The results of a run: the machine, all settings, and for every measure its median, range and ratios. */
import type { Machine } from "./machine.js";
import type { Sample } from "./measurement.js";
import { CEILINGS, PEER, UNSAVED, type Cell, type Skip } from "./plan.js";
import type { Measure } from "./scenario.js";
import { ratioOf, summarise } from "./statistics.js";

export interface Result {
  readonly system: string;
  /** The name of a measure; a scenario has one or several. */
  readonly scenario: string;
  readonly durability: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly unit: Measure["unit"];
  readonly better: Measure["better"];
  readonly rounds: number;
  /** In each round. */
  readonly jobs: number;
  /** This system's median over bullmq's; `null` when there is none. Below 1 is better where less is. */
  readonly ratioToBullmq: number | null;
  readonly ratioToCeiling: number | null;
}

export interface SystemSettings {
  readonly name: string;
  readonly version: string;
  readonly settings: string;
  readonly durability: readonly string[];
}

export interface ScenarioSettings {
  readonly id: string;
  readonly what: string;
  /** The names of its measures, which results go by. */
  readonly measures: readonly string[];
}

export interface Settings {
  readonly date: string;
  readonly quick: boolean;
  /** How rounds are made, in words. */
  readonly method: string;
  readonly systems: readonly SystemSettings[];
  readonly scenarios: readonly ScenarioSettings[];
}

export interface Report {
  readonly machine: Machine;
  readonly settings: Settings;
  readonly results: readonly Result[];
  readonly skipped: readonly Skip[];
}

/** The results of samples. Ratios are between medians of the same measure in the same run. */
export function resultsOf(samples: readonly Sample[]): Result[] {
  const medians = new Map<string, number>();
  const plain = samples.flatMap(({ cell, scenario, jobs, values }) =>
    scenario.measures.flatMap(({ name, unit, better }) => {
      const measured = values.get(name);
      if (measured === undefined) return [];
      const summary = summarise(measured);
      medians.set(keyOf(cell.system, cell.durability, name), summary.median);
      return [{ cell, row: { scenario: name, ...summary, unit, better, jobs } }];
    }),
  );
  return plain.map(({ cell, row }) => {
    const { median, min, max, unit, better, rounds, jobs, scenario } = row;
    const ratioTo = (system: string | undefined): number | null =>
      ratioOf(median, medians.get(keyOf(system ?? "", comparable(cell, system), scenario)));
    return {
      system: cell.system,
      scenario,
      durability: cell.durability,
      median,
      min,
      max,
      unit,
      better,
      rounds,
      jobs,
      ratioToBullmq: ratioTo(PEER),
      ratioToCeiling: ratioTo(CEILINGS[cell.store]),
    };
  });
}

/** On Redis only the same durability is compared; a system elsewhere is compared with the fastest there is. */
function comparable({ store, durability }: Cell, other: string | undefined): string {
  if (store === "redis") return durability;
  return other === CEILINGS.sqlite ? "normal" : UNSAVED;
}

function keyOf(system: string, durability: string, measure: string): string {
  return `${system}/${durability}/${measure}`;
}
