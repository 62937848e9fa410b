/**
 * What a worker process costs that has nothing to do: CPU time, and on Redis the commands it sends. They are counted
 * from MONITOR, because the server's own counters take the commands inside scripts for commands of clients; MONITOR
 * marks those "lua", and they are counted apart. Periodic work comes every 5 to 30 s, so the window is a multiple of 30
 * s; one command more or less in it is 60 an hour in the full run, 120 in the quick one. Some 20 s after its start a
 * process collects its garbage, for up to 150 ms of CPU: only the full run waits for that first, so only its CPU time
 * means something.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Ledger } from "../ledger.js";
import type { Scenario } from "../scenario.js";
import type { Store } from "../system.js";
import { WorkerLink } from "../worker-link.js";

const CONCURRENCY = 10;
const SETTLE_MS = { quick: 5_000, full: 30_000 };
const WINDOW_MS = { quick: 30_000, full: 60_000 };
const HOUR_MS = 3_600_000;

/** Commands seen by Redis. */
interface Commands {
  fromClients: number;
  fromScripts: number;
}

export const idle: Scenario = {
  id: "idle",
  what: "an idle worker process: its CPU time, and the commands it sends to Redis",
  measures: [
    { name: "idle cpu", unit: "ms CPU/h", better: "less" },
    { name: "idle commands", unit: "commands/h", better: "less" },
    { name: "idle commands in scripts", unit: "commands/h", better: "less" },
  ],
  async round({ system, store, queue, quick }) {
    const options = { concurrency: CONCURRENCY, behaviour: "noop" } as const;
    const order = { system: system.name, store, queue, options, tellsStarts: false };
    const worker = await WorkerLink.start(order, new Ledger());
    try {
      const run = quick ? "quick" : "full";
      const window = WINDOW_MS[run];
      await sleep(SETTLE_MS[run]);
      const perHour = HOUR_MS / window;
      const [cpu, commands] = await Promise.all([cpuDuring(worker, window), commandsDuring(store, window)]);
      return {
        "idle cpu": cpu * perHour,
        ...(commands !== null && {
          "idle commands": commands.fromClients * perHour,
          "idle commands in scripts": commands.fromScripts * perHour,
        }),
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

/** `null` where there is no Redis. */
async function commandsDuring({ kind, url }: Store, window: number): Promise<Commands | null> {
  if (kind !== "redis") {
    await sleep(window);
    return null;
  }
  const redis = new Redis(url);
  const monitor = await redis.monitor();
  try {
    const seen: Commands = { fromClients: 0, fromScripts: 0 };
    monitor.on("monitor", (_time: string, _command: string[], source: string) => {
      if (source === "lua") seen.fromScripts += 1;
      else seen.fromClients += 1;
    });
    await sleep(window);
    return { ...seen };
  } finally {
    monitor.disconnect();
    redis.disconnect();
  }
}
