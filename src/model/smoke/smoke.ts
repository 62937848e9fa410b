/** The built-in task that every worker knows, for a job that shows that jobs get through. */
import { BUILT_IN } from "../flow/each.js";

export const SMOKE_TASK = `${BUILT_IN}smoke`;

/** Its result: who ran it. */
export interface SmokeRun {
  readonly host: string;
  readonly pid: number;
  /** The version of Longshore. */
  readonly longshore: string;
}
