/** What came of a bulk job, counted while it goes on. */
import type { ControlAnswer } from "../../engine/contract/engine.js";
import type { JobRef } from "../../model/job/job.js";
import type { JobState } from "../../model/job/state.js";

/** How many refusals are listed one by one. */
export const MOST_REFUSALS = 20;

/** Why nothing was done to a job. */
export type BulkRefusal = Exclude<ControlAnswer["outcome"], "applied">;

/** A job to which nothing was done. */
export interface RefusedJob {
  readonly queue: string;
  readonly id: string;
  /** `missing`: it was gone; `wrong-state`: it had moved on; `conflict`: another job has its unique key. */
  readonly outcome: BulkRefusal;
  /** The state it was in; `null` when it was gone. */
  readonly state: JobState | null;
}

/** The result of a bulk job. */
export interface BulkResult {
  /** How many jobs matched. */
  readonly matched: number;
  /** To how many of them it was done. */
  readonly applied: number;
  /** To how many it could not be done, by cause. */
  readonly refused: { readonly [Outcome in BulkRefusal]?: number };
  /** The first 20 of these. */
  readonly firstRefusals: readonly RefusedJob[];
}

export const NOTHING_DONE: BulkResult = { matched: 0, applied: 0, refused: {}, firstRefusals: [] };

/** With the answers to one more command. */
export function withAnswers(
  result: BulkResult,
  refs: readonly JobRef[],
  answers: readonly Pick<ControlAnswer, "outcome" | "state">[],
): BulkResult {
  let { applied } = result;
  const refused = { ...result.refused };
  const firstRefusals = [...result.firstRefusals];
  for (const [index, { outcome, state }] of answers.entries()) {
    const ref = refs[index];
    if (outcome === "applied") {
      applied += 1;
    } else if (ref !== undefined) {
      refused[outcome] = (refused[outcome] ?? 0) + 1;
      if (firstRefusals.length < MOST_REFUSALS) firstRefusals.push({ queue: ref.queue, id: ref.id, outcome, state });
    }
  }
  return { matched: result.matched + refs.length, applied, refused, firstRefusals };
}
