/** `longshore worker`: runs the tasks of some files until it is stopped. */
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { describeMachine, thisMachine } from "../../../worker/lifetime/auto-concurrency.js";
import type { AnyTask } from "../../../define/task.js";
import type { Longshore } from "../../../client/longshore.js";
import type { Worker } from "../../../worker/worker.js";
import { connectedTo, sourceOf, targetOf, type GlobalFlags } from "../../flags/connection.js";
import { withHealth } from "../../health/health-server.js";
import { WorkerHealth } from "../../health/worker-health.js";
import { onStopSignals, report, STOP_OR_HANG_UP } from "../../terminal/exit.js";
import { Log } from "../../terminal/log.js";
import { PoolLink } from "../../pool/pool-link.js";
import { loadTasks } from "../../tasks/task-files.js";
import { addWorkerFlags, healthOf, logFormatOf, workerOptionsOf, type WorkerFlags } from "../../flags/worker-flags.js";
import { logWorker } from "../../terminal/worker-log.js";

interface OwnFlags extends WorkerFlags {
  inPool?: boolean;
}

export function defineWorker(command: Command): void {
  addWorkerFlags(command, {
    name: "what it is called in lists (default: host, process id and a random part)",
    concurrency: "how many jobs run at a time; auto: what suits the machine (default: 10)",
  });
  command
    .addOption(new Option("--in-pool", "is one of the workers of a pool").hideHelp())
    .addHelpText(
      "after",
      `
SIGTERM, SIGINT (Ctrl-C) and SIGHUP (its terminal is closed) stop it: it takes no more jobs, lets running ones go on
for --grace, then aborts them and returns unfinished jobs. A second signal skips the wait. It then exits with code 0.`,
    )
    .action(async (queues: string[], _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & OwnFlags>();
      const pool = flags.inPool ? new PoolLink() : null;
      try {
        await runWorker(queues, flags, pool);
      } catch (error) {
        if (pool === null) throw error;
        // The pool waits for the end of this process, which neither the channel to the pool nor handles opened by tasks
        // may delay.
        process.exit(report(error));
      }
    });
}

async function runWorker(
  queues: readonly string[],
  flags: GlobalFlags & OwnFlags,
  pool: PoolLink | null,
): Promise<void> {
  const options = workerOptionsOf(queues, flags);
  const about = pool === null ? {} : { worker: flags.name };
  const log = new Log(logFormatOf(flags), flags.quiet ?? false, about);
  const target = targetOf(flags, process.env);
  const rules = { creates: true, lasting: true, name: flags.name, source: sourceOf(flags, process.env) };
  const health = new WorkerHealth();
  await withHealth(healthOf(flags), health.ready, log, async () => {
    const tasks = await loadTasks(flags.tasks, resolve(flags.path ?? "."));
    await connectedTo(target, rules, (longshore) => work(longshore, tasks));
  });
  // Anything that tasks keep open (a pool of connections, a handler that ignores its signal) must not keep this process
  // alive.
  process.stdout.write("", () => process.exit());

  async function work(longshore: Longshore, tasks: readonly AnyTask[]): Promise<void> {
    const worker = longshore.worker(tasks, options);
    const { name, concurrency } = worker;
    const reason =
      options.concurrency === "auto" ? { concurrencyReason: `auto: ${describeMachine(thisMachine())}` } : {};
    const facts = {
      name,
      queues: worker.queues,
      tasks: namesOf(tasks),
      concurrency,
      ...reason,
      url: longshore.info.url,
    };
    logWorker(worker, log, facts);
    const disobey = pool === null ? obeySignals(worker, log) : () => {};
    health.follow(longshore, worker);
    pool?.join(worker, log, health.ready);
    await worker.finished;
    disobey();
  }
}

function namesOf(tasks: readonly AnyTask[]): string[] {
  return tasks.map(({ name }) => name);
}

function obeySignals(worker: Worker, log: Log): () => void {
  return onStopSignals((signal) => {
    const { running } = worker;
    const wait = running > 0 && worker.state !== "stopping";
    log.write("info", wait ? "Worker stopping; signal again to skip the wait" : "Worker stopping", { signal, running });
    void worker.stop();
  }, STOP_OR_HANG_UP);
}
