/** Is a value a task? By its shape and not its class: a file may have been loaded with another copy of the package. */
import { InvalidInput } from "../model/errors/errors.js";
import { isFlow } from "./flow.js";
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

/** Checks a list of tasks. @throws InvalidInput */
export function checkTasks(field: string, value: unknown): asserts value is readonly AnyTask[] {
  if (!Array.isArray(value)) throw new InvalidInput(field, value, "a list of tasks");
  const other = value.findIndex((task) => !isTask(task));
  if (other === -1) return;
  const flows = isFlow(value[other]) ? "; no worker runs a flow, only its tasks" : "";
  throw new InvalidInput(`${field}[${other}]`, value[other], `a task, made by task()${flows}`);
}
