/** Every scenario, in the order in which they are run and shown. */
import type { Scenario } from "../scenario.js";
import { addBulk, addConc, addSeq } from "./add.js";
import { backlog } from "./backlog.js";
import { bounds } from "./bounds.js";
import { idle } from "./idle.js";
import { live } from "./live.js";
import { memory } from "./memory.js";
import { pickup } from "./pickup.js";
import { recover } from "./recover.js";
import { retry } from "./retry.js";
import { runProcs } from "./run-procs.js";
import { search } from "./search.js";
import { seriesCost } from "./series-cost.js";
import { startup } from "./startup.js";
import { run1, run10, run100, run1k } from "./run.js";

export const SCENARIOS: readonly Scenario[] = [
  addSeq,
  addConc,
  addBulk,
  run1,
  run10,
  run100,
  run1k,
  runProcs,
  retry,
  pickup,
  backlog,
  memory,
  idle,
  recover,
  bounds,
  search,
  seriesCost,
  live,
  startup,
];

/** The scenario of this id. @throws Error when there is none */
export function scenarioNamed(id: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.id === id);
  if (found === undefined) throw new Error(`No scenario is called "${id}".`);
  return found;
}
