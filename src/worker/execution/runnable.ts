/** A task together with its code, and the built-in ones that every worker has. */
import { hostname } from "node:os";
import type { TaskInfo } from "../../engine/contract/worker/session.js";
import type { TaskDescription } from "../../model/document/task-description.js";
import { BUILT_IN, EACH_TASK } from "../../model/flow/each.js";
import { SMOKE_TASK, type SmokeRun } from "../../model/smoke/smoke.js";
import { LONGSHORE_VERSION } from "../../model/version.js";
import type { ModuleReference } from "../../define/module.js";
import { task, type AnyTask, type Handler } from "../../define/task.js";
import type { RunContext } from "../handler/run-context.js";

/** A task that can be run: its handler, or the module that has it. */
export interface Runnable {
  readonly task: AnyTask;
  readonly code: Handler<unknown, unknown> | ModuleReference;
}

/** The application's tasks that a worker has a handler or a module for; built-in tasks are left out. */
export function knownTasks(runnables: ReadonlyMap<string, Runnable>): string[] {
  return [...runnables.keys()].filter((name) => !name.startsWith(BUILT_IN));
}

/** The same tasks, as their worker describes them. */
export function describeTasks(runnables: ReadonlyMap<string, Runnable>): TaskInfo[] {
  return knownTasks(runnables).flatMap((name) => {
    const task = runnables.get(name)?.task;
    return task === undefined ? [] : describeTask(task);
  });
}

/** The tasks as people are to know them: what they are called, what of their jobs is secret. */
export function describeForPeople(runnables: ReadonlyMap<string, Runnable>): TaskDescription[] {
  return knownTasks(runnables).flatMap((name) => {
    const task = runnables.get(name)?.task;
    return task === undefined ? [] : { name, label: task.label, resultUrl: task.resultUrl, redact: task.redact };
  });
}

/** A task as its worker describes it. */
export function describeTask({ name, version, label, resultUrl }: AnyTask): TaskInfo {
  return { name, version, label, resultUrl };
}

/**
 * The built-in task `longshore.each`: makes a job of every item of a list, waits for these jobs, and ends with their
 * results.
 */
const EACH: Runnable = {
  task: Object.freeze({ ...task("each"), name: EACH_TASK }),
  code: async (context) => {
    const { values, errors } = await (context as RunContext).each();
    return { completed: values.length, failed: errors.length };
  },
};

/** The built-in task `longshore.smoke`, which says who ran it. */
const SMOKE: Runnable = {
  task: Object.freeze({ ...task("smoke"), name: SMOKE_TASK }),
  code: (): SmokeRun => ({ host: hostname(), pid: process.pid, longshore: LONGSHORE_VERSION }),
};

/** What every worker can run beside its own tasks. */
export const BUILT_IN_TASKS: readonly Runnable[] = [EACH, SMOKE];
