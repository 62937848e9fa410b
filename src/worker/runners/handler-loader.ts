/** Imports a module and takes its handler out: a function, or a task that has one. */
import { pathToFileURL } from "node:url";
import { ModuleNotFound } from "../../model/errors.js";
import { property } from "../../model/failure.js";
import type { StandardSchema } from "../standard-schema.js";
import type { Handler } from "../task.js";

/** What a module gives. */
export interface LoadedHandler {
  readonly handler: Handler<unknown, unknown>;
  /** The schema of the exported task, when it has one. */
  readonly schema: StandardSchema | null;
}

/**
 * The handler that `file` exports as `name`.
 * @throws ModuleNotFound when there is no such export or it is no handler; whatever the module throws when imported
 */
export async function loadHandler(file: string, name: string): Promise<LoadedHandler> {
  const exports: unknown = await import(pathToFileURL(file).href);
  const found = property(exports, name);
  if (typeof found === "function") return { handler: found as Handler<unknown, unknown>, schema: null };
  // By shape, not by class: the module may have been written for another copy of the package.
  const handler = property(found, "handler");
  if (typeof handler === "function") {
    const schema = property(found, "schema") as StandardSchema | null | undefined;
    return { handler: handler as Handler<unknown, unknown>, schema: schema ?? null };
  }
  const known = Object.keys(exports as object).join(", ");
  const why = found === undefined ? `it exports ${known === "" ? "nothing" : known}` : "that export is no handler";
  throw new ModuleNotFound(`${file}#${name}`, why);
}
