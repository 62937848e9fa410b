/**
 * The thread that loads the tasks as they are now: a thread has modules of its own, while a process never loads one a second time. It tells
 * what tasks there are, and then whether inputs fit their schemas.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { AnyTask } from "../../define/task.js";
import type { SchemaIssue } from "../../define/schema.js";
import { loadTasks } from "../tasks/task-files.js";
import { messageOf } from "../terminal/exit.js";
import type { InputAnswer, InputQuestion, LoadedTask, TasksReport, TasksRequest } from "./tasks-message.js";

const { files, folder } = workerData as TasksRequest;

try {
  const tasks = new Map((await loadTasks(files, folder)).map((task) => [task.name, task]));
  say({ tasks: [...tasks.values()].map(described) });
  parentPort?.on("message", (question: InputQuestion) => void answer(tasks.get(question.task), question));
} catch (error) {
  say({ error: messageOf(error), syntax: error instanceof Error && error.cause instanceof SyntaxError });
}

function say(message: TasksReport | InputAnswer): void {
  parentPort?.postMessage(message, []);
}

function described({ name, queue, defaults, schema }: AnyTask): LoadedTask {
  return { name, queue, defaults, checks: schema !== null };
}

async function answer(task: AnyTask | undefined, { id, input }: InputQuestion): Promise<void> {
  // What a schema throws, the worker will meet again and say.
  const issues = await issuesOf(task, input).catch(() => []);
  say({ id, issues: issues.slice(0, 1).map(({ message, path = [] }) => ({ message, path: path.map(keyOf) })) });
}

async function issuesOf(task: AnyTask | undefined, input: unknown): Promise<readonly SchemaIssue[]> {
  return (await task?.schema?.["~standard"].validate(input))?.issues ?? [];
}

function keyOf(part: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof part === "object" ? part.key : part;
  return typeof key === "number" ? key : String(key);
}
