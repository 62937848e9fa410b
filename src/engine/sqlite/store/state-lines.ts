/**
 * Lines: where jobs stand. There is one for every state, numbered as the states are, and a second one, ten higher, for jobs
 * of a state that stand apart: queued suspects, and finished jobs that are not kept for the usual time, or as long as something depends on them.
 * Queued jobs that were declined stand in a third one, and suspects among them in a fourth. A move is so one change in one index.
 */
import { STATES, type JobState } from "../../../model/job/state.js";

/** How much higher the line of jobs that stand apart is. */
export const APART = 10;

/** How many lines there are. */
export const LINES = 4 * APART;

const numbers = new Map<JobState, number>(STATES.map((state, line) => [state, line]));

/** The number of a state's line. */
export function lineOf(state: JobState): number {
  return numbers.get(state) ?? 0;
}

/** The state of a job that stands in this line. */
export function stateOf(line: number): JobState {
  return STATES[line % APART] ?? "failed";
}

export const DELAYED = lineOf("delayed");
export const QUEUED = lineOf("queued");
export const SUSPECTS = QUEUED + APART;
export const ASIDE = QUEUED + 2 * APART;
export const ASIDE_SUSPECTS = QUEUED + 3 * APART;
export const ACTIVE = lineOf("active");
