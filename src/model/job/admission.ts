/**
 * Where a job enters its queue: the first state and due time of a new one, and where a waiting one goes when it is let go or
 * gets another time. Pure decisions, shared by the memory and SQLite engines and mirrored by the Redis scripts (accept.lua,
 * amend.lua, links.lua).
 */
import type { JobSpec } from "./job.js";
import { FLOW_CREATION } from "./membership.js";
import type { JobState } from "./state.js";

/** When a job is due, epoch milliseconds: never in the past. */
export function dueAt(due: JobSpec["due"], now: number): number {
  return Math.max("at" in due ? due.at : now + due.in, now);
}

/** The state of a job that nothing blocks. */
export function readyState(runAt: number, now: number): "delayed" | "queued" {
  return runAt > now ? "delayed" : "queued";
}

/** The first state of a job. A flow is blocked until its members have ended. */
export function firstState(
  { hold, role, after }: Pick<JobSpec, "hold" | "role" | "after">,
  runAt: number,
  now: number,
): "blocked" | "delayed" | "queued" {
  return hold || role === "flow" || after.length > 0 ? "blocked" : readyState(runAt, now);
}

/** When a new job expires unless it has started; `null`: never. A flow expires unless its creation is complete by then. */
export function expiryOf({ role, ttl }: Pick<JobSpec, "role" | "ttl">, now: number): number | null {
  if (role === "flow") return now + FLOW_CREATION;
  return ttl === null ? null : now + ttl;
}

/**
 * What another time does to a waiting job: the state that it moves to, `kept` when it only gets the time, as a blocked one
 * does, or `unchanged`: a queued one that is to run now keeps its place.
 */
export function postponement(state: JobState, runAt: number, now: number): "delayed" | "queued" | "kept" | "unchanged" {
  if (state === "queued" && runAt === now) return "unchanged";
  return state === "blocked" ? "kept" : readyState(runAt, now);
}
