// What the death of its worker makes of a job, by how many workers died with it before.
import type { JobState } from "../../../src/model/job/state.js";

export interface CrashCase {
  readonly before: number;
  readonly state: JobState;
  /** Does a worker lease it with no other such job beside it? */
  readonly suspect: boolean;
}

export const CRASH_CASES: readonly CrashCase[] = [
  { before: 0, state: "queued", suspect: false },
  { before: 1, state: "queued", suspect: true },
  { before: 2, state: "failed", suspect: false },
];
