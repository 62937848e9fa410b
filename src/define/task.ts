/**
 * A task: a named unit of code as a value. It carries its name, its queue, the options of its jobs, how inputs are
 * validated, and perhaps the handler. Importing one connects to nothing, so producers and workers share it.
 */
import type { Classifier } from "../model/failure/classify.js";
import { InvalidInput } from "../model/errors/errors.js";
import { BUILT_IN } from "../model/flow/each.js";
import { parseLabel, parseName, parseOwnName } from "../model/value/name.js";
import { parseResultUrl } from "../model/job/result-url.js";
import { parseSecretPaths } from "../model/redaction/secret-path.js";
import { checkDefaults, type JobDefaults } from "../model/options/options.js";
import type { JobSnapshot } from "../model/job/query/snapshot.js";
import type { StatusMachine } from "../model/profile/status-machine.js";
import { parseSteps } from "../model/job/report/step-plan.js";
import type { JobContext } from "./context.js";
import { ModuleReference } from "./module.js";
import { needsChildren, parseRunner, type ParsedRunner, type RunnerOptions } from "./runner-options.js";
import type { SchemaInput, SchemaOutput, StandardSchema } from "./schema.js";
import type { TaskRef } from "./spawn.js";
import { parseMilestones, type Milestones, type MilestonesOf, type MilestonesOption } from "./milestones.js";

/**
 * The code of a task. Its return value is the job's result and must survive JSON. `StepName`, `Shown` and `Status` are
 * the types of its steps' names, its milestones' values and its statuses.
 */
export type Handler<
  Input,
  Result,
  StepName extends string = string,
  Shown = Record<string, unknown>,
  Status extends string = string,
> = (context: JobContext<Input, StepName, Shown, Status>) => Result | Promise<Result>;

/** The steps of a task: names, weights by name, or a function that chooses the steps of a job from its input. */
export type StepsOption<StepName extends string = string, Input = never> =
  | readonly StepName[]
  | { readonly [Name in StepName]: number }
  | ((input: Input) => readonly StepName[]);

/**
 * Is called for each superseded job. Its error is emitted as the worker's `error` event, and it is called again later.
 */
export type SupersededHook = (job: JobSnapshot) => void | Promise<void>;

/** The options of a task. Those of `JobDefaults` hold for each of its jobs unless the call says otherwise. */
export interface TaskOptions extends JobDefaults, RunnerOptions {
  /** The queue its jobs wait in. Default: `"default"`. */
  queue?: string;
  /**
   * The version of its code, in the history of the jobs that it runs and in the list of workers. 1 to 100 bytes of text.
   * Default: unknown.
   */
  version?: string;
  /** What people call it, where its name is for machines: `"Page scan"`. 1 to 100 bytes of text. Default: its name. */
  label?: string;
  /**
   * Where people see the result of a job: `"/reports/{input.siteId}"` or `"https://shop.example/orders/{result.order.id}"`. Parts
   * are `{id}`, `{queue}`, `{input.…}` and `{result.…}`, each encoded for a URL; `resultUrl(template, job)` fills them in.
   * Default: nowhere.
   */
  resultUrl?: string;
  /**
   * Places of its jobs that the server does not show: `["input.customer.iban", "result.letters.text"]`. They begin with `input`,
   * `result`, `meta`, `steps.NAME` or `milestones.NAME`; `*` is any key, and of a list every element is meant. At most 50.
   * What stands under keys like `password` is not shown anyway. Default: none.
   */
  redact?: readonly string[];
  /**
   * Classifies a failure; `undefined` leaves it to the built-in rules for HTTP statuses, timeouts and connection
   * errors. `NonRetryable`, `RetryAfter` and `Snooze` decide first.
   */
  classify?: Classifier;
  /**
   * Is called for each of its jobs that a newer one superseded, so that an application can update its own records. Runs
   * in a worker, at least once for each job unless retention removes the job before (`keep.failed`, 7 days by default),
   * and before the newer job when the same worker runs that, which waits up to 5 s for it. A call that fails, or has
   * not ended within 30 s, is repeated.
   */
  onSuperseded?: SupersededHook;
}

