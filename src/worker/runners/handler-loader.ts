/** Imports a module and returns its handler: an exported function, or a task that has one. */
import { pathToFileURL } from "node:url";
import { ModuleNotFound } from "../../model/errors/errors.js";
import { property } from "../../model/failure/failure.js";
import type { AnyTask, Handler } from "../../define/task.js";

/** The declarations of a task that a run needs. */
export type RunDefinition = Pick<AnyTask, "schema" | "steps" | "milestones" | "statuses" | "classify">;

/** The handler found in a module. */
export interface LoadedHandler {
  readonly handler: Handler<unknown, unknown>;
  /** The exported task; `null` when a function is exported. */
  readonly task: AnyTask | null;
}

/**
 * The handler that `file` exports as `name`.
 * @throws ModuleNotFound when there is no such export or it is no handler; any error of the import
 */
export async function loadHandler(file: string, name: string): Promise<LoadedHandler> {
  const exports: unknown = await import(pathToFileURL(file).href);
  const found = property(exports, name);
  if (typeof found === "function") return { handler: found as Handler<unknown, unknown>, task: null };
  // Recognized by shape, not by class: the module may use another copy of the package.
  const handler = property(found, "handler");
  if (typeof handler === "function") return { handler: handler as Handler<unknown, unknown>, task: found as AnyTask };
  const known = Object.keys(exports as object).join(", ");
  const why = found === undefined ? `it exports ${known === "" ? "nothing" : known}` : "that export is no handler";
  throw new ModuleNotFound(`${file}#${name}`, why);
}

/**
 * Merges the definitions for a run: the task that names the module comes first, the exported task fills what that
 * leaves open.
 */
export function definitionOf(task: RunDefinition, exported: RunDefinition | null): RunDefinition {
  return {
    schema: task.schema ?? exported?.schema ?? null,
    steps: task.steps ?? exported?.steps ?? null,
    milestones: task.milestones ?? exported?.milestones ?? null,
    statuses: task.statuses ?? exported?.statuses ?? null,
    classify: task.classify ?? exported?.classify ?? null,
  };
}
