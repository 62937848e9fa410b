/** A task together with its code. */
import { BUILT_IN } from "../../model/flow/each.js";
import type { ModuleReference } from "../../define/module.js";
import type { AnyTask, Handler } from "../../define/task.js";

/** A task that can be run: its handler, or the module that has it. */
export interface Runnable {
  readonly task: AnyTask;
  readonly code: Handler<unknown, unknown> | ModuleReference;
}

/** The application's tasks that a worker has a handler or a module for; built-in tasks are left out. */
export function knownTasks(runnables: ReadonlyMap<string, Runnable>): string[] {
  return [...runnables.keys()].filter((name) => !name.startsWith(BUILT_IN));
}
