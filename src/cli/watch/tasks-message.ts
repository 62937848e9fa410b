/** What the thread that loads tasks says to the process that asked for them, and the other way round. */
import type { JobDefaults } from "../../model/options/options.js";

/** Where its tasks are. */
export interface TasksRequest {
  readonly files: readonly string[];
  readonly folder: string;
}

/** A task, as far as another thread can be given it. */
export interface LoadedTask {
  readonly name: string;
  readonly queue: string;
  readonly defaults: JobDefaults;
  /** Has it a schema that inputs can be checked against? */
  readonly checks: boolean;
}

/** The tasks, or why they cannot be loaded; `syntax`: a file does not compile. */
export type TasksReport =
  | { readonly tasks: readonly LoadedTask[] }
  | { readonly error: string; readonly syntax: boolean };

/** Is this input of a task as its schema wants it? */
export interface InputQuestion {
  readonly id: number;
  readonly task: string;
  readonly input: unknown;
}

/** What is wrong with an input; nothing is, when there are none. */
export interface InputAnswer {
  readonly id: number;
  readonly issues: readonly { readonly message: string; readonly path: readonly (string | number)[] }[];
}
