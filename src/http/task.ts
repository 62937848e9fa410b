/** Tasks as the client knows them: a name at run time, and types. */
import type { Stored } from "../define/stored.js";

/**
 * The part of a task that the client needs; what `task()` makes has it. With `import type` the types are there without the code:
 * `longshore.enqueue<typeof scan>("scan", { url })`.
 */
export interface HttpTask<Input = unknown, Result = unknown> {
  readonly name: string;
  /** The queue its jobs wait in. */
  readonly queue?: string;
  /** Exists for the compiler only. */
  readonly "~types"?: { readonly input: Input; readonly result: Result };
}

type TypesOf<Task> = Task extends { readonly "~types"?: infer Types } ? NonNullable<Types> : unknown;

/** What enqueueing the task takes. */
export type HttpInput<Task> = TypesOf<Task> extends { readonly input: infer Input } ? Input : unknown;

/** The result of the task's jobs, as JSON has it. */
export type HttpResult<Task> = TypesOf<Task> extends { readonly result: infer Result } ? Stored<Result> : unknown;
