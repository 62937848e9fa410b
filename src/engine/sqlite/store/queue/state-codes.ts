/**
 * State codes: the number under which a job is in the index of positions. Every state has one, numbered as the states are. A
 * second one, ten higher, is for queued suspects, and for ended jobs that are retained or kept for another than the default
 * age. Queued jobs that were declined have a third one, and suspects among them a fourth. So a move is one change in one index.
 */
import { isTerminal, STATES, type JobState } from "../../../../model/job/state.js";

/** How much higher the second code of a state is. */
export const SECONDARY = 10;

/** How many codes there are. */
export const STATE_CODES = 4 * SECONDARY;

const numbers = new Map<JobState, number>(STATES.map((state, code) => [state, code]));

/** The first code of a state. */
export function codeOf(state: JobState): number {
  return numbers.get(state) ?? 0;
}

/** The state of a job with this code. */
export function stateOf(code: number): JobState {
  return STATES[code % SECONDARY] ?? "failed";
}

export const DELAYED = codeOf("delayed");
export const QUEUED = codeOf("queued");
export const SUSPECTS = QUEUED + SECONDARY;
export const ASIDE = QUEUED + 2 * SECONDARY;
export const ASIDE_SUSPECTS = QUEUED + 3 * SECONDARY;
export const ACTIVE = codeOf("active");

/** The codes of a state, those that no job can have left out. */
export function codesOf(state: JobState): readonly number[] {
  if (state === "queued") return [QUEUED, SUSPECTS, ASIDE, ASIDE_SUSPECTS];
  return isTerminal(state) ? [codeOf(state), codeOf(state) + SECONDARY] : [codeOf(state)];
}

/** Are the positions of jobs with this code unique? Then they have no tiebreak. */
export function hasUniquePositions(code: number): boolean {
  return code === QUEUED || isTerminal(stateOf(code));
}
