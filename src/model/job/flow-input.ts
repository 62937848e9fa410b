/** The input of a flow's job, as it is stored. */

/**
 * The stored input of a flow's job. The job's references list the results of members that the flow's result takes, as
 * the references of any job do for its input.
 */
export interface FlowInput {
  /** The input of the flow. */
  readonly input: unknown;
  /** The result of the flow, with `null` in the place of each reference to a member. */
  readonly result: unknown;
}

/** Is this the stored input of a flow's job? */
export function isFlowInput(value: unknown): value is FlowInput {
  return typeof value === "object" && value !== null && "input" in value && "result" in value;
}