/**
 * A task. `Input` is what enqueueing takes, `Result` the type of its jobs' results, `Parsed` the type its handler gets:
 * it differs from `Input` only when a schema transforms. `StepName` and `Shown` are the types of its steps' names and
 * its milestones' values.
 */
export interface Task<
  Input = unknown,
  Result = unknown,
  Parsed = Input,
  StepName extends string = string,
  Shown = Record<string, unknown>,
  Status extends string = string,
> extends TaskRef<Input, Result> {
  /** The version of its code; `null` when it says none. */
  readonly version: string | null;
  /** What people call it; `null` when it has no label. */
  readonly label: string | null;
  /** The template for the addresses of its results; `null` when it has none. */
  readonly resultUrl: string | null;
  /** The places of its jobs that the server does not show. */
  readonly redact: readonly string[];
  readonly classify: Classifier | null;
  readonly onSuperseded: SupersededHook | null;
  /** Its steps and their weights, or a function that chooses them for a job; `null` where none are declared. */
  readonly steps: { readonly [Name in StepName]: number } | ((input: Parsed) => readonly StepName[]) | null;
  /** Its milestones, with a schema for the value of each if there is one; `null` where none are declared. */
  readonly milestones: Milestones | null;
  /** Its own statuses and the transitions between them; `null` where none are declared. */
  readonly statuses: StatusMachine | null;
  readonly handler: Handler<Parsed, Result, StepName, Shown, Status> | null;
  /** Where its handler is, when it was given by `module()`. */
  readonly module: ModuleReference | null;
  /** Where its handler runs, and its limits. */
  readonly runner: ParsedRunner;
}

/** Any task, whatever its input and result. */
export type AnyTask = Task<unknown, unknown, never>;

/** The input type of a task's jobs: `InputOf<typeof analyse>`. */
export type InputOf<T extends AnyTask> = T extends Task<infer Input, unknown, never> ? Input : never;

/** The result type of a task's jobs: `ResultOf<typeof analyse>`. */
export type ResultOf<T extends AnyTask> = T extends Task<unknown, infer Result, never> ? Result : never;

interface WithSteps<StepName extends string, Input> {
  /**
   * Its steps: progress is computed from them, and a step that is not declared does not compile. A list of names, or
   * their weights: `{ crawl: 1, analyse: 5 }`; a function chooses the steps of a job from its input. Default: any step
   * may be run, and percent is what the handler reports.
   */
  steps?: StepsOption<StepName, Input>;
}

interface WithMilestones<Option extends MilestonesOption> {
  /**
   * Its milestones: a list of names, or a Standard Schema for the value of each: `{ TEASER_READY: z.object(…) }`. A
   * milestone that is not declared does not compile. Default: any may be emitted.
   */
  milestones?: Option;
}

interface WithStatuses<Status extends string> {
  /** Its own statuses and the transitions between them: `statuses({ initial, transitions })`. Default: none. */
  statuses?: StatusMachine<Status>;
}

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
 * @param name 1 to 100 of `A-Z a-z 0-9 _ . : -`, not `longshore.…`; jobs are stored under it, so it outlives the code
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
export function task<
  Schema extends StandardSchema,
  Result,
  const StepName extends string = string,
  const Shown extends MilestonesOption = readonly string[],
  const Status extends string = string,
>(
  name: string,
  options: WithSchema<Schema> &
    WithSteps<StepName, SchemaOutput<Schema>> &
    WithMilestones<Shown> &
    WithStatuses<Status>,
  handler:
    | Handler<SchemaOutput<Schema>, Result, NoInfer<StepName>, MilestonesOf<NoInfer<Shown>>, NoInfer<Status>>
    | ModuleReference<SchemaOutput<Schema>, Result>,
): Task<SchemaInput<Schema>, Result, SchemaOutput<Schema>, StepName, MilestonesOf<Shown>, Status>;
export function task<
  Input,
  Result = unknown,
  Parsed = Input,
  const StepName extends string = string,
  const Shown extends MilestonesOption = readonly string[],
  const Status extends string = string,
>(
  name: string,
  options: WithSchema<StandardSchema<Input, Parsed>> &
    WithSteps<StepName, Parsed> &
    WithMilestones<Shown> &
    WithStatuses<Status>,
): Task<Input, Result, Parsed, StepName, MilestonesOf<Shown>, Status>;
export function task<Input, Result>(
  name: string,
  handler: Handler<Input, Result> | ModuleReference<Input, Result>,
): Task<Input, Result>;
export function task<
  Input = unknown,
  Result = unknown,
  const StepName extends string = string,
  const Shown extends MilestonesOption = readonly string[],
  const Status extends string = string,
