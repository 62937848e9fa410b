/**
 * A task: a named unit of code as a value. It carries its name, its queue, the options of its jobs, how inputs are
 * validated, and perhaps the handler. Importing one connects to nothing, so producers and workers share it.
 */
import type { Classifier } from "../model/classify.js";
import { InvalidInput } from "../model/errors.js";
import { parseName } from "../model/name.js";
import { checkDefaults, type JobDefaults } from "../model/options.js";
import type { JobSnapshot } from "../model/snapshot.js";
import type { JobContext } from "./context.js";
import type { SchemaInput, SchemaOutput, StandardSchema } from "./standard-schema.js";

/** The code of a task. What it returns is the job's result and must survive JSON. */
export type Handler<Input, Result> = (context: JobContext<Input>) => Result | Promise<Result>;

/** Is told of a superseded job. What it throws is told by the worker's `error` event, and it is called again later. */
export type SupersededHook = (job: JobSnapshot) => void | Promise<void>;

/** The options of a task. Those of `JobDefaults` hold for each of its jobs unless the call says otherwise. */
export interface TaskOptions extends JobDefaults {
  /** The queue its jobs wait in. Default: `"default"`. */
  queue?: string;
  /**
   * Says what becomes of a failure; `undefined` leaves it to the built-in rules for HTTP statuses, timeouts and
   * connection errors. `NonRetryable`, `RetryAfter` and `Snooze` decide first.
   */
  classify?: Classifier;
  /**
   * Is told of each of its jobs that a newer one superseded, so that an application can mark what belongs to it. Runs in a
   * worker, at least once for each job, and before the newer job when the same worker runs that; one that fails is tried
   * again after 30 s.
   */
  onSuperseded?: SupersededHook;
}

/**
 * A task. `Input` is what enqueueing takes, `Result` what its jobs give, `Parsed` what its handler gets: they differ
 * only when a schema transforms.
 */
export interface Task<Input = unknown, Result = unknown, Parsed = Input> {
  readonly name: string;
  readonly queue: string;
  readonly defaults: JobDefaults;
  readonly schema: StandardSchema | null;
  readonly classify: Classifier | null;
  readonly onSuperseded: SupersededHook | null;
  readonly handler: Handler<Parsed, Result> | null;
  /** Exists for the compiler only. */
  readonly "~types"?: { readonly input: Input; readonly result: Result };
}

/** Any task, whatever its input and result. */
export type AnyTask = Task<unknown, unknown, never>;

/** What a task's jobs take: `InputOf<typeof analyse>`. */
export type InputOf<T extends AnyTask> = T extends Task<infer Input, unknown, never> ? Input : never;

/** What a task's jobs give: `ResultOf<typeof analyse>`. */
export type ResultOf<T extends AnyTask> = T extends Task<unknown, infer Result, never> ? Result : never;

type WithSchema<Schema extends StandardSchema> = TaskOptions & {
  /**
   * Any Standard Schema (zod, valibot, arktype …). The input is validated before it is queued and parsed again before
   * the handler runs, so that transforms and defaults reach the handler as the schema made them.
   */
  input: Schema;
};

/**
 * Defines a task.
 *
 * @param name 1 to 100 of `A-Z a-z 0-9 _ . : -`; jobs are stored under it, so it outlives the code
 * @param options its queue, the options of its jobs, a schema for its input
 * @param handler the code; leave it out where only producers live and give it with `worker.handle(task, handler)`
 * @throws InvalidInput at once for an unknown or impossible option
 * @example
 * export const scan = task(
 *   "scan",
 *   { input: z.object({ url: z.url() }), queue: "scans", attempts: 4, backoff: ["10s", "30s", "60s"], timeout: "5m" },
 *   async ({ input, signal }) => (await fetch(input.url, { signal })).status,
 * );
 * @example
 * // Without options the handler comes right after the name, and the types follow from it.
 * export const greet = task("greet", ({ input }: { input: string }) => `Hello, ${input}!`);
 * @example
 * // Without a handler the types are given.
 * export const mail = task<{ to: string }, { messageId: string }>("mail", { queue: "mail" });
 */
export function task<Schema extends StandardSchema, Result>(
  name: string,
  options: WithSchema<Schema>,
  handler: Handler<SchemaOutput<Schema>, Result>,
): Task<SchemaInput<Schema>, Result, SchemaOutput<Schema>>;
export function task<Input, Result = unknown, Parsed = Input>(
  name: string,
  options: WithSchema<StandardSchema<Input, Parsed>>,
): Task<Input, Result, Parsed>;
export function task<Input, Result>(name: string, handler: Handler<Input, Result>): Task<Input, Result>;
export function task<Input = unknown, Result = unknown>(
  name: string,
  options?: TaskOptions,
  handler?: Handler<Input, Result>,
): Task<Input, Result>;
export function task(
  name: string,
  given: (TaskOptions & { input?: StandardSchema }) | Handler<unknown, unknown> = {},
  code?: Handler<unknown, unknown>,
): Task {
  const [options, handler] = typeof given === "function" ? [{}, given] : [given, code];
  const { queue = "default", classify, onSuperseded, input, ...defaults } = options;
  parseName("task", name);
  parseName("queue", queue);
  checkDefaults("options", defaults);
  if (classify !== undefined && typeof classify !== "function") {
    throw new InvalidInput("classify", classify, "a function of (error, now)");
  }
  if (onSuperseded !== undefined && typeof onSuperseded !== "function") {
    throw new InvalidInput("onSuperseded", onSuperseded, "a function of the superseded job");
  }
  if (input !== undefined && typeof input?.["~standard"]?.validate !== "function") {
    throw new InvalidInput("input", input, "a Standard Schema, e.g. of zod, valibot or arktype");
  }
  if (handler !== undefined && typeof handler !== "function") {
    throw new InvalidInput("handler", handler, "a function of the job's context");
  }
  return Object.freeze({
    name,
    queue,
    defaults: Object.freeze(defaults),
    schema: input ?? null,
    classify: classify ?? null,
    onSuperseded: onSuperseded ?? null,
    handler: handler ?? null,
  });
}
