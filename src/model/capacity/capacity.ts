/**
 * How many slots a queue needs, from what was measured of it: at which rate jobs come, how long their runs take and how much that varies,
 * and how many wait. The queue is taken for M/M/c (erlang.ts), with waits corrected for how much run times vary. That supposes that jobs come
 * independently of each other; where they come in batches, waits are longer.
 */
import { DURATION_BOUNDS } from "../series/durations.js";
import { formatDuration } from "../value/duration.js";
import { meanWait, serversFor, waitOfShare } from "./erlang.js";

/** The share of the jobs that is to wait no longer than the target. */
export const SHARE = 0.95;
/** What must have been seen before anything is advised: so many runs, over so many milliseconds. */
export const LEAST_RUNS = 30;
export const LEAST_SPAN = 15 * 60_000;
/** The most slots that are advised. */
const MOST_SLOTS = 100_000;
const MINUTE = 60_000;
/** Bounds of the correction: equal run times, and ones of which a few take nearly all of the time. */
const LEAST_SPREAD = 0.5;
const MOST_SPREAD = 50;

/** What was measured of a queue in one step. */
export interface MeasuredStep {
  /** When it begins: epoch milliseconds; and how much of it has passed. */
  readonly at: number;
  readonly length: number;
  /** How many runs ended in it, those that are tried again included. */
  readonly runs: number;
  /** How long they took together, and how many of them fall into each bucket of durations. */
  readonly time: number;
  readonly buckets: readonly number[];
  /** How many jobs waited, on the average. */
  readonly depth: number;
}

/** Who works on a queue now. */
export interface PresentWorkers {
  readonly workers: number;
  /** Their slots together. */
  readonly slots: number;
  /** Other queues that they serve with the same slots. */
  readonly sharedWith: readonly string[];
}

/** How long jobs wait for a slot. Milliseconds; `null`: longer and longer, as more come than can be run. */
export interface ExpectedWait {
  readonly mean: number | null;
  /** 95 of 100 wait no longer. */
  readonly p95: number | null;
}

/** What is known of the capacity of a queue, and what is advised. */
export interface CapacityAdvice extends PresentWorkers {
  readonly queue: string;
  /** How many runs ended since then: epoch milliseconds. */
  readonly runs: number;
  readonly since: number | null;
  /** `null` with all that follows from it: too little was measured. */
  readonly arrivals: {
    /** Runs to be begun a minute, jobs that are tried again included: on the average, and in the five minutes with the most. */
    readonly mean: number;
    readonly peak: number;
  } | null;
  /** How long a run takes on the average, milliseconds. */
  readonly runTime: number | null;
  /** How much longer waits are for how much run times vary: 1 as with exponential ones, 0.5 where all take equally long. */
  readonly spread: number | null;
  /** How many slots are busy on the average, and what part of those there are. 1 or more: there are too few. */
  readonly load: number | null;
  readonly utilisation: number | null;
  /** With the present slots: as things are on the average, and at the peak. */
  readonly wait: ExpectedWait | null;
  readonly peakWait: ExpectedWait | null;
  /** With so many slots 95 of 100 jobs wait no longer than the target, at the peak too; and how many workers like the present ones have them. */
  readonly slotsNeeded: number | null;
  readonly workersNeeded: number | null;
  /** The same in a sentence. */
  readonly text: string;
}

/** @param targetWait milliseconds @param steps in order; those in which nothing waited or ran may be missing */
export function adviseCapacity(
  queue: string,
  steps: readonly MeasuredStep[],
  present: PresentWorkers,
  targetWait: number,
): CapacityAdvice {
  const [first, last] = [steps[0], steps.at(-1)];
  const runs = sumOf(steps, (step) => step.runs);
  const span = first === undefined || last === undefined ? 0 : last.at + last.length - first.at;
  const base = { queue, ...present, runs, since: first?.at ?? null };
  if (runs < LEAST_RUNS || span < LEAST_SPAN) return { ...base, ...UNKNOWN, text: tooLittle(queue, runs, span) };
  const arrived = arrivalsOf(steps);
  const mean =
    Math.max(
      0,
      sumOf(arrived, ({ jobs }) => jobs),
    ) / span;
  const peak = Math.max(mean, ...arrived.map(({ jobs, length }) => jobs / length));
  const service = sumOf(steps, ({ time }) => time) / runs;
  const spread = spreadOf(steps);
  const load = mean * service;
  const waitAt = (arrivals: number): ExpectedWait | null => {
    if (present.slots === 0) return null;
    const model = { arrivals, service, servers: present.slots, spread };
    return { mean: finite(meanWait(model)), p95: finite(waitOfShare(model, SHARE)) };
  };
  const slotsNeeded = serversFor(
    { arrivals: peak, service, spread },
    { target: targetWait, share: SHARE, most: MOST_SLOTS },
  );
  const each = present.workers === 0 ? null : present.slots / present.workers;
  const advice = {
    ...base,
    arrivals: { mean: mean * MINUTE, peak: peak * MINUTE },
    runTime: service,
    spread,
    load,
    utilisation: present.slots === 0 ? null : load / present.slots,
    wait: waitAt(mean),
    peakWait: waitAt(peak),
    slotsNeeded,
    workersNeeded: slotsNeeded === null || each === null ? null : Math.ceil(slotsNeeded / each),
  };
  return { ...advice, text: textOf(advice, targetWait) };
}

