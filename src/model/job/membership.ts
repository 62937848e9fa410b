/**
 * The flow: jobs that begin together and end together. It is a job itself that no worker runs: created first, `blocked`
 * while its members are at work, ended by the engine when the last of them has ended.
 */
import { isSuccess, type DependencyRecord } from "./dependency.js";
import type { JobRef } from "./job-ref.js";
import type { Path } from "../value/path.js";

/** A member's place in its flow. */
export interface Membership extends JobRef {
  /** Its name in the flow. */
  readonly node: string;
  /** The node that added it while the flow ran; `null` for a member from the beginning. */
  readonly parent: string | null;
  /** Its share in the progress of the flow, relative to the others'. */
  readonly weight: number;
  /** `"fail"`: the flow fails when it does not succeed; `"continue"`: the flow is then partial. */
  readonly ifFailed: "fail" | "continue";
}

/** Where the input of a job takes a value from the result of a job it depends on. */
export interface InputReference {
  /** Where it goes; empty for the whole input. */
  readonly at: Path;
  readonly from: JobRef;
  /** Where it stands in the result. */
  readonly take: Path;
}

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

/** The most jobs a flow may have. */
export const MOST_MEMBERS = 10_000;

/**
 * A flow still incomplete this long (milliseconds) after its creation began is removed: the client that was creating it
 * is gone.
 */
export const FLOW_CREATION = 60_000;

/** The state of a flow whose members have all ended. */
export function flowEnd(members: readonly DependencyRecord[]): "completed" | "partial" | "failed" {
  let end: "completed" | "partial" = "completed";
  for (const { ifFailed: on, state } of members) {
    if (state === "completed") continue;
    if (state !== null && !isSuccess(state) && on !== "continue") return "failed";
    end = "partial";
  }
  return end;
}
