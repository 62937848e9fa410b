/**
 * A worker process that holds 1,000 active jobs is killed; another waits. Measured until all of them have begun again
 * there, from the kill and beyond the lease, which is 5 s for every system that has one. The jobs end at once when they
 * run again: a system that runs the jobs of a dead worker one by one must be able to come to the end. The kill comes by chance
 * anywhere within a period of the systems' checks. Beyond the lease may be less than zero: leases were last renewed
 * before the kill.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { addAll } from "../add-all.js";
import { ExecutionLog } from "../execution-log.js";
import { payloads } from "../payload.js";
import type { RoundContext, Scenario } from "../scenario.js";
import type { Behaviour, Line } from "../system.js";
import { WorkerLink } from "../worker-link.js";

const LEASE_MS = 5_000;

export const recover: Scenario = {
  id: "recover",
  what: "a worker is killed with 1,000 active jobs: time until all have begun again in another, lease 5 s",
  measures: [
    { name: "recover", unit: "ms", better: "less" },
    { name: "recover beyond lease", unit: "ms", better: "less" },
  ],
  async round(context) {
    const { system, store, queue } = context;
    const line = await system.open(store, queue);
    try {
      const elapsed = await recovery(context, line);
      return { recover: elapsed, "recover beyond lease": elapsed - LEASE_MS };
    } finally {
      await line.close();
    }
  },
};

async function recovery({ system, store, queue, jobs }: RoundContext, line: Line): Promise<number> {
  const workers: WorkerLink[] = [];
  const start = async (behaviour: Behaviour, log: ExecutionLog): Promise<WorkerLink> => {
    const options = { concurrency: jobs, behaviour, leaseMs: LEASE_MS };
    const order = { system: system.name, store, queue, options, reportsStarts: true };
    const worker = await WorkerLink.start(order, log);
    workers.push(worker);
    return worker;
  };
  try {
    const ids = await addAll(line, payloads(jobs));
    const held = new ExecutionLog();
    held.add(ids);
    const victim = await start("hold", held);
    await held.until(() => held.begun === jobs);
    const again = new ExecutionLog();
    again.add(ids);
    const heir = await start("noop", again);
    await sleep(LEASE_MS * Math.random());
    const killed = await victim.kill();
    await again.until(() => again.begun === jobs && again.outstanding === 0);
    await heir.stop();
    await again.confirm(line);
    return again.lastStart - killed;
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
  }
}