const UNKNOWN = {
  arrivals: null,
  runTime: null,
  spread: null,
  load: null,
  utilisation: null,
  wait: null,
  peakWait: null,
  slotsNeeded: null,
  workersNeeded: null,
} as const;

function tooLittle(queue: string, runs: number, span: number): string {
  return `queue ${queue}: too little was measured, ${runs} runs in ${formatDuration(Math.round(span))}; it takes ${LEAST_RUNS} in ${formatDuration(LEAST_SPAN)}`;
}

/** What came in each step: what was run, and by how much more waits. */
function arrivalsOf(steps: readonly MeasuredStep[]): { readonly jobs: number; readonly length: number }[] {
  return steps.map(({ runs, depth, length }, index) => {
    const before = index === 0 ? depth : (steps[index - 1]?.depth ?? 0);
    return { jobs: runs + depth - before, length };
  });
}

/** (1 + Cs²) / 2, with the squared coefficient of variation as the buckets have it: as if durations were spread evenly over each. */
function spreadOf(steps: readonly MeasuredStep[]): number {
  let [count, sum, squares] = [0, 0, 0];
  for (const { buckets } of steps) {
    for (const [bucket, n] of buckets.entries()) {
      const from = DURATION_BOUNDS[bucket - 1] ?? 0;
      const to = DURATION_BOUNDS[bucket] ?? from;
      count += n;
      sum += (n * (from + to)) / 2;
      squares += (n * (from * from + from * to + to * to)) / 3;
    }
  }
  if (count === 0 || sum === 0) return 1;
  const variation = (squares * count) / (sum * sum) - 1;
  return Math.min(MOST_SPREAD, Math.max(LEAST_SPREAD, (1 + variation) / 2));
}

function textOf(advice: Omit<CapacityAdvice, "text">, targetWait: number): string {
  const { queue, arrivals, runTime, slots, slotsNeeded, workersNeeded, utilisation, sharedWith } = advice;
  const busy =
    utilisation === null
      ? "no worker serves it"
      : `its ${counted(slots, "slot")} ${slots === 1 ? "is" : "are"} ${Math.round(utilisation * 100)} % busy`;
  const rate = `${rounded(arrivals?.mean ?? 0)} runs a minute (${rounded(arrivals?.peak ?? 0)} at the peak) of ${formatDuration(Math.round(runTime ?? 0))} each`;
  const target = `for 95 of 100 jobs to wait ${formatDuration(targetWait)} at most`;
  const workers = workersNeeded === null ? "" : ` (${counted(workersNeeded, "worker")} like those)`;
  const needs =
    slotsNeeded === null
      ? `more slots than can be advised are needed ${target}`
      : `${counted(slotsNeeded, "slot")}${workers} ${slotsNeeded === 1 ? "is" : "are"} needed ${target}`;
  const verdict = slotsNeeded !== null && slots >= slotsNeeded ? `: enough, ${needs}` : `; ${needs}`;
  const shared =
    sharedWith.length === 0
      ? ""
      : `. Its workers serve ${counted(sharedWith.length, "other queue")} with the same slots`;
  return `queue ${queue}: ${rate}, ${busy}${verdict}${shared}`;
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

function rounded(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function sumOf<Thing>(things: readonly Thing[], of: (thing: Thing) => number): number {
  return things.reduce((sum, thing) => sum + of(thing), 0);
}
