/** A flow: starts when all its members have joined, and ends when the last of them has ended. */
import { flowEnd } from "../../../model/job/membership.js";
import type { CommitAnswer } from "../../contract/engine.js";
import { answerToCommit } from "../../shared/reactions.js";
import { listDependencies } from "./dependencies.js";
import { finish, markPending } from "./transitions.js";
import { flowStage, type MemoryJob } from "./job.js";
import type { MemoryQueue } from "./store.js";

/** Starts a flow. */
export function commitFlow(queue: MemoryQueue | undefined, id: string, members: number, now: number): CommitAnswer {
  const flow = queue?.jobs.get(id);
  if (queue === undefined || flow === undefined) return "missing";
  const { state } = flow;
  const answer = answerToCommit(
    { state, flow: flowStage(flow), dependencies: queue.dependencies.get(id)?.size ?? 0 },
    members,
  );
  if (answer !== "begins") return answer;
  flow.open = false;
  flow.expireAt = null;
  markPending(queue, id);
  completeFlow(queue, flow, now);
  return "committed";
}

/** Ends a flow if its members have all ended. */
export function completeFlow(queue: MemoryQueue, flow: MemoryJob, now: number): void {
  if (flow.open || flow.pendingDependencies > 0) return;
  finish(queue, flow, flowEnd(listDependencies(queue, flow.id)), "flow-end", now);
}
