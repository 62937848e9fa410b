/**
 * Starting a flow, when all its members have joined. Only now it takes the place of the job that it supersedes: a creation that
 * was never complete leaves that alone.
 */
import type { CommitAnswer } from "../../contract/engine.js";
import { answerToCommit } from "../../shared/reactions.js";
import { completeFlow } from "../store/flow.js";
import { flowStage, type MemoryJob } from "../store/job.js";
import type { MemoryQueue } from "../store/store.js";
import { finish, markPending } from "../store/transitions.js";
import { claimKey, liveOwner } from "./enqueue.js";
import { predecessor, supersede, type Supersession } from "./supersede.js";

/** Starts a flow. */
export function commitFlow(
  queue: MemoryQueue | undefined,
  id: string,
  members: number,
  supersession: Supersession,
): CommitAnswer {
  const flow = queue?.jobs.get(id);
  if (queue === undefined || flow === undefined) return "missing";
  const { state } = flow;
  const answer = answerToCommit(
    { state, flow: flowStage(flow), dependencies: queue.dependencies.get(id)?.size ?? 0 },
    members,
  );
  if (answer !== "begins") return answer;
  const { now } = supersession;
  flow.expireAt = null;
  if (!takePlace(queue, flow, supersession)) {
    finish(queue, flow, "cancelled", "cancel", now);
    return "ended";
  }
  flow.open = false;
  markPending(queue, id);
  completeFlow(queue, flow, now);
  return "committed";
}

/**
 * Supersedes the job before a flow, and takes the unique key that this one had. Returns false, and changes nothing, when another
 * job has taken the key meanwhile.
 */
function takePlace(queue: MemoryQueue, flow: MemoryJob, supersession: Supersession): boolean {
  const { unique, supersedes } = flow.spec;
  if (supersedes === null) return true;
  const owner = unique === null ? null : liveOwner(queue, unique.key, supersession.now);
  const before = predecessor(queue, flow.spec);
  if (owner !== null && owner !== flow && owner !== before) return false;
  if (before !== null) supersede(queue, before, supersession);
  queue.latest.set(supersedes, flow.id);
  if (owner !== flow) claimKey(queue, flow, supersession.now);
  return true;
}
