/** A handler given by its module that runs in the worker itself: imported when its first job comes. */
import type { Handler } from "../task.js";
import { loadHandler } from "./handler-loader.js";
import { findModule } from "./module-finder.js";
import type { ModuleReference } from "./module-reference.js";

/** The handler behind a reference. Calling it throws what finding and loading it throws. */
export function inlineModule(module: ModuleReference, roots: readonly string[]): Handler<unknown, unknown> {
  return async (context) => {
    const { handler } = await loadHandler(await findModule(module, roots), module.export);
    return handler(context);
  };
}
