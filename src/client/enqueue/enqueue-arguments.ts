/** The arguments of enqueueing. */
import type { InputArguments } from "../../define/input-arguments.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { isJobOption } from "../../model/options/options.js";
import type { EnqueueOptions } from "./job-spec.js";

/** The arguments after the task or flow in a call of `enqueue`: the input may be left out where it takes none. */
export type EnqueueArguments<Input, Options = EnqueueOptions> = InputArguments<Input, Options>;

/** The options of many jobs: common ones, and those of single jobs. */
export interface ManyOptions<Input = unknown> extends EnqueueOptions {
  /**
   * The options of one job, by its input and its place in the list; they take precedence over the common ones: tags add
   * up, `undefined` changes nothing. Called once for each input, before the first job is sent, and must be synchronous.
   * @example { tags: ["batch:7"], each: ({ url }, index) => ({ id: `scan-${index}`, priority: url.length }) }
   */
  each?: (input: Input, index: number) => EnqueueOptions | undefined;
}

/** A checked call of `enqueueMany`, as far as it can be checked without the task. */
export interface ManyCall {
  readonly inputs: readonly unknown[];
  /** The options of all jobs. */
  readonly all: EnqueueOptions | undefined;
  /**
   * The options of one of them; `undefined`: none of its own. @throws InvalidInput, what the caller's function throws
   */
  readonly own: (input: unknown, index: number) => EnqueueOptions | undefined;
}

/**
 * Reads the arguments of `enqueueMany`.
 * @param checked has the task a schema for its input?
 * @throws InvalidInput
 */
export function parseMany(inputs: unknown, options: unknown, checked: boolean): ManyCall {
  if (!Array.isArray(inputs)) throw new InvalidInput("inputs", inputs, "a list of inputs");
  if (options === undefined) return { inputs, all: undefined, own: checked ? none : refuseMistaken };
  const { each, ...all } = objectOf("options", options);
  if (each !== undefined && typeof each !== "function") {
    throw new InvalidInput("each", each, "a function of (input, index) that answers options");
  }
  // Of many jobs with the same one of these only one would be made, or run.
  for (const key of ["id", "supersedes"]) {
    if (all[key] === undefined || inputs.length < 2) continue;
    throw new InvalidInput(key, all[key], "not for many jobs: give each its own, by the option each");
  }
  if (each === undefined) return { inputs, all, own: checked ? none : refuseMistaken };
  const own = (input: unknown, index: number): EnqueueOptions | undefined => {
    const options: unknown = Reflect.apply(each, undefined, [input, index]);
    return options === undefined ? undefined : objectOf(`each(inputs[${index}])`, options);
  };
  return { inputs, all, own };
}

const none = (): undefined => undefined;

/**
 * Refuses an input that looks like `{ input, options }`, because both readings could be wrong: taken as the input, its
 * options would be lost silently; taken apart, the input would be changed.
 */
function refuseMistaken(input: unknown, index: number): undefined {
  if (typeof input !== "object" || input === null || !("input" in input) || !("options" in input)) return;
  const { options } = input;
  if (Object.keys(input).length !== 2 || typeof options !== "object" || options === null) return;
  const keys = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (keys.length === 0 || !keys.every((key) => isJobOption(key) || BESIDE.includes(key))) return;
  const rule =
    "options of single jobs are given by the option each: (input, index) => options; if this is the input, give each too";
  throw new InvalidInput(`inputs[${index}]`, input, rule);
}

const BESIDE = ["queue", "after", "ifFailed"];

function objectOf(field: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !("then" in value)) return { ...value };
  throw new InvalidInput(field, value, "an object of options");
}
