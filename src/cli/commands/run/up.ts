/** `longshore up`: engine, workers, schedules and server with one command. */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Longshore } from "../../../client/longshore.js";
import type { AnyTask } from "../../../define/task.js";
import { systemClock } from "../../../model/value/clock.js";
import type { Target } from "../../../engine/target.js";
import type { WorkerOptions } from "../../../worker/options.js";
import { listed } from "../../flags/arguments.js";
import { connectedTo, sourceOf, targetOf, type GlobalFlags } from "../../flags/connection.js";
import { addServerFlags, serverAccessOf, serverAddressOf, type ServerFlags } from "../../flags/server-flags.js";
import { findFile, loadTasks } from "../../tasks/task-files.js";
import { addRunFlags, logFormatOf, workerOptionsOf, writtenFlags, type WorkerFlags } from "../../flags/worker-flags.js";
import { parseWorkers, poolOptionsOf } from "../../pool/pool-options.js";
import type { PoolOptions } from "../../pool/worker-pool.js";
import { ownWorker } from "../../serving/own-worker.js";
import { pooledWorkers } from "../../serving/pooled-workers.js";
import { preloadServer, serve, type Serving } from "../../serving/serve.js";
import { WatchedWorkers } from "../../serving/watched-workers.js";
import { noWorkers, type Workers } from "../../serving/workers.js";
import { onStopSignals, STOP_OR_HANG_UP, UsageError } from "../../terminal/exit.js";
import { Log } from "../../terminal/log.js";
import { watchFolder } from "../../watch/folder-notices.js";
import { sourcesOf } from "../../tasks/source-graph.js";

interface UpFlags extends GlobalFlags, ServerFlags, Omit<WorkerFlags, "tasks"> {
  tasks?: string[];
  queues?: string[];
  workers?: string;
  watch?: boolean;
}

/** Where jobs are when nothing says so. */
const DEFAULT_URL = "sqlite:data/longshore.db";
/** How long running jobs may go on when their code has changed: who waits for new code is at the keyboard. */
const WATCH_GRACE = "5s";

/** The flags that are not for the workers of a pool, or are written for each. */
const OWN_FLAGS = ["port", "host", "hosts", "open", "workers", "watch", "queues", "name", "concurrency"];

/** The flags that have a meaning where no job is run. */
const SERVING_FLAGS = ["url", "prefix", "json", "port", "host", "hosts", "open", "logFormat", "quiet"];

export function defineUp(command: Command): void {
  command
    .option("--tasks <file...>", "modules that export tasks with handlers (default: jobs are accepted, none run here)")
    .option("--queues <names>", "the queues, the first served first, with commas (default: those of the tasks)", listed)
    .option(
      "--workers <n>",
      "1: one worker in this process; more, or auto (one for each core): in processes of their own (default: 1)",
    )
    .option("--watch", "run the code as it is now: replace the workers when a task file, or what it imports, changes");
  addServerFlags(command);
  addRunFlags(command, {
    name: "what the worker is called in lists (default: host, process id and a random part)",
    concurrency: "how many jobs each worker runs at a time; auto: what suits the machine (default: 10)",
  })
    .addHelpText(
      "after",
      `
Without --url and the environment variables below, jobs are in ${DEFAULT_URL}; file and folder are made when missing.

SIGTERM, SIGINT (Ctrl-C) and SIGHUP (its terminal is closed) stop it: it takes no more jobs, lets running ones go on
for --grace, then aborts them and returns unfinished jobs. The server answers meanwhile. A second signal skips the wait.
It then exits with code 0.
With --watch workers are processes of their own, and --grace is ${WATCH_GRACE} unless given.`,
    )
    .action(async (_flags: unknown, command: Command) => runUp(command));
}

