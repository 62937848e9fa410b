/**
 * Unique keys, the decisions: which job owns a key now, and what a second job meets there. Pure functions, shared by the memory and
 * SQLite engines and mirrored by the Redis scripts (unique.lua, accept.lua).
 */
import type { JobSpec } from "../../model/job/job.js";
import { isTerminal, isWaiting, type JobState } from "../../model/job/state.js";
import type { Unique } from "../../model/job/unique.js";

/** The job that took a key last. Times are epoch milliseconds. */
export interface KeyEntry {
  readonly state: JobState;
  /** The exchange that leased it last; 0: it has not run yet. */
  readonly epoch: number;
  /** When it expires unless it has started; `null`: never, or it has started. */
  readonly expireAt: number | null;
  /** Until when the key is taken whatever happens to the job; `null`: until it has started or finished. */
  readonly takenUntil: number | null;
  readonly untilStarted: boolean;
}

/**
 * Does the job still own its key? `expired`: the job is past its ttl, and is to be expired now as the next sweep would, which
 * frees the key.
 */
export function keyOwnership(
  { state, epoch, expireAt, takenUntil, untilStarted }: KeyEntry,
  now: number,
): "owned" | "free" | "expired" {
  if (takenUntil !== null) return takenUntil > now ? "owned" : "free";
  if (expireAt !== null && expireAt <= now) return "expired";
  return !isTerminal(state) && (!untilStarted || epoch === 0) ? "owned" : "free";
}

/** The owner of a key, as a second job finds it. Times are epoch milliseconds. */
export interface KeyOwner {
  readonly state: JobState;
  readonly createdAt: number;
  readonly expireAt: number | null;
}

/** What becomes of a job whose key another one owns. */
export type Conflict =
  | { readonly outcome: "joined" | "rejected" }
  /** The owner gets its input; `expireAt` and `runAt`: another time, where they are not `null`. */
  | { readonly outcome: "replaced"; readonly expireAt: number | null; readonly runAt: number | null };

/** Decides what a job meets at the owner of its key. Only a job that waits can be replaced; others are joined. */
export function meetOwner(
  owner: KeyOwner,
  { ttl }: Pick<JobSpec, "ttl">,
  { onConflict, debounce }: Pick<Unique, "onConflict" | "debounce">,
  now: number,
): Conflict {
  if (onConflict === "reject") return { outcome: "rejected" };
  if (onConflict === "join" || !isWaiting(owner.state)) return { outcome: "joined" };
  return {
    outcome: "replaced",
    // Each request means: if not started within the ttl of mine.
    expireAt: owner.expireAt === null || ttl === null ? null : now + ttl,
    runAt: debounce === undefined || owner.state === "queued" ? null : quietUntil(owner, debounce, now),
  };
}

function quietUntil({ createdAt }: KeyOwner, { wait, most }: NonNullable<Unique["debounce"]>, now: number): number {
  return most === null ? now + wait : Math.min(now + wait, createdAt + most);
}