>(
  name: string,
  options?: TaskOptions & WithSteps<StepName, Input> & WithMilestones<Shown> & WithStatuses<Status>,
  handler?:
    | Handler<Input, Result, NoInfer<StepName>, MilestonesOf<NoInfer<Shown>>, NoInfer<Status>>
    | ModuleReference<Input, Result>,
): Task<Input, Result, Input, StepName, MilestonesOf<Shown>, Status>;
export function task(name: string, given: AnyOptions | Code = {}, second?: Code): Task {
  const [options, code]: [AnyOptions, Code | undefined] = isCode(given) ? [{}, given] : [given, second];
  const { queue = "default", classify, onSuperseded, input, steps, milestones, statuses, ...rest } = options;
  const { runner, maxMemory, fresh, maxJobsPerChild, killGrace, version, label, resultUrl, redact, ...defaults } = rest;
  parseName("task", name);
  if (name.startsWith(BUILT_IN)) throw new InvalidInput("task", name, `a name that does not begin with "${BUILT_IN}"`);
  parseOwnName("queue", queue);
  checkDefaults("options", defaults, OWN_OPTIONS);
  const about = {
    version: parseLabel("version", version),
    label: parseLabel("label", label),
    resultUrl: resultUrl === undefined ? null : parseResultUrl("resultUrl", resultUrl),
    redact: Object.freeze(redact === undefined ? [] : parseSecretPaths("redact", redact)),
  };
  if (classify !== undefined && typeof classify !== "function") {
    throw new InvalidInput("classify", classify, "a function of (error, now)");
  }
  if (onSuperseded !== undefined && typeof onSuperseded !== "function") {
    throw new InvalidInput("onSuperseded", onSuperseded, "a function of the superseded job");
  }
  if (input !== undefined && typeof input?.["~standard"]?.validate !== "function") {
    throw new InvalidInput("input", input, "a Standard Schema, e.g. of zod, valibot or arktype");
  }
  if (statuses !== undefined && typeof statuses?.assert !== "function") {
    throw new InvalidInput("statuses", statuses, "what statuses({ initial, transitions }) gives");
  }
  const parsed = parseRunner({ runner, maxMemory, fresh, maxJobsPerChild, killGrace });
  if (code !== undefined) checkCode(code, parsed);
  return Object.freeze({
    name,
    queue,
    defaults: Object.freeze(defaults),
    ...about,
    schema: input ?? null,
    classify: classify ?? null,
    onSuperseded: onSuperseded ?? null,
    steps: steps === undefined ? null : typeof steps === "function" ? steps : weightsOf(steps),
    milestones: milestones === undefined ? null : parseMilestones("milestones", milestones),
    statuses: statuses ?? null,
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
 * Checks that a handler fits its task's runner.
 * @throws InvalidInput for a function where a module is needed
 */
export function checkCode(code: unknown, runner: ParsedRunner): void {
  if (code instanceof ModuleReference) return;
  if (typeof code !== "function") {
    throw new InvalidInput("handler", code, 'a function of the job\'s context, or module("./file.js#export")');
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

/** The options of a task beside those of its jobs. */
const OWN_OPTIONS: readonly Exclude<keyof AnyOptions, keyof JobDefaults>[] = [
  "queue",
  "version",
  "label",
  "resultUrl",
  "redact",
  "input",
  "steps",
  "milestones",
  "statuses",
  "classify",
  "onSuperseded",
  "runner",
  "maxMemory",
  "fresh",
  "maxJobsPerChild",
  "killGrace",
];

type AnyOptions = TaskOptions &
  WithSteps<string, unknown> &
  WithMilestones<MilestonesOption> &
  WithStatuses<string> & { input?: StandardSchema };

function weightsOf(steps: unknown): Readonly<Record<string, number>> {
  const weights = parseSteps("steps", steps);
  if (weights.size === 0) throw new InvalidInput("steps", steps, "at least one step");
  return Object.freeze(Object.fromEntries(weights));
}
