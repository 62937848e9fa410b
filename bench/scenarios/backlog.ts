/**
 * Does a job cost more when many wait? 5,000 jobs are added, and 5,000 are run by a worker process at concurrency 100,
 * on top of 1,000, 100,000 and 1,000,000 waiting jobs. The backlog is added before and is not measured, nor are the
 * first 5,000 runs of a worker. The smallest backlog is measured twice and the first time does not count: it warms this
 * process up.
 */
import { addAll } from "../add-all.js";
import { ExecutionLog } from "../execution-log.js";
import { payloads } from "../payload.js";
import type { Measure, RoundContext, Scenario } from "../scenario.js";
import type { Line } from "../system.js";
import { WorkerLink } from "../worker-link.js";

const BATCH = 5_000;
const WARM_UP = 5_000;
const FILL = 20_000;
const CONCURRENCY = 100;

interface Level {
  readonly name: string;
  readonly waiting: number;
}

const LEAST: Level = { name: "1k", waiting: 1_000 };
const MORE: readonly Level[] = [
  { name: "100k", waiting: 100_000 },
  { name: "1M", waiting: 1_000_000 },
];

interface Cost {
  /** Milliseconds a job. */
  readonly add: number;
  readonly run: number;
  /** Resident memory of the worker process while it works. */
  readonly residentMb: number;
}

export const backlog: Scenario = {
  id: "backlog",
  what: "cost of adding and of running a job when 1 k, 100 k, 1 M jobs wait",
  measures: [LEAST, ...MORE].flatMap(({ name }) => measuresOf(name)),
  async round(context) {
    const { system, store, queue, jobs } = context;
    const line = await system.open(store, queue);
    const log = new ExecutionLog();
    try {
      await costAt(LEAST, context, line, log);
      const least = await costAt(LEAST, context, line, log);
      const measured = absolute(LEAST.name, least);
      for (const level of MORE.filter(({ waiting }) => waiting <= jobs)) {
        const cost = await costAt(level, context, line, log);
        Object.assign(measured, absolute(level.name, cost), relative(level.name, cost, least));
      }
      return measured;
    } finally {
      await line.close();
    }
  },
};

function measuresOf(name: string): Measure[] {
  const costs: Measure[] = [
    { name: `backlog add ${name}`, unit: "µs/job", better: "less" },
    { name: `backlog run ${name}`, unit: "µs/job", better: "less" },
    { name: `backlog worker rss ${name}`, unit: "MB", better: "less" },
  ];
  if (name === LEAST.name) return costs;
  return [
    ...costs,
    { name: `backlog add ${name}/${LEAST.name}`, unit: "ratio", better: "less" },
    { name: `backlog run ${name}/${LEAST.name}`, unit: "ratio", better: "less" },
  ];
}

function absolute(name: string, { add, run, residentMb }: Cost): Record<string, number> {
  return {
    [`backlog add ${name}`]: add * 1_000,
    [`backlog run ${name}`]: run * 1_000,
    [`backlog worker rss ${name}`]: residentMb,
  };
}

function relative(name: string, cost: Cost, least: Cost): Record<string, number> {
  return {
    [`backlog add ${name}/${LEAST.name}`]: cost.add / least.add,
    [`backlog run ${name}/${LEAST.name}`]: cost.run / least.run,
  };
}

async function costAt({ waiting }: Level, context: RoundContext, line: Line, log: ExecutionLog): Promise<Cost> {
  await fill(line, log, waiting + WARM_UP);
  const inputs = payloads(BATCH);
  const start = performance.now();
  const ids = await addAll(line, inputs);
  const add = (performance.now() - start) / BATCH;
  log.add(ids);
  const cost = { add, ...(await run(context, log)) };
  await log.confirm(line);
  return cost;
}

async function fill(line: Line, log: ExecutionLog, waiting: number): Promise<void> {
  while (log.outstanding < waiting) {
    log.add(await addAll(line, payloads(Math.min(FILL, waiting - log.outstanding))));
  }
}

async function run({ system, store, queue }: RoundContext, log: ExecutionLog): Promise<Omit<Cost, "add">> {
  const options = { concurrency: CONCURRENCY, behaviour: "noop" } as const;
  const from = log.completions + WARM_UP;
  const to = from + BATCH;
  const order = { system: system.name, store, queue, options, reportsStarts: false };
  const worker = await WorkerLink.start(order, log);
  try {
    await log.until(() => log.completions >= to);
    const { residentMb } = await worker.usage();
    await worker.stop();
    return { run: log.pace(from, to), residentMb };
  } finally {
    await worker.kill();
  }
}
