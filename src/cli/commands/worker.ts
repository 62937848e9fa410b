/** `longshore worker`: runs the tasks of some files until it is told to stop. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { parseDuration, parsePositiveDuration } from "../../model/duration.js";
import { InvalidInput } from "../../model/errors.js";
import { parseName } from "../../model/name.js";
import type { AnyTask } from "../../worker/task.js";
import type { WorkerOptions } from "../../worker/worker-options.js";
import type { Worker } from "../../worker/worker.js";
import { connectTo, targetOf, type GlobalFlags } from "../connection.js";
import { parseWhole } from "../arguments.js";
import { Log, type LogFormat } from "../log.js";
import { loadTasks } from "../task-files.js";
import { logWorker } from "../worker-log.js";

interface WorkerFlags {
  tasks: string[];
  path?: string;
  tasksRoot?: string[];
  concurrency?: string;
  burst?: boolean;
  maxJobs?: string;
  maxIdle?: string;
  name?: string;
  grace?: string;
  lease?: string;
  logFormat?: string;
  quiet?: boolean;
}

/** Signals closer together than this (milliseconds) are one: npm and the terminal may both pass on a Ctrl-C. */
const ECHO = 300;

export function addWorkerCommand(program: Command): void {
  program
    .command("worker")
    .description("run jobs until told to stop")
    .argument("[queues...]", "the queues, the first served first (default: those of the tasks)")
    .requiredOption("--tasks <file...>", "modules that export tasks with handlers")
    .option("--path <folder>", "where relative task files are (default: the current folder)")
    .option("--tasks-root <folder...>", "where tasks' modules are loaded from, and from nowhere else (default: --path)")
    .option("--concurrency <n>", "how many jobs run at a time (default: 10)")
    .option("--burst", "stop when no job is queued")
    .option("--max-jobs <n>", "stop after this many runs")
    .option("--max-idle <duration>", "stop after this long without work")
    .option("--name <name>", "what it is called in lists (default: host, process id and a random part)")
    .option("--grace <duration>", "how long running jobs may go on after a signal (default: 30s)")
    .option("--lease <duration>", "how soon its jobs run elsewhere when it dies (default: 30s; from 1s)")
    .option("--log-format <format>", "text or json (default: text on a terminal, else json)")
    .option("--quiet", "log warnings and errors only")
    .option("--with-scheduler", "accepted and not needed: every worker starts jobs that are due")
    .addHelpText(
      "after",
      `
SIGTERM and SIGINT (Ctrl-C) stop it: it takes no more jobs, lets running ones go on for --grace, then tells them to
stop and hands back what is unfinished. A second signal skips the wait. It then exits with code 0.`,
    )
    .action(async (queues: string[], _flags: unknown, command: Command) => runWorker(queues, command));
}

async function runWorker(queues: readonly string[], command: Command): Promise<void> {
  const flags = command.optsWithGlobals<GlobalFlags & WorkerFlags>();
  const options = optionsOf(queues, flags);
  const log = new Log(formatOf(flags.logFormat, flags.json ?? false), flags.quiet ?? false);
  const target = targetOf(flags, process.env);
  const tasks = await loadTasks(flags.tasks, resolve(flags.path ?? "."));
  const longshore = await connectTo(target, { creates: true });
  try {
    const worker = longshore.worker(tasks, options);
    const { concurrency } = options;
    const facts = {
      name: worker.name,
      queues: worker.queues,
      tasks: namesOf(tasks),
      concurrency,
      url: longshore.info.url,
    };
    logWorker(worker, log, facts);
    const disobey = obeySignals(worker, log);
    await worker.finished;
    disobey();
  } finally {
    await longshore.close();
  }
  // Whatever the tasks keep open (a pool of connections, a handler that ignores its signal) must not keep us alive.
  process.stdout.write("", () => process.exit());
}

function namesOf(tasks: readonly AnyTask[]): string[] {
  return tasks.map(({ name }) => name);
}

function optionsOf(queues: readonly string[], flags: WorkerFlags): WorkerOptions {
  const { concurrency, burst, maxJobs, maxIdle, name, grace, lease, path = ".", tasksRoot } = flags;
  const names = queues.flatMap((queue) => queue.split(",")).map((queue) => parseName("queue", queue));
  return {
    ...(names.length === 0 ? {} : { queues: names }),
    tasksRoots: (tasksRoot ?? [path]).map((folder) => parseFolder(tasksRoot ? "--tasks-root" : "--path", folder)),
    concurrency: parseWhole("--concurrency", concurrency ?? "10"),
    ...(burst === undefined ? {} : { burst }),
    ...(maxJobs === undefined ? {} : { maxJobs: parseWhole("--max-jobs", maxJobs) }),
    ...(maxIdle === undefined ? {} : { maxIdle: parsePositiveDuration("--max-idle", maxIdle) }),
    ...(name === undefined ? {} : { name: parseName("--name", name) }),
    ...(grace === undefined ? {} : { grace: parseDuration("--grace", grace) }),
    ...(lease === undefined ? {} : { lease: parsePositiveDuration("--lease", lease) }),
  };
}

function parseFolder(option: string, folder: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return resolve(folder);
  throw new InvalidInput(option, folder, "an existing folder");
}

function formatOf(given: string | undefined, json: boolean): LogFormat {
  if (given === undefined) return json || !process.stdout.isTTY ? "json" : "text";
  if (given !== "text" && given !== "json") throw new InvalidInput("--log-format", given, "text or json");
  return given;
}

function obeySignals(worker: Worker, log: Log): () => void {
  let last = Number.NEGATIVE_INFINITY;
  const obey = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - last < ECHO) return;
    last = now;
    const { running } = worker;
    const wait = running > 0 && worker.state !== "stopping";
    log.write("info", wait ? "Worker stopping; signal again to skip the wait" : "Worker stopping", { signal, running });
    void worker.stop();
  };
  process.on("SIGTERM", obey).on("SIGINT", obey);
  return () => process.off("SIGTERM", obey).off("SIGINT", obey);
}
