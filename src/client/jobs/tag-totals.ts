/** The totals of a tag: counts of the jobs of a user, a project or a run. */
import type { StateCounts } from "../../engine/contract/engine.js";
import { isTerminal, STATES } from "../../model/job/state.js";

/** How many jobs with a tag there are. */
export interface TagTotals {
  readonly total: number;
  /** Ended well: `completed` and `partial`. */
  readonly completed: number;
  /** Ended otherwise: `failed`, `cancelled`, `superseded`, `expired`. */
  readonly failed: number;
  /** Not ended. */
  readonly inProgress: number;
  readonly states: StateCounts;
}

/** Adds up counts per state. */
export function tagTotals(states: StateCounts): TagTotals {
  const total = STATES.reduce((sum, state) => sum + states[state], 0);
  const ended = STATES.filter((state) => isTerminal(state)).reduce((sum, state) => sum + states[state], 0);
  const completed = states.completed + states.partial;
  return { total, completed, failed: ended - completed, inProgress: total - ended, states };
}
