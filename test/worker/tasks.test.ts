// The tasks of a worker: what is none is refused when the worker is made, and named.
import { expect, it } from "vitest";
import { attach, flow, task } from "longshore";
import { MemoryEngine } from "../../src/engine/memory/engine.js";

const scan = task("scan", {}, () => {});

it.each<[string, unknown, string, RegExp]>([
  ["no list", null, "tasks", /a list of tasks/],
  ["a task by itself", scan, "tasks", /a list of tasks/],
  ["a name", ["scan"], "tasks[0]", /a task, made by task\(\)$/],
  ["nothing", [scan, undefined], "tasks[1]", /a task, made by task\(\)$/],
  ["an object", [{ name: "scan", queue: "scans" }], "tasks[0]", /a task, made by task\(\)$/],
  ["a flow", [flow("pair", () => null)], "tasks[0]", /no worker runs a flow, only its tasks/],
])("are not %s", async (_what, tasks, field, message) => {
  const longshore = attach(new MemoryEngine());
  const refusal = expect.objectContaining({ code: "INVALID_INPUT", field, message: expect.stringMatching(message) });
  expect(() => longshore.worker(tasks as never)).toThrow(refusal);
  await longshore.close();
});
