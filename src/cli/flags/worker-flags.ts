/**
 * The flags of a worker, which `longshore worker` uses and `longshore pool` passes on: defined, checked, written out.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { parseDuration, parsePositiveDuration } from "../../model/value/duration.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { parseName, parseOwnName } from "../../model/value/name.js";
import { parseSize } from "../../model/value/size.js";
import type { WorkerOptions } from "../../worker/options.js";
import { parseAddress, type Address } from "./address.js";
import { parseWhole } from "./arguments.js";
import type { LogFormat } from "../terminal/log.js";

/** The flags as they are written. */
export interface WorkerFlags {
  tasks: string[];
  path?: string;
  tasksRoot?: string[];
  concurrency?: string;
  burst?: boolean;
  maxJobs?: string;
  maxIdle?: string;
  maxRss?: string;
  unknownTasks?: string;
  name?: string;
  grace?: string;
  lease?: string;
  logFormat?: string;
  quiet?: boolean;
  health?: string;
}

/** The descriptions of flags that differ between the two commands. */
export interface WorkerFlagTexts {
  readonly name: string;
  readonly concurrency: string;
}

/** Adds the queues and the flags of a worker to a command. */
export function addWorkerFlags(command: Command, texts: WorkerFlagTexts): Command {
  command
    .argument("[queues...]", "the queues, the first served first (default: those of the tasks)")
    .requiredOption("--tasks <file...>", "modules that export tasks with handlers");
  return addRunFlags(command, texts)
    .option("--burst", "stop when no job is queued")
    .option("--max-jobs <n>", "stop after this many runs")
    .option("--max-idle <duration>", "stop after this long without work")
    .option("--max-rss <size>", "stop when the process has more memory than this, such as 512MB")
    .option("--health <address>", "serve /healthz and /readyz at [host:]port (default host: 127.0.0.1)")
    .option("--with-scheduler", "accepted and not needed: every worker fires schedules and starts jobs that are due");
}

/** Adds the flags that say how jobs are run, whatever the worker's end is. */
export function addRunFlags(command: Command, { name, concurrency }: WorkerFlagTexts): Command {
  return command
    .option("--path <folder>", "where relative task files are (default: the current folder)")
    .option("--tasks-root <folder...>", "where tasks' modules are loaded from, and from nowhere else (default: --path)")
    .option("--concurrency <n>", concurrency)
    .option(
      "--unknown-tasks <duration>",
      "how long jobs wait whose task's code no worker has (default: 1h; then they fail)",
    )
    .option("--name <name>", name)
    .option("--grace <duration>", "how long running jobs may go on after a signal (default: 30s)")
    .option("--lease <duration>", "how soon its jobs run elsewhere when it dies (default: 30s; from 1s)")
    .option("--log-format <format>", "text or json (default: text on a terminal, else json)")
    .option("--quiet", "log warnings and errors only");
}

/** The worker options from its flags and queues. @throws InvalidInput */
export function workerOptionsOf(queues: readonly string[], flags: Omit<WorkerFlags, "tasks">): WorkerOptions {
  const {
    concurrency,
    burst,
    maxJobs,
    maxIdle,
    maxRss,
    unknownTasks,
    name,
    grace,
    lease,
    path = ".",
    tasksRoot,
  } = flags;
  const names = queues.flatMap((queue) => queue.split(",")).map((queue) => parseOwnName("queue", queue));
  return {
    ...(names.length === 0 ? {} : { queues: names }),
    tasksRoots: (tasksRoot ?? [path]).map((folder) => parseFolder(tasksRoot ? "--tasks-root" : "--path", folder)),
    ...(concurrency === undefined ? {} : { concurrency: parseCount("--concurrency", concurrency) }),
    ...(burst === undefined ? {} : { burst }),
    ...(maxJobs === undefined ? {} : { maxJobs: parseWhole("--max-jobs", maxJobs) }),
    ...(maxIdle === undefined ? {} : { maxIdle: parsePositiveDuration("--max-idle", maxIdle) }),
    ...(maxRss === undefined ? {} : { maxRss: parseSize("--max-rss", maxRss) }),
    ...(unknownTasks === undefined ? {} : { unknownTasks: parseDuration("--unknown-tasks", unknownTasks) }),
    ...(name === undefined ? {} : { name: parseName("--name", name) }),
    ...(grace === undefined ? {} : { grace: parseDuration("--grace", grace) }),
    ...(lease === undefined ? {} : { lease: parsePositiveDuration("--lease", lease) }),
  };
}

/** Where the health of the process is served; `null`: nowhere. @throws InvalidInput */
export function healthOf({ health }: Pick<WorkerFlags, "health">): Address | null {
  return health === undefined ? null : parseAddress("--health", health);
}

function parseFolder(option: string, folder: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return resolve(folder);
  throw new InvalidInput(option, folder, "an existing folder");
}

/** Checks a number given on the command line that may be `auto`. @throws InvalidInput */
export function parseCount(flag: string, text: string): "auto" | number {
  if (text !== "auto" && !/^-?\d+$/.test(text)) throw new InvalidInput(flag, text, "a whole number or auto");
  return text === "auto" ? text : parseWhole(flag, text);
}

/** The form of the log: `--log-format`, else JSON when the output is no terminal. @throws InvalidInput */
export function logFormatOf({ logFormat: given, json }: { logFormat?: string; json?: boolean }): LogFormat {
  if (given === undefined) return json || !process.stdout.isTTY ? "json" : "text";
  if (given !== "text" && given !== "json") throw new InvalidInput("--log-format", given, "text or json");
  return given;
}

/** The flags that were given to a command, its parents included, as they are written; those named in `own` left out. */
export function writtenFlags(command: Command, own: readonly string[]): string[] {
  const flags: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const option of at.options) {
      const name = option.attributeName();
      const value: unknown = at.getOptionValue(name);
      if (option.long === undefined || own.includes(name) || value === undefined) continue;
      const texts = [value].flat().filter((text) => typeof text === "string");
      flags.push(...(value === true ? [option.long] : texts.map((text) => `${option.long}=${text}`)));
    }
  }
  return flags;
}
