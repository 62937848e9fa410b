/** Running no-op jobs from a backlog with one worker, at several concurrencies and with larger inputs and results. */
import { drain } from "../drain.js";
import type { Scenario } from "../scenario.js";
import type { Behaviour } from "../system.js";

export const run1 = running("run-1", 1, "noop");
export const run10 = running("run-10", 10, "noop");
export const run100 = running("run-100", 100, "noop");
export const run1k = running("run-1k", 100, "kilobyte");

function running(id: string, concurrency: number, behaviour: Behaviour): Scenario {
  const size = behaviour === "kilobyte" ? ", 1 KB of input and of result" : "";
  return {
    id,
    what: `runs a backlog of no-op jobs, concurrency ${concurrency}${size}`,
    measures: [{ name: id, unit: "jobs/s", better: "more" }],
    round: async (context) => ({ [id]: await drain(context, { concurrency, behaviour }) }),
  };
}
