/** A task together with its code, as a worker keeps it. */
import { BUILT_IN } from "../../model/flow/each.js";
import type { ModuleReference } from "../../define/module.js";
import type { AnyTask, Handler } from "../../define/task.js";

/** A task that can be run: its handler, or where that is. */
export interface Runnable {
  readonly task: AnyTask;
  readonly code: Handler<unknown, unknown> | ModuleReference;
}

/** The tasks that a worker has a handler or a module of: those of the application. */
export function knownTasks(runnables: ReadonlyMap<string, Runnable>): string[] {
  return [...runnables.keys()].filter((name) => !name.startsWith(BUILT_IN));
}
