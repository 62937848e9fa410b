/** The input of a flow's job, as it is stored. */

/**
 * What is stored as the input of a flow's job. Its references say what the result takes from the results of members, as those
 * of any job do for its input.
 */
export interface FlowInput {
  /** What the flow was given. */
  readonly input: unknown;
  /** Its result, with `null` where it takes something from a member. */
  readonly result: unknown;
}

/** Is this what is stored as the input of a flow's job? */
export function isFlowInput(value: unknown): value is FlowInput {
  return typeof value === "object" && value !== null && "input" in value && "result" in value;
}
