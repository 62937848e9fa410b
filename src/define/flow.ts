/**
 * A flow as a value: a name, and a function that lists its jobs and what each takes from the results of others.
 * Importing one connects to nothing; the function runs each time the flow is enqueued.
 */
import { InvalidInput } from "../model/errors/errors.js";
import { parseName, parseOwnName } from "../model/value/name.js";
import { checkDefaults, type JobDefaults } from "../model/options/options.js";
import type { InputArguments, MissingInput } from "./input-arguments.js";
import type { SchemaInput, SchemaOutput, StandardSchema } from "./schema.js";
import type { Stored } from "./stored.js";
import type { Task } from "./task.js";
import type { RequiredNodeOptions, NodeOptions, OptionalNodeOptions } from "./node-options.js";
import type { Resolved, WithRefs, Reference, Ref } from "./flow-reference.js";

/** The options of a flow. They hold each time it is enqueued, unless the call says otherwise. */
export interface FlowOptions extends Pick<JobDefaults, "keep"> {
  /**
   * The queue of the flow's own job, which no worker runs; the workers of that queue do the flow's upkeep. Default: the
   * queue of its first node.
   */
  queue?: string;
  /** Labels such as `"user:42"`, of the flow and of all its jobs. */
  tags?: readonly string[];
}

/** The arguments after the task in a call of `$`: the input may be left out where the task takes none. */
export type NodeArguments<Input, Options = RequiredNodeOptions> = InputArguments<Input, Options, WithRefs<Input>>;

/** The builder of a flow: each call adds a node and returns a reference to its result. */
export interface FlowBuilder<Input = unknown> {
  /** The input of the flow: the value itself, not a reference. */
  readonly input: Input;

  /**
   * Adds a node: a job of this task. It waits for every node that its input takes something from.
   * @throws InvalidInput for a wrong option, a name that is taken, or a reference of another flow
   * @example const page = $(fetchPage, { url: $.input.url }, { attempts: 5 });
   * @example const list = $(parse, { html: page.html }, { optional: true }); // may fail; what takes from it gets null
   */
  (task: string, input?: unknown, options?: NodeOptions & { optional?: boolean }): Reference<unknown>;
  <In, Result>(
    task: Task<In, Result, never>,
    input: WithRefs<NoInfer<In>>,
    options: OptionalNodeOptions,
  ): Reference<Stored<Result> | null>;
  (task: MissingInput): never;
  <In, Result>(task: Task<In, Result, never>, ...args: NodeArguments<NoInfer<In>>): Reference<Stored<Result>>;

  /**
   * Adds a job of this task for every item of a list that is known only when the flow runs, and answers the list of their
   * results, in order; `null` where one did not succeed. The node is `partial` when some of them fail, and fails when all do.
   * @param list taken from the result of another node
   * @param input makes the input of a job from a reference to its item
   * @throws InvalidInput as for a node
   * @example const pages = $.each(fetchPage, list.urls, (url) => ({ url }), { attempts: 2 });
   */
  each<In, Result, Item>(
    task: Task<In, Result, never>,
    list: Ref<readonly Item[]>,
    input: (item: Reference<Item>) => WithRefs<NoInfer<In>>,
    options?: RequiredNodeOptions,
  ): Reference<(Stored<Result> | null)[]>;
  each<In, Result, Item>(
    task: Task<In, Result, never>,
    list: Ref<readonly Item[]>,
    input: (item: Reference<Item>) => WithRefs<NoInfer<In>>,
    options: OptionalNodeOptions,
  ): Reference<(Stored<Result> | null)[] | null>;
  each(
    task: string,
    list: Ref<unknown>,
    input: (item: Reference<unknown>) => unknown,
    options?: NodeOptions & { optional?: boolean },
  ): Reference<unknown>;
}

/** The function of a flow: adds its nodes, and returns references that make up its result. */
export type Build<Input, Returned> = ($: FlowBuilder<Input>) => Returned;

