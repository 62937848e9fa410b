/**
 * From files to tasks: imports the modules given with `--tasks`, and registers every task they export. Every mistake
 * that would keep a task from running is reported before the worker takes its first job.
 */
import { once } from "node:events";
import { statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import type { AnyTask } from "../../define/task.js";
import { isTask } from "../../define/is-task.js";
import { messageOf, report, UsageError } from "../terminal/exit.js";
import { sourcesOf } from "./source-graph.js";
import { syntaxPlace } from "./syntax-place.js";

/** After how long (milliseconds) a file that is still loading is named. */
const SLOW = 10_000;
const NEVER = new AbortController().signal;

/** The files tried when a name is not that of a file. */
const ENDINGS = ["", ".js", ".mjs", ".ts", ".mts", "/index.js", "/index.ts"];

/**
 * The tasks that the files export, by themselves, in arrays or as the default export.
 * @param folder where relative names begin
 * @throws UsageError
 */
export async function loadTasks(files: readonly string[], folder: string): Promise<AnyTask[]> {
  const tasks = new Map<string, AnyTask>();
  for (const file of files) {
    const path = findFile(file, folder);
    const found = tasksOf(await load(path, file));
    if (found.length === 0) {
      throw new UsageError(`${file} exports no task; a task is made with task(name, options, handler) and exported`);
    }
    for (const task of found) {
      if (task.handler === null && task.module === null) {
        throw new UsageError(`task ${task.name} of ${file} has no handler, so this worker could not run its jobs`);
      }
      const other = tasks.get(task.name);
      if (other !== undefined && other !== task) {
        throw new UsageError(`${file} exports a second task called ${task.name}; a worker can only know one`);
      }
      tasks.set(task.name, task);
    }
  }
  return [...tasks.values()];
}

/** The file that a name means. @throws UsageError when there is none */
export function findFile(file: string, folder: string): string {
  const tried = ENDINGS.map((ending) => resolve(folder, file + ending));
  const found = tried.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (found !== undefined) return found;
  const paths = tried.map((path) => shorter(path)).join(", ");
  throw new UsageError(`no task file ${file}; tried ${paths}. Queues are named before --tasks`);
}

function shorter(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : join(".", fromHere);
}

async function load(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  // Without these, a file that ends the process, or waits for what never comes, would end the command without a word.
  const ended = (): void => {
    process.exitCode = report(new UsageError(`cannot load ${file}: it ends the process`));
  };
  const loaded = new AbortController();
  const stuck = once(process, "beforeExit", { signal: loaded.signal }).then(() => {
    throw new Error("it waits at its top level for what never comes");
  });
  process.once("exit", ended);
  // Unreferenced: by itself it keeps no process alive, whose end says more.
  const slow = setTimeout(() => {
    process.stderr.write(`warning: ${file} is still loading after 10 s: what does it wait for at its top level?\n`);
  }, SLOW).unref();
  try {
    const module: unknown = await Promise.race([import(pathToFileURL(path).href), stuck]);
    return module as Readonly<Record<string, unknown>>;
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    const hint =
      code === "ERR_UNKNOWN_FILE_EXTENSION"
        ? `this Node (${process.version}) does not run TypeScript; compile it, or use Node 22.18 or newer`
        : `${await placeOf(error, path)}${messageOf(error)}`;
    throw new UsageError(`cannot load ${file}: ${hint}`, { cause: error });
  } finally {
    process.off("exit", ended);
    clearTimeout(slow);
    loaded.abort();
  }
}

/** Where code does not compile, before what is wrong with it; empty when it does, or where that cannot be said. */
async function placeOf(error: unknown, path: string): Promise<string> {
  if (!(error instanceof SyntaxError)) return "";
  // Of TypeScript, Node says it in the first line of the stack.
  const said = /^(?:file:\/\/)?(\/.*:\d+)\n/.exec(error.stack ?? "")?.[1];
  // For a thread it is found by who started it, who knows what has changed.
  const place = said ?? (isMainThread ? await syntaxPlace(await sourcesOf([path], []), NEVER) : null);
  return place === null ? "" : `${place}: `;
}

function tasksOf(module: Readonly<Record<string, unknown>>): AnyTask[] {
  const { default: whole, ...named } = module;
  const values = [...Object.values(named), ...(isTask(whole) || Array.isArray(whole) ? [whole] : valuesOf(whole))];
  return [...new Set(values.flat().filter((value) => isTask(value)))];
}

function valuesOf(value: unknown): unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}
