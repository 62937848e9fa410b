/** A pool of `longshore worker` processes as flags describe it: how many, their names, and what each is started with. */
import { availableParallelism } from "node:os";
import { systemClock } from "../../model/value/clock.js";
import { parseName } from "../../model/value/name.js";
import { parseWhole } from "../../model/value/scalar.js";
import { autoConcurrency, describeMachine, thisMachine } from "../../worker/lifetime/auto-concurrency.js";
import { defaultName, hostName, parseWorkerOptions, type WorkerOptions } from "../../worker/options.js";
import { parseCount } from "../flags/worker-flags.js";
import type { Log } from "../terminal/log.js";
import type { PoolOptions } from "./worker-pool.js";
import { processStarter } from "./worker-process.js";

/** What a pool is made of. */
export interface PoolRequest {
  readonly workers: number;
  /** The options that its workers are to have. */
  readonly options: WorkerOptions;
  readonly queues: readonly string[];
  /** The flags of a worker, as they are written, except for its name, concurrency and queues. */
  readonly flags: readonly string[];
  readonly log: Log;
}

const MOST_WORKERS = 1_000;

/** How many processes `--workers` asks for. @throws InvalidInput */
export function parseWorkers(text: string): number {
  const count = parseCount("--workers", text);
  return count === "auto" ? availableParallelism() : parseWhole("--workers", count, 1, MOST_WORKERS);
}

/** The options of the pool. @throws InvalidInput */
export function poolOptionsOf({ workers, options: given, queues, flags, log }: PoolRequest): PoolOptions {
  const options = parseWorkerOptions(given, ["default"]);
  const machine = thisMachine();
  const isAuto = given.concurrency === "auto";
  const concurrency = isAuto ? Math.max(1, Math.floor(autoConcurrency(machine) / workers)) : options.concurrency;
  return {
    names: namesOf(given.name, workers),
    start: processStarter((name) => [
      ...flags,
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
  };
}

/** Worker names, unique to this host. A slot keeps its name whatever happens to its workers. @throws InvalidInput */
function namesOf(name: string | undefined, workers: number): string[] {
  const base = name === undefined ? defaultName() : `${name}-${hostName()}`;
  return Array.from({ length: workers }, (_, index) => parseName("--name", `${base}-${index + 1}`));
}