/**
 * A flow. `Input` is what enqueueing takes, `Result` the type of its result, `Parsed` the type of `$.input`: it differs
 * from `Input` only when a schema transforms.
 */
export interface Flow<Input = unknown, Result = unknown, Parsed = Input> {
  readonly name: string;
  readonly queue: string | null;
  readonly defaults: Pick<FlowOptions, "keep" | "tags">;
  readonly schema: StandardSchema | null;
  readonly build: Build<Parsed, unknown>;
  /** Exists for the compiler only. */
  readonly "~types"?: { readonly input: Input; readonly result: Result };
}

/** Any flow, whatever its input and result. */
export type AnyFlow = Flow<unknown, unknown, never>;

/**
 * Defines a flow: jobs over any queues, linked by what they take from each other.
 *
 * @param name 1 to 100 of `A-Z a-z 0-9 _ . : -`
 * @param options its queue, tags and retention, and a schema for its input
 * @param build adds the nodes with `$`, and answers a reference, or an object or array of them, which is the flow's
 * result. It runs each time the flow is enqueued, at once and to its end, so it may branch and loop over `$.input`; it
 * must not be asynchronous
 * @throws InvalidInput at once for an unknown or impossible option
 * @example
 * export const scrape = flow("scrape", { input: z.object({ url: z.url(), enrich: z.boolean() }) }, ($) => {
 *   const page = $(fetchPage, { url: $.input.url });
 *   const list = $(parse, { html: page.html });
 *   const about = $.input.enrich ? $(enrich, { jobs: list.jobs }, { optional: true }) : null;
 *   return $(persist, { jobs: list.jobs, about });
 * });
 * const job = await longshore.enqueue(scrape, { url: "https://example.org/", enrich: true });
 * @example
 * // Without options the function comes right after the name; its parameter has the type of the input.
 * export const pair = flow("pair", ($: FlowBuilder<{ a: string; b: string }>) => [
 *   $(measure, { text: $.input.a }),
 *   $(measure, { text: $.input.b }),
 * ]);
 */
export function flow<Schema extends StandardSchema, Returned>(
  name: string,
  options: FlowOptions & { input: Schema },
  build: Build<SchemaOutput<Schema>, Returned>,
): Flow<SchemaInput<Schema>, Resolved<Returned>, SchemaOutput<Schema>>;
export function flow<Input, Returned>(name: string, build: Build<Input, Returned>): Flow<Input, Resolved<Returned>>;
export function flow<Input, Returned>(
  name: string,
  options: FlowOptions,
  build: Build<Input, Returned>,
): Flow<Input, Resolved<Returned>>;
export function flow(
  name: string,
  given: (FlowOptions & { input?: StandardSchema }) | Build<never, unknown>,
  second?: Build<never, unknown>,
): AnyFlow {
  const [options, build] = typeof given === "function" ? [{}, given] : [given, second];
  const { queue = null, input, ...defaults } = options;
  parseName("flow", name);
  if (queue !== null) parseOwnName("queue", queue);
  for (const [key, value] of Object.entries(defaults)) {
    if (!OWN_OPTIONS.includes(key)) {
      throw new InvalidInput(key, value, `no such option; known: queue, input, ${OWN_OPTIONS.join(", ")}`);
    }
  }
  checkDefaults("options", defaults);
  if (input !== undefined && typeof input?.["~standard"]?.validate !== "function") {
    throw new InvalidInput("input", input, "a Standard Schema, e.g. of zod, valibot or arktype");
  }
  if (typeof build !== "function") throw new InvalidInput("build", build, "a function of $, which adds the nodes");
  return Object.freeze({ name, queue, defaults: Object.freeze(defaults), schema: input ?? null, build });
}

const OWN_OPTIONS = ["tags", "keep"];

/** Is it a flow, among what can be enqueued? */
export function isFlow(value: unknown): value is AnyFlow {
  return typeof value === "object" && value !== null && "build" in value && typeof value.build === "function";
}
