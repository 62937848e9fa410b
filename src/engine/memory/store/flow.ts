/** How a flow ends: with the last of its members. */
import { flowEnd } from "../../../model/job/membership.js";
import { listDependencies } from "./dependencies.js";
import { finish } from "./transitions.js";
import type { MemoryJob } from "./job.js";
import type { MemoryQueue } from "./store.js";

/** Ends a flow if its members have all ended. */
export function completeFlow(queue: MemoryQueue, flow: MemoryJob, now: number): void {
  if (flow.open || flow.pendingDependencies > 0) return;
  finish(queue, flow, flowEnd(listDependencies(queue, flow.id)), "flow-end", now);
}
