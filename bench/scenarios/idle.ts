/**
 * The cost of an idle worker process: the commands it sends to Redis, and CPU time. Periodic work comes
 * every 5 to 30 s, so the window is a multiple of 30 s; one command more or less in it is 60 an hour in the full run, 120
 * in the quick one. Some 20 s after its start a process collects its garbage, for up to 150 ms of CPU: only the full run
 * waits for that first, so only its CPU time means something.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutionLog } from "../execution-log.js";
import { commandsDuring } from "../monitor.js";
import type { Scenario } from "../scenario.js";
import { WorkerLink } from "../worker-link.js";

const CONCURRENCY = 10;
const SETTLE_MS = { quick: 3_000, full: 30_000 };
const WINDOW_MS = { quick: 30_000, full: 60_000 };
const HOUR_MS = 3_600_000;

export const idle: Scenario = {
  id: "idle",
  what: "an idle worker process: the commands it sends to Redis, and its CPU time",
  measures: [
    { name: "idle commands", unit: "commands/h", better: "less" },
    { name: "idle commands in scripts", unit: "commands/h", better: "less" },
    { name: "idle cpu", unit: "ms CPU/h", better: "less" },
  ],
  async round({ system, store, queue, quick }) {
    const options = { concurrency: CONCURRENCY, behaviour: "noop" } as const;
    const order = { system: system.name, store, queue, options, reportsStarts: false };
    const worker = await WorkerLink.start(order, new ExecutionLog());
    try {
      const run = quick ? "quick" : "full";
      const window = WINDOW_MS[run];
      await sleep(SETTLE_MS[run]);
      const perHour = HOUR_MS / window;
      const [cpu, commands] = await Promise.all([
        cpuDuring(worker, window),
        store.kind === "redis" ? commandsDuring(store.url, window) : null,
      ]);
      return {
        ...(commands !== null && {
          "idle commands": commands.fromClients * perHour,
          "idle commands in scripts": commands.fromScripts * perHour,
        }),
        "idle cpu": cpu * perHour,
      };
    } finally {
      await worker.kill();
    }
  },
};

/** Milliseconds of CPU time, without what asking for them costs. */
async function cpuDuring(worker: WorkerLink, window: number): Promise<number> {
  const before = await worker.usage();
  const start = await worker.usage();
  await sleep(window);
  const end = await worker.usage();
  const asking = start.cpuMs - before.cpuMs;
  return Math.max(0, end.cpuMs - start.cpuMs - asking);
}
