/** Imports a module and takes its handler out: a function, or a task that has one. */
import { pathToFileURL } from "node:url";
import { ModuleNotFound } from "../../model/errors/errors.js";
import { property } from "../../model/failure/failure.js";
import type { AnyTask, Handler } from "../../define/task.js";

/** What a task says of its runs. */
export type RunDefinition = Pick<AnyTask, "schema" | "steps" | "milestones" | "statuses" | "classify">;

/** What a module gives. */
export interface LoadedHandler {
  readonly handler: Handler<unknown, unknown>;
  /** The exported task; `null` when a function is exported. */
  readonly task: AnyTask | null;
}

/**
 * The handler that `file` exports as `name`.
 * @throws ModuleNotFound when there is no such export or it is no handler; whatever the module throws when imported
 */
export async function loadHandler(file: string, name: string): Promise<LoadedHandler> {
  const exports: unknown = await import(pathToFileURL(file).href);
  const found = property(exports, name);
  if (typeof found === "function") return { handler: found as Handler<unknown, unknown>, task: null };
  // By shape, not by class: the module may have been written for another copy of the package.
  const handler = property(found, "handler");
  if (typeof handler === "function") return { handler: handler as Handler<unknown, unknown>, task: found as AnyTask };
  const known = Object.keys(exports as object).join(", ");
  const why = found === undefined ? `it exports ${known === "" ? "nothing" : known}` : "that export is no handler";
  throw new ModuleNotFound(`${file}#${name}`, why);
}

/** The definition that holds for a run: of the task that names the module, and where that is silent of the one exported. */
export function definitionOf(task: RunDefinition, exported: RunDefinition | null): RunDefinition {
  return {
    schema: task.schema ?? exported?.schema ?? null,
    steps: task.steps ?? exported?.steps ?? null,
    milestones: task.milestones ?? exported?.milestones ?? null,
    statuses: task.statuses ?? exported?.statuses ?? null,
    classify: task.classify ?? exported?.classify ?? null,
  };
}
