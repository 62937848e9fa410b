/** `longshore pool`: keeps a number of `longshore worker` processes at work until it is stopped. */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { systemClock } from "../../model/value/clock.js";
import { parseName } from "../../model/value/name.js";
import { parseWhole } from "../../model/value/scalar.js";
import { autoConcurrency, describeMachine, thisMachine } from "../../worker/lifetime/auto-concurrency.js";
import { defaultName, hostName, parseWorkerOptions } from "../../worker/options.js";
import type { GlobalFlags } from "../flags/connection.js";
import { Log } from "../terminal/log.js";
import { Pool } from "../pool/worker-pool.js";
import { withHealth } from "../health/health-server.js";
import { processStarter } from "../pool/worker-process.js";
import { onStopSignals } from "../terminal/exit.js";
import {
  addWorkerFlags,
  healthOf,
  logFormatOf,
  parseCount,
  workerOptionsOf,
  writtenFlags,
  type WorkerFlags,
} from "../flags/worker-flags.js";

interface PoolFlags extends WorkerFlags {
  workers?: string;
}

const MOST_WORKERS = 1_000;

export function addPoolCommand(program: Command): void {
  const command = program
    .command("pool")
    .description("run several workers, and replace those that end")
    .option("--workers <n>", "how many processes; auto: one for each core (default: auto)");
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
  const given = workerOptionsOf(queues, flags);
  const options = parseWorkerOptions(given, ["default"]);
  const log = new Log(logFormatOf(flags), flags.quiet ?? false);
  const workers = workersOf(flags);
  const machine = thisMachine();
  const isAuto = given.concurrency === "auto";
  const concurrency = isAuto ? Math.max(1, Math.floor(autoConcurrency(machine) / workers)) : options.concurrency;
  const names = namesOf(flags.name, workers);
  const passedOn = writtenFlags(command, ["workers", "name", "concurrency", "health"]);

  const pool = new Pool({
    names,
    start: processStarter((name) => [
      ...passedOn,
      `--concurrency=${concurrency}`,
      `--name=${name}`,
      "--in-pool",
      "--",
      ...queues,
    ]),
    clock: systemClock,
    log,
    grace: options.grace,
    facts: {
      workers,
      concurrency,
      ...(isAuto ? { concurrencyReason: `auto: ${describeMachine(machine)}, ${workers} workers` } : {}),
      pid: process.pid,
    },
  });
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

function workersOf({ workers = "auto" }: PoolFlags): number {
  const count = parseCount("--workers", workers);
  return count === "auto" ? availableParallelism() : parseWhole("--workers", count, 1, MOST_WORKERS);
}

/** Worker names, unique to this host. A slot keeps its name whatever happens to its workers. @throws InvalidInput */
function namesOf(name: string | undefined, workers: number): string[] {
  const base = name === undefined ? defaultName() : `${name}-${hostName()}`;
  return Array.from({ length: workers }, (_, index) => parseName("--name", `${base}-${index + 1}`));
}
