/** How a flow ends: with the last of its members. */
import { flowEnd } from "../../../model/job/membership.js";
import type { Job } from "./job/job.js";
import { finish } from "./transitions.js";
import type { SqliteQueue } from "./queue/queue.js";
import { dependencyKinds, type LinkState } from "./job/dependencies.js";
import type { Transaction } from "./transaction.js";

/** Ends a flow if its members have all ended. The caller writes the run record back. */
export function completeFlow(transaction: Transaction, queue: SqliteQueue, job: Job, links: LinkState): void {
  if (links.flow === "open" || links.pending > 0) return;
  finish(transaction, queue, job, flowEnd(dependencyKinds(transaction.sql, job.job)), "flow-end");
}
