/**
 * A task: a named unit of code as a value. It carries its name, its queue, the options of its jobs, how inputs are
 * validated, and perhaps the handler. Importing one connects to nothing, so producers and workers share it.
 */
import type { Classifier } from "../model/classify.js";
import { InvalidInput } from "../model/errors.js";
import { parseName } from "../model/name.js";
import { checkDefaults, type JobDefaults } from "../model/options.js";
import type { JobContext } from "./context.js";
import { ModuleReference } from "./runners/module-reference.js";
import { needsChildren, parseRunner, type ParsedRunner, type RunnerOptions } from "./runners/runner-options.js";
import type { SchemaInput, SchemaOutput, StandardSchema } from "./standard-schema.js";

/** The code of a task. What it returns is the job's result and must survive JSON. */
export type Handler<Input, Result> = (context: JobContext<Input>) => Result | Promise<Result>;

/** The options of a task. Those of `JobDefaults` hold for each of its jobs unless the call says otherwise. */
export interface TaskOptions extends JobDefaults, RunnerOptions {
  /** The queue its jobs wait in. Default: `"default"`. */
  queue?: string;
  /**
   * Says what becomes of a failure; `undefined` leaves it to the built-in rules for HTTP statuses, timeouts and
   * connection errors. `NonRetryable`, `RetryAfter` and `Snooze` decide first.
   */
  classify?: Classifier;
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
  readonly handler: Handler<Parsed, Result> | null;
  /** Where its handler is, when it was given by `module()`. */
  readonly module: ModuleReference | null;
  /** Where its handler runs, and within which bounds. */
  readonly runner: ParsedRunner;
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
 * @param handler the code, or where it is (`module("./tasks/scan.js#run")`, needed by the runners `thread` and
 * `process`); leave it out where only producers live and give it with `worker.handle(task, handler)`
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
  handler: Handler<SchemaOutput<Schema>, Result> | ModuleReference<SchemaOutput<Schema>, Result>,
): Task<SchemaInput<Schema>, Result, SchemaOutput<Schema>>;
export function task<Input, Result = unknown, Parsed = Input>(
  name: string,
  options: WithSchema<StandardSchema<Input, Parsed>>,
): Task<Input, Result, Parsed>;
export function task<Input, Result>(
  name: string,
  handler: Handler<Input, Result> | ModuleReference<Input, Result>,
): Task<Input, Result>;
export function task<Input = unknown, Result = unknown>(
  name: string,
  options?: TaskOptions,
  handler?: Handler<Input, Result> | ModuleReference<Input, Result>,
): Task<Input, Result>;
export function task(
  name: string,
  given: (TaskOptions & { input?: StandardSchema }) | Code = {},
  second?: Code,
): Task {
  const [options, code] = isCode(given) ? [{}, given] : [given, second];
  const { queue = "default", classify, input, runner, maxMemory, fresh, maxJobsPerChild, killGrace, ...defaults } = options;
  parseName("task", name);
  parseName("queue", queue);
  checkDefaults("options", defaults);
  if (classify !== undefined && typeof classify !== "function") {
    throw new InvalidInput("classify", classify, "a function of (error, now)");
  }
  if (input !== undefined && typeof input?.["~standard"]?.validate !== "function") {
    throw new InvalidInput("input", input, "a Standard Schema, e.g. of zod, valibot or arktype");
  }
  const parsed = parseRunner({
    ...(runner === undefined ? {} : { runner }),
    ...(maxMemory === undefined ? {} : { maxMemory }),
    ...(fresh === undefined ? {} : { fresh }),
    ...(maxJobsPerChild === undefined ? {} : { maxJobsPerChild }),
    ...(killGrace === undefined ? {} : { killGrace }),
  });
  if (code !== undefined) checkCode(code, parsed);
  return Object.freeze({
    name,
    queue,
    defaults: Object.freeze(defaults),
    schema: input ?? null,
    classify: classify ?? null,
    handler: typeof code === "function" ? code : null,
    module: code instanceof ModuleReference ? code : null,
    runner: Object.freeze(parsed),
  });
}

type Code = Handler<unknown, unknown> | ModuleReference;

function isCode(value: object): value is Code {
  return typeof value === "function" || value instanceof ModuleReference;
}

/**
 * Checks that code can be run where a task's runner runs it.
 * @throws InvalidInput for a function where a module is needed
 */
export function checkCode(code: unknown, runner: ParsedRunner): void {
  if (code instanceof ModuleReference) return;
  if (typeof code !== "function") {
    throw new InvalidInput("handler", code, "a function of the job's context, or module(\"./file.js#export\")");
  }
  if (needsChildren(runner)) {
    throw new InvalidInput(
      "handler",
      code.name === "" ? "[a function]" : `[function ${code.name}]`,
      `a function cannot be sent to a ${runner.kind}, nor what it closes over: export it from a module of its own and ` +
        'name it, module("./tasks/analysis.js#run")',
    );
  }
}
