/** `longshore pool`: keeps a number of `longshore worker` processes at work until it is stopped. */
import type { Command } from "commander";
import type { GlobalFlags } from "../../flags/connection.js";
import {
  addWorkerFlags,
  healthOf,
  logFormatOf,
  workerOptionsOf,
  writtenFlags,
  type WorkerFlags,
} from "../../flags/worker-flags.js";
import { withHealth } from "../../health/health-server.js";
import { parseWorkers, poolOptionsOf } from "../../pool/pool-options.js";
import { Pool } from "../../pool/worker-pool.js";
import { onStopSignals } from "../../terminal/exit.js";
import { Log } from "../../terminal/log.js";

interface PoolFlags extends WorkerFlags {
  workers?: string;
}

export function definePool(command: Command): void {
  command.option("--workers <n>", "how many processes; auto: one for each core (default: auto)");
  addWorkerFlags(command, {
    name: "what its workers are called: NAME-HOST-1 and so on (default: host, process id and a random part)",
    concurrency: "how many jobs each worker runs at a time; auto shares out what suits the machine (default: 10)",
  });
  command
    .addHelpText(
      "after",
      `
Each worker is a process of its own and has all other flags. One that ends by --max-jobs or --max-rss is replaced at
once, one that dies after 1 s, 2 s, 4 s … 30 s. With --burst or --max-idle workers that run dry are not replaced, and
the pool ends with the last.

SIGTERM and SIGINT (Ctrl-C) stop all workers as they stop one; a second signal skips the wait for running jobs. A worker
that is still there 10 s after its --grace is killed. SIGHUP replaces all workers, one at a time, for new code.`,
    )
    .action(async (queues: string[], _flags: unknown, command: Command) => runPool(queues, command));
}

async function runPool(queues: readonly string[], command: Command): Promise<void> {
  const flags = command.optsWithGlobals<GlobalFlags & PoolFlags>();
  const options = workerOptionsOf(queues, flags);
  const log = new Log(logFormatOf(flags), flags.quiet ?? false);
  const workers = parseWorkers(flags.workers ?? "auto");
  const passedOn = writtenFlags(command, ["workers", "name", "concurrency", "health"]);
  const pool = new Pool(poolOptionsOf({ workers, options, queues, flags: passedOn, log }));
  await withHealth(
    healthOf(flags),
    () => pool.ready(),
    log,
    async () => {
      const disobey = onStopSignals((signal) => pool.stop({ signal }));
      const renew = (): void => void pool.restart();
      process.on("SIGHUP", renew);
      pool.start();
      process.exitCode = await pool.finished;
      process.off("SIGHUP", renew);
      disobey();
    },
  );
}
