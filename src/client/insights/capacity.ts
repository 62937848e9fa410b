/** What is measured of queues for advice on their capacity. */
import type { Engine, WorkerRecord } from "../../engine/contract/engine.js";
import { adviseCapacity, type CapacityAdvice, type MeasuredStep } from "../../model/capacity/capacity.js";
import { InvalidInput, QueueNotFound } from "../../model/errors/errors.js";
import { noFigures } from "../../model/series/figures.js";
import { checkOptions } from "../../model/value/call-options.js";
import { parseDuration, parsePositiveDuration, type Duration } from "../../model/value/duration.js";
import { isReserved, parseName } from "../../model/value/name.js";
import { serving } from "../../model/worker/serving.js";

export interface CapacityOptions {
  /** One queue, or several. Default: the 200 with the most jobs. */
  queues?: string | readonly string[];
  /** How long 95 of 100 jobs may wait for a slot, at the busiest time too. Default: 30 s. */
  targetWait?: Duration;
  /** How far back is looked: 15 minutes to 24 hours. Default: an hour. */
  window?: Duration;
}

/** The answer to `Longshore.capacity`. */
export interface CapacityReport {
  /** When: epoch milliseconds of the engine's clock. */
  readonly at: number;
  /** Milliseconds. */
  readonly window: number;
  readonly targetWait: number;
  /** By name. */
  readonly queues: readonly CapacityAdvice[];
}

const MINUTE = 60_000;
const STEP = 5 * MINUTE;
const DEFAULT_TARGET = 30_000;
const HOUR = 60 * MINUTE;
const SHORTEST_WINDOW = 15 * MINUTE;
const LONGEST_WINDOW = 24 * HOUR;
const MOST_QUEUES = 200;

interface Parsed {
  readonly queues: readonly string[] | null;
  readonly targetWait: number;
  readonly window: number;
}

/** Checks options. @throws InvalidInput */
export function parseCapacityOptions(options: CapacityOptions): Parsed {
  checkOptions(options, ["queues", "targetWait", "window"]);
  const { queues } = options;
  const names = queues === undefined ? null : typeof queues === "string" ? [queues] : queues;
  const targetWait =
    options.targetWait === undefined ? DEFAULT_TARGET : parseDuration("targetWait", options.targetWait);
  const window = options.window === undefined ? HOUR : parsePositiveDuration("window", options.window);
  if (window < SHORTEST_WINDOW || window > LONGEST_WINDOW) {
    throw new InvalidInput("window", options.window, "from 15 minutes to 24 hours");
  }
  if (names !== null && names.length > MOST_QUEUES) {
    throw new InvalidInput("queues", names.length, `at most ${MOST_QUEUES} queues`);
  }
  return { queues: names?.map((name, index) => parseName(`queues[${index}]`, name)) ?? null, targetWait, window };
}

/** Measures, and advises. @throws QueueNotFound for a queue that is named and that neither jobs nor a worker know; EngineUnavailable */
export async function readCapacity(engine: Engine, { queues, targetWait, window }: Parsed): Promise<CapacityReport> {
  const [at, workers] = await Promise.all([engine.now(), engine.workers()]);
  if (queues !== null) await checkQueues(engine, queues, workers);
  const names = (queues ?? (await mostUsed(engine))).toSorted();
  const steps = names.length === 0 ? new Map<string, MeasuredStep[]>() : await measure(engine, names, at, window);
  return {
    at,
    window,
    targetWait,
    queues: names.map((name) => adviseCapacity(name, steps.get(name) ?? [], presentIn(workers, name), targetWait)),
  };
}

async function checkQueues(engine: Engine, names: readonly string[], workers: readonly WorkerRecord[]): Promise<void> {
  const existing = await engine.queues({ names });
  const known = new Set([...existing.map(({ name }) => name), ...workers.flatMap((worker) => worker.queues)]);
  const missing = names.find((name) => !known.has(name));
  if (missing !== undefined) throw new QueueNotFound(missing);
}

async function mostUsed(engine: Engine): Promise<string[]> {
  return (await engine.queues())
    .filter(({ name }) => !isReserved(name))
    .map(({ name, counts }) => ({ name, jobs: counts.queued + counts.active + counts.completed + counts.failed }))
    .toSorted((a, b) => b.jobs - a.jobs)
    .slice(0, MOST_QUEUES)
    .map(({ name }) => name);
}

function presentIn(workers: readonly WorkerRecord[], queue: string) {
  const living = serving(workers, queue);
  return {
    workers: living.length,
    slots: living.reduce((sum, { concurrency }) => sum + concurrency, 0),
    sharedWith: [...new Set(living.flatMap(({ queues }) => queues))].filter((name) => name !== queue).toSorted(),
  };
}

/** The steps of each queue, from the first in which anything was measured to now; the others with nothing in them. */
async function measure(
  engine: Engine,
  queues: readonly string[],
  now: number,
  window: number,
): Promise<Map<string, MeasuredStep[]>> {
  const { rows, samples } = await engine.series({ queues, from: now - window, to: now, step: STEP, by: ["queue"] });
  const figures = new Map(rows.map((row) => [`${row.queue} ${row.at}`, row.figures]));
  const depths = new Map(samples.map(({ queue, at, samples: { depth, count } }) => [`${queue} ${at}`, depth / count]));
  const firstAt = new Map<string, number>();
  for (const { queue, at } of [...rows, ...samples]) {
    firstAt.set(queue ?? "", Math.min(at, firstAt.get(queue ?? "") ?? Number.POSITIVE_INFINITY));
  }
  return new Map(
    [...firstAt].map(([queue, first]) => {
      const count = Math.max(0, Math.ceil((now - first) / STEP));
      const steps = Array.from({ length: count }, (_, index): MeasuredStep => {
        const at = first + index * STEP;
        const { run } = figures.get(`${queue} ${at}`) ?? noFigures();
        return {
          at,
          length: Math.min(STEP, now - at),
          runs: run.buckets.reduce((sum, n) => sum + n, 0),
          time: run.sum,
          buckets: run.buckets,
          depth: depths.get(`${queue} ${at}`) ?? 0,
        };
      });
      // In the first step of all it is not known when the queue began to be used.
      const isFirst = first > now - window && steps.length > 1;
      return [queue, withoutShortEnd(isFirst ? steps.slice(1) : steps)];
    }),
  );
}

/** A step that has just begun says nothing of a rate: it is added to the one before. */
function withoutShortEnd(steps: readonly MeasuredStep[]): MeasuredStep[] {
  const [before, last] = [steps.at(-2), steps.at(-1)];
  if (before === undefined || last === undefined || last.length >= STEP / 2) return [...steps];
  const both = {
    at: before.at,
    length: before.length + last.length,
    runs: before.runs + last.runs,
    time: before.time + last.time,
    buckets: before.buckets.map((n, bucket) => n + (last.buckets[bucket] ?? 0)),
    depth: last.depth,
  };
  return [...steps.slice(0, -2), both];
}
