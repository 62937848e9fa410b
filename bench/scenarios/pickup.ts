/**
 * How soon an idle system begins a job: one job at a time, from just before the call that adds it to the start of its
 * handler; the next one after a pause of 3 to 10 ms from its completion, by chance, so that no timer beats in step.
 * Once with producer and worker in this process, once with the worker in another.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutionLog } from "../execution-log.js";
import { moment } from "../moment.js";
import { payloads } from "../payload.js";
import type { Measure, RoundContext, Scenario } from "../scenario.js";
import type { Line } from "../system.js";
import { WorkerLink } from "../worker-link.js";

const CONCURRENCY = 10;
const WARM_UP = 20;
const PAUSE_MS = { least: 3, most: 10 };
const PERCENTILES = [50, 95, 99];

export const pickup: Scenario = {
  id: "pickup",
  what: "idle system: from adding one job to the start of its handler, in one process and across processes",
  measures: ["pickup", "pickup-procs"].flatMap((name) => PERCENTILES.map((percent) => measure(name, percent))),
  async round(context) {
    const inside = percentiles("pickup", await inProcess(context));
    // Jobs in memory are seen by one process only.
    if (context.store.kind === "memory") return inside;
    return { ...inside, ...percentiles("pickup-procs", await acrossProcesses(context)) };
  },
};

function measure(name: string, percent: number): Measure {
  return { name: `${name} p${percent}`, unit: "ms", better: "less" };
}

async function inProcess({ system, store, queue, jobs }: RoundContext): Promise<number[]> {
  const log = new ExecutionLog();
  const line = await system.open(store, queue);
  try {
    const worker = await line.work({
      concurrency: CONCURRENCY,
      behaviour: "noop",
      started: (id) => log.record({ starts: [[id, moment()]], done: [], doneAt: 0 }),
      done: (id) => log.record({ starts: [], done: [id], doneAt: moment() }),
      failed: (error) => log.fail(error),
    });
    try {
      return await latencies(line, log, jobs);
    } finally {
      await worker.stop();
    }
  } finally {
    await line.close();
  }
}

async function acrossProcesses({ system, store, queue: first, jobs }: RoundContext): Promise<number[]> {
  const queue = `${first}-procs`;
  const options = { concurrency: CONCURRENCY, behaviour: "noop" } as const;
  const log = new ExecutionLog();
  const line = await system.open(store, queue);
  try {
    const worker = await WorkerLink.start({ system: system.name, store, queue, options, reportsStarts: true }, log);
    try {
      return await latencies(line, log, jobs);
    } finally {
      await worker.kill();
    }
  } finally {
    await line.close();
  }
}

async function latencies(line: Line, log: ExecutionLog, samples: number): Promise<number[]> {
  const measured: number[] = [];
  for (const payload of payloads(WARM_UP + samples)) {
    await sleep(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least));
    const start = moment();
    const id = await line.add(payload);
    log.add([id]);
    await log.until(() => log.isDone(id));
    measured.push(log.startOf(id) - start);
  }
  await log.confirm(line);
  return measured.slice(WARM_UP);
}

function percentiles(name: string, values: readonly number[]): Record<string, number> {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? Number.NaN;
  return Object.fromEntries(PERCENTILES.map((percent) => [`${name} p${percent}`, at(percent)]));
}
