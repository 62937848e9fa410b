/** `longshore up`: engine, workers, schedules and server with one command. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { listed } from "../flags/arguments.js";
import { connectedTo, targetOf, type GlobalFlags } from "../flags/connection.js";
import { addServerFlags, serverAccessOf, serverAddressOf, type ServerFlags } from "../flags/server-flags.js";
import { loadTasks } from "../flags/task-files.js";
import { addRunFlags, logFormatOf, workerOptionsOf, type WorkerFlags } from "../flags/worker-flags.js";
import { ownWorker } from "../serving/own-worker.js";
import { preloadServer, serve } from "../serving/serve.js";
import { noWorkers } from "../serving/workers.js";
import { onStopSignals } from "../terminal/exit.js";
import { Log } from "../terminal/log.js";

interface UpFlags extends ServerFlags, Omit<WorkerFlags, "tasks"> {
  tasks?: string[];
  queues?: string[];
}

/** Where jobs are when nothing says so. */
const DEFAULT_URL = "sqlite:data/longshore.db";

export function addUpCommand(program: Command): void {
  const command = program
    .command("up")
    .description("run jobs and serve the HTTP API, with one command")
    .option(
      "--tasks <file...>",
      "modules that export tasks with handlers (default: jobs are accepted, nothing runs them)",
    )
    .option(
      "--queues <names>",
      "the queues, the first served first, with commas (default: those of the tasks)",
      listed,
    );
  addServerFlags(command);
  addRunFlags(command, {
    name: "what the worker is called in lists (default: host, process id and a random part)",
    concurrency: "how many jobs run at a time; auto: what suits the machine (default: 10)",
  })
    .addHelpText(
      "after",
      `
Without --url and the environment variables below, jobs are in ${DEFAULT_URL}; file and folder are made when missing.

SIGTERM and SIGINT (Ctrl-C) stop it: it takes no more jobs, lets running ones go on for --grace, then aborts them
and returns unfinished jobs. The server answers meanwhile. A second signal skips the wait. It then exits with code 0.`,
    )
    .action(async (_flags: unknown, command: Command) => runUp(command));
}

async function runUp(command: Command): Promise<void> {
  const flags = command.optsWithGlobals<GlobalFlags & UpFlags>();
  const options = workerOptionsOf(flags.queues ?? [], flags);
  const address = serverAddressOf(flags);
  const log = new Log(logFormatOf(flags), flags.quiet ?? false);
  const target = targetOf(flags, process.env, DEFAULT_URL);
  preloadServer();
  const tasks = await loadTasks(flags.tasks ?? [], resolve(flags.path ?? "."));
  await connectedTo(target, { creates: true, alone: true, lasting: true, name: flags.name }, async (longshore) => {
    const server = await serve(longshore, { address, access: serverAccessOf(flags), tasks, log });
    if (tasks.length === 0) log.write("warn", "No --tasks: jobs are accepted, and wait for workers of other processes");
    const workers = tasks.length === 0 ? noWorkers(log) : ownWorker(longshore, tasks, options, log);
    const disobey = onStopSignals((signal) => workers.stop({ signal }));
    process.exitCode = await workers.finished;
    disobey();
    await server.close();
  });
  // Anything that tasks keep open must not keep this process alive.
  process.stdout.write("", () => process.exit());
}
