/** What a worker measures of a run for the series: how long its job waited for a slot, and how long the run took. */
import type { Measured } from "../../engine/contract/worker/series.js";
import type { Run } from "./run.js";

/**
 * What is counted with the settlement of a run; `undefined` for one that says nothing of how its job ended. The engine knows when
 * the job became ready and was leased; how long the lease waited here for a slot, only the worker.
 */
export function measuredOf({ lease, outcome, leasedAt, startedAt, took }: Run): Measured | undefined {
  if (outcome?.kind !== "complete" && outcome?.kind !== "partial" && outcome?.kind !== "fail") return undefined;
  const waited = lease.leasedAt - lease.runAt + (startedAt - leasedAt);
  return { task: lease.body?.task ?? "", wait: Math.max(0, waited), run: Math.max(0, took) };
}
