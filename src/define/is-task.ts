/** Is a value a task? By its shape and not its class: a file may have been loaded with another copy of the package. */
import type { AnyTask } from "./task.js";

/** Does a value have the parts of what `task()` makes? */
export function isTask(value: unknown): value is AnyTask {
  if (typeof value !== "object" || value === null) return false;
  const { name, queue, defaults, schema, handler, runner } = value as Readonly<Record<string, unknown>>;
  return (
    typeof name === "string" &&
    typeof queue === "string" &&
    typeof defaults === "object" &&
    typeof schema === "object" &&
    typeof runner === "object" &&
    (typeof handler === "function" || handler === null)
  );
}
