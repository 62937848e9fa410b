/** The part of a task that making a job needs: no more than this, so that a handler can make jobs of any task. */
import type { JobDefaults } from "../model/options/options.js";
import type { StandardSchema } from "./schema.js";

/** A task that jobs can be made of. `Input` is what enqueueing takes, `Result` the type of its jobs' results. */
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
