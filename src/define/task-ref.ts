/** What making a job needs to know of its task: no more than this, so that a handler can make jobs of any task. */
import type { JobDefaults } from "../model/options/options.js";
import type { StandardSchema } from "./schema.js";

/** A task as something to make jobs of. `Input` is what enqueueing takes, `Result` what its jobs give. */
export interface TaskRef<Input = unknown, Result = unknown> {
  readonly name: string;
  /** The queue its jobs wait in. */
  readonly queue: string;
  readonly defaults: JobDefaults;
  /** What an input must be; `null` takes any. */
  readonly schema: StandardSchema | null;
  /** Exists for the compiler only. */
  readonly "~types"?: { readonly input: Input; readonly result: Result };
}
