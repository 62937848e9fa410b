/**
 * A small fleet in steady state: this process adds without pause, 1,000 at a time, as long as no more than 5,000 jobs
 * wait, or a quarter of a smaller round; two worker processes run them. The pace is taken over both processes, by the one
 * clock of the machine, from the first tenth of the completions to where the last job was added.
 */
import { BULK } from "../add-all.js";
import { ExecutionLog } from "../execution-log.js";
import { payloads } from "../payload.js";
import type { RoundContext, Scenario } from "../scenario.js";
import type { Line } from "../system.js";
import { WorkerLink } from "../worker-link.js";

const WORKERS = 2;
const CONCURRENCY = 100;
const MOST_WAITING = 5_000;

export const runProcs: Scenario = {
  id: "run-procs",
  what: "one process adds in bulk, two worker processes run, concurrency 100 each, steady state",
  measures: [{ name: "run-procs", unit: "jobs/s", better: "more" }],
  async round({ system, store, queue, jobs }: RoundContext) {
    const line = await system.open(store, queue);
    const log = new ExecutionLog();
    const workers: WorkerLink[] = [];
    try {
      const options = { concurrency: CONCURRENCY, behaviour: "noop" } as const;
      const order = { system: system.name, store, queue, options, reportsStarts: false };
      const start = async (): Promise<unknown> => workers.push(await WorkerLink.start(order, log));
      await Promise.all(Array.from({ length: WORKERS }, start));
      const waiting = Math.min(MOST_WAITING, jobs / 4);
      await produce(line, log, jobs, waiting);
      await log.until(() => log.outstanding === 0);
      await Promise.all(workers.map((worker) => worker.stop()));
      await log.confirm(line);
      return { "run-procs": 1_000 / log.pace(jobs * 0.1, jobs - waiting) };
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()));
      await line.close();
    }
  },
};

async function produce(line: Line, log: ExecutionLog, jobs: number, most: number): Promise<void> {
  for (let added = 0; added < jobs; added += BULK) {
    const inputs = payloads(Math.min(BULK, jobs - added));
    await log.until(() => log.outstanding + inputs.length <= most);
    log.add(await line.addBulk(inputs));
  }
}
