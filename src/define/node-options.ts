/** The options of a node: those of its job, and its place in the flow. */
import { parsePolicy } from "../model/options/after.js";
import type { DependencyPolicy } from "../model/job/dependency.js";
import { InvalidInput } from "../model/errors/errors.js";
import { parseName } from "../model/value/name.js";
import type { JobOptions } from "../model/options/options.js";
import { parseFlag } from "../model/value/scalar.js";
import { parseWeight } from "../model/job/report/step-plan.js";
import type { Ref } from "./flow-reference.js";

/**
 * The options of a node: those of a job but `id`, `hold`, `unique` and `supersedes`, which belong to the flow. `delay`
 * and `ttl` count from the creation of the flow.
 */
export interface NodeOptions extends Omit<JobOptions, "id" | "hold" | "unique" | "supersedes"> {
  /**
   * Its name in its flow: 1 to 100 of `A-Z a-z 0-9 _ . : -`. Default: the name of its task, numbered when it is
   * repeated.
   */
  name?: string;
  /** Another queue than the task's. */
  queue?: string;
  /** Nodes it waits for without taking anything from them: the references that `$` returned, or their names. */
  after?: readonly (Ref<unknown> | string)[];
  /**
   * What happens to it when one of its dependencies does not succeed. Default: `"continue"` for optional ones, `"fail"`
   * for the others.
   */
  ifFailed?: DependencyPolicy;
  /** Its share in the progress of the flow, relative to the others'. Default: 1. */
  weight?: number;
}

/** The options of a node that may fail. */
export interface OptionalNodeOptions extends NodeOptions {
  /**
   * May it fail without failing the flow? The flow is then `partial`, dependents of the node run all the same, and a
   * reference to it resolves to `null`.
   */
  optional: boolean;
}

/** The options of a node that must succeed. */
export interface RequiredNodeOptions extends NodeOptions {
  optional?: false;
}

/** The checked options of a node; those of its job are left unchecked in `job`. */
export interface ParsedNodeOptions {
  readonly name: string | null;
  readonly after: readonly unknown[];
  readonly ifFailed: DependencyPolicy | null;
  readonly optional: boolean;
  readonly weight: number;
  /** The options of its job, and its queue: checked when the job is made. */
  readonly job: JobOptions & { queue?: string };
}

const REFUSED = {
  id: "not for a node: its job gets an id of its own; give the flow one",
  hold: "not for a node: the jobs of a flow are held until it is complete, and then run in their order",
  unique: "not for a node: another job would stand for it that does not belong to the flow; give it to the flow",
  supersedes: "not for a node: it would end jobs of other flows, and these with them; give it to the flow",
};

/** Checks the options of a node, but for those of its job. @throws InvalidInput */
export function parseNodeOptions(given: unknown): ParsedNodeOptions {
  if (given !== undefined && (typeof given !== "object" || given === null || Array.isArray(given))) {
    throw new InvalidInput("options", given, "an object of options");
  }
  const defined = Object.entries({ ...given }).filter(([, value]) => value !== undefined);
  const options: Record<string, unknown> = Object.fromEntries(defined);
  for (const [key, rule] of Object.entries(REFUSED)) {
    if (options[key] !== undefined) throw new InvalidInput(key, options[key], rule);
  }
  const { name, after, ifFailed, optional, weight, ...job } = options;
  if (after !== undefined && !Array.isArray(after)) {
    throw new InvalidInput("after", after, "a list of nodes: what $ answered, or their names");
  }
  return {
    name: name === undefined ? null : parseName("name", name),
    after: after ?? [],
    ifFailed: parsePolicy("ifFailed", ifFailed),
    optional: optional === undefined ? false : parseFlag("optional", optional),
    weight: weight === undefined ? 1 : parseWeight("weight", weight),
    job,
  };
}