async function runUp(command: Command): Promise<void> {
  const flags = command.optsWithGlobals<UpFlags>();
  const options = workerOptionsOf(flags.queues ?? [], flags.watch ? { grace: WATCH_GRACE, ...flags } : flags);
  const address = serverAddressOf(flags);
  const access = serverAccessOf(flags, process.env);
  const log = new Log(logFormatOf(flags), flags.quiet ?? false);
  const target = targetOf(flags, process.env, { fallback: DEFAULT_URL });
  const { kind, workers: count } = kindOf(flags, command);
  const pool = poolOptionsOf({
    ...{ workers: count, options, queues: flags.queues ?? [], log },
    flags: flagsOfWorkers(command, flags, target),
  });
  preloadServer();
  const folder = resolve(flags.path ?? ".");
  const files = (flags.tasks ?? []).map((file) => findFile(file, folder));
  let server: Serving | null = null;
  const watched =
    kind === "watched"
      ? new WatchedWorkers({
          ...{ request: { files, folder }, pool, log },
          source: { sources: () => sourcesOf(files, options.tasksRoots ?? [folder]), watchFolder, clock: systemClock },
          loaded: (now) => server?.replaceTasks(now),
        })
      : null;
  const alone = kind === "own" || kind === "none";
  const rules = { creates: true, alone, lasting: true, name: flags.name, source: sourceOf(flags, process.env) };
  const named = flags.url !== undefined || target === DEFAULT_URL;
  try {
    const tasks = watched === null ? await loadTasks(files, folder) : await watched.load();
    await connectedTo(target, rules, async (longshore) => {
      let started: Workers | null = null;
      const ready = async (): Promise<boolean> => started !== null && started.ready();
      // Listens first: when that is refused, no job has been taken.
      server = await serve(longshore, { address, access, tasks, ready, log, named });
      const workers = watched ?? startWorkers(kind, longshore, tasks, { options, pool, log });
      watched?.start();
      started = workers;
      const disobey = onStopSignals((signal) => workers.stop({ signal }), STOP_OR_HANG_UP);
      process.exitCode = await workers.finished;
      disobey();
      await server.close();
    });
  } finally {
    await watched?.close();
  }
  // Anything that tasks keep open must not keep this process alive.
  process.stdout.write("", () => process.exit());
}

/** Where jobs are run: nowhere here, in this process, in others, or in others that are replaced when their code changes. */
type Kind = "none" | "own" | "pooled" | "watched";

function kindOf(
  { tasks = [], workers = "1", watch = false }: UpFlags,
  command: Command,
): { kind: Kind; workers: number } {
  const count = parseWorkers(workers);
  if (tasks.length > 0) return { kind: watch ? "watched" : count > 1 ? "pooled" : "own", workers: count };
  const useless = new Set(writtenFlags(command, SERVING_FLAGS).map((flag) => flag.replace(/=.*/s, "")));
  if (useless.size > 0) {
    const need = `${[...useless].join(", ")} ${useless.size === 1 ? "needs" : "need"}`;
    throw new UsageError(`${need} --tasks: without code no job is run here`);
  }
  return { kind: "none", workers: count };
}

/** The flags that each worker process is given. */
function flagsOfWorkers(command: Command, { url, watch, grace }: UpFlags, target: string | Target): string[] {
  return [
    ...writtenFlags(command, OWN_FLAGS),
    ...(url === undefined && target === DEFAULT_URL ? [`--url=${DEFAULT_URL}`] : []),
    ...(watch && grace === undefined ? [`--grace=${WATCH_GRACE}`] : []),
  ];
}

interface WorkersRequest {
  readonly options: WorkerOptions;
  readonly pool: PoolOptions;
  readonly log: Log;
}

function startWorkers(
  kind: Kind,
  longshore: Longshore,
  tasks: readonly AnyTask[],
  { options, pool, log }: WorkersRequest,
): Workers {
  if (kind === "pooled") return pooledWorkers(pool);
  if (kind === "own") return ownWorker(longshore, tasks, options, log);
  log.write("warn", "No --tasks: jobs are accepted, and wait for workers of other processes");
  return noWorkers(log);
}
