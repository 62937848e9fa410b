/** Jobs that start jobs, as handlers see it: `spawn(task, input)`, `spawn.all(name, task, inputs)`, `dependencies()`. */
import type { DependencyEnd, DependencyPolicy } from "../model/job/dependency.js";
import type { Failure } from "../model/failure/failure.js";
import type { JobRef } from "../model/job/job.js";
import type { JobDefaults, JobOptions } from "../model/options/options.js";
import type { InputArguments, MissingInput } from "./input-arguments.js";
import type { ItemResults } from "./step.js";
import type { Stored } from "./stored.js";
import type { StandardSchema } from "./schema.js";

/**
 * The part of a task that making a job needs: no more than this, so that a handler can make jobs of any task. `Input` is
 * what enqueueing takes, `Result` the type of its jobs' results.
 */
export interface TaskRef<Input = unknown, Result = unknown> {
  readonly name: string;
  /** The queue its jobs wait in. */
  readonly queue: string;
  readonly defaults: JobDefaults;
  /** The schema of its input; `null` accepts any. */
  readonly schema: StandardSchema | null;
  /** Exists for the compiler only. */
  readonly "~types"?: { readonly input: Input; readonly result: Result };
}

/** The options that spawned jobs may have: all but those that the parent decides. */
export interface SpawnedJobOptions extends Omit<JobOptions, "id" | "unique" | "supersedes" | "hold"> {
  /** Another queue than the task's. */
  queue?: string;
}

/** The options of one spawned job. */
export interface SpawnOptions extends SpawnedJobOptions {
  /** Its name: 1 to 100 bytes of text. Default: the name of its task. */
  name?: string;
  /** Distinguishes jobs spawned under one name: up to 1024 bytes of text, different for each. Default: `"0"`. */
  key?: string | number;
  /** In a flow: may it fail without failing the flow? The flow is then partial. Default: false. */
  optional?: boolean;
}

/** The options of many spawned jobs. */
export interface SpawnAllOptions<Input> extends SpawnedJobOptions {
  /**
   * The key that identifies an input in later runs: up to 1024 bytes of text, different for each. Default: its place in
   * the list, as five digits.
   */
  key?: (input: Input, index: number) => string | number;
  /** May all of them fail without failing the job? Some of them always may. Default: false. */
  optional?: boolean;
}

/** The arguments after the task in a call of `spawn`: the input may be left out where the task takes none. */
export type SpawnArguments<Input> = InputArguments<Input, SpawnOptions>;

/**
 * Makes jobs. Their ids are made of the job's own, a name and a key: a job that runs again, after a crash, a retry or a
 * wait, makes none twice. They belong to the job's flow, and carry its tags beside their own.
 */
export interface Spawn {
  /**
   * Makes a job, at once, and goes on. Only the flow waits for it, if there is one.
   * @returns where it is: `longshore.queue(queue).job(id)`
   * @throws InvalidInput for a wrong input or option, a key used twice in a run, or more than 10,000 jobs;
   * PayloadTooLarge; the signal's reason once the run should end
   * @example
   * await spawn(mail, { to: input.owner });
   * for (const { url } of input.pages) await spawn(scan, { url }, { key: url });
   * await spawn("crawl", { url: next }, { key: next }); // by name: a task cannot name itself in its own handler
   */
  (task: string, input?: unknown, options?: SpawnOptions): Promise<JobRef>;
  (task: MissingInput): never;
  <Input, Result>(task: TaskRef<Input, Result>, ...args: SpawnArguments<NoInfer<Input>>): Promise<JobRef>;
  /**
   * Makes a job of every input, gives the slot back, and returns here, in a new run that counts no attempt, when all of
   * them have ended; steps before it are not run again. It works by throwing: let the error pass through. The inputs
   * must be the same in every run: make them in a step, or from the job's own input. Some may fail: the job then ends
   * as `partial`.
   * @param name 1 to 100 bytes of text; once in a run
   * @returns the results of those that ended well, and the failures of the others, in the order of the inputs
   * @throws Suspended until all have ended; AllFailed when every one of them failed, unless it is `optional`;
   * InvalidInput, PayloadTooLarge before any is made
   * @example
   * const { values, errors } = await spawn.all("pages", scanPage, urls.map((url) => ({ url })), { timeout: "1m" });
   */
  all(
    name: string,
    task: string,
    inputs: readonly unknown[],
    options?: SpawnAllOptions<unknown>,
  ): Promise<ItemResults<unknown, unknown>>;
  all<Input, Result>(
    name: string,
    task: TaskRef<Input, Result>,
    inputs: readonly NoInfer<Input>[],
    options?: SpawnAllOptions<NoInfer<Input>>,
  ): Promise<ItemResults<Input, Stored<Result>>>;
}

/** A job that this one waited for. */
export interface EndedDependency extends JobRef {
  /** What happens to this job when that one does not succeed. */
  readonly ifFailed: DependencyPolicy;
  /** How it ended. */
  readonly state: DependencyEnd;
  /** `null` when it was removed. */
  readonly task: string | null;
  /** Its result; `null` when it did not succeed. */
  readonly result: unknown;
  /** Why it failed; `null` unless it did. */
  readonly error: Failure | null;
}
