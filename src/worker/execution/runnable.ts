/** A task together with its code, as a worker keeps it. */
import type { ModuleReference } from "../../define/module.js";
import type { AnyTask, Handler } from "../../define/task.js";

/** A task that can be run: its handler, or where that is. */
export interface Runnable {
  readonly task: AnyTask;
  readonly code: Handler<unknown, unknown> | ModuleReference;
}
