/**
 * How many jobs a round is about, and how many rounds count. Where speed is measured, a round is as long as it takes to
 * measure well on a fast system and short enough on a slow one; elsewhere the scenario's subject says how many. The quick
 * run spends its time on the systems that targets compare, and less on the others.
 */

interface Fixed {
  readonly jobs: number;
  readonly rounds: number;
}

/** What a round of a speed takes, in seconds and in jobs. */
interface Range {
  readonly seconds: number;
  readonly least: number;
  readonly most: number;
}

const FLEET = "run-procs";
const FIRST_JOBS = 300;
/** A fleet has a pace only when its jobs are many batches of every system, and its processes, new in each round, are warm. */
const FLEETS: Readonly<Record<"quick" | "full", Range>> = {
  quick: { seconds: 1.2, least: 10_000, most: 40_000 },
  full: { seconds: 2, least: 20_000, most: 100_000 },
};
const QUICK: Range = { seconds: 0.4, least: 1_000, most: 30_000 };
const QUICK_LEAST_SLOW = 200;
const SLOW_PER_SECOND = 1_000;
const FULL: Range = { seconds: 1.5, least: 300, most: 50_000 };
const FULL_LONGEST_SECONDS = 3;

const ROUNDS = { usual: 5, few: 3 };
const FULL_MOST_UNCOUNTED = { core: 3, others: 1 };
const QUICK_MOST_UNCOUNTED = { core: 3, fleet: 2, others: 1 };
/** Systems that no target compares closely; two of them start an interpreter in every round. */
const OTHERS = ["bee-queue", "graphile-worker", "pg-boss", "rq", "sidekiq"];

/** The first round of a system, with which its speed is learned. */
export function firstJobs(scenario: string, quick: boolean): number {
  if (scenario === FLEET) return FLEETS[quick ? "quick" : "full"].least;
  return fixedJobs(scenario, quick) ?? FIRST_JOBS;
}

/** Jobs for a round of a system that does this many a second. */
export function jobsAt(scenario: string, perSecond: number, quick: boolean): number {
  if (scenario === FLEET) return within(FLEETS[quick ? "quick" : "full"], perSecond);
  if (quick) return within(perSecond < SLOW_PER_SECOND ? { ...QUICK, least: QUICK_LEAST_SLOW } : QUICK, perSecond);
  return perSecond * FULL_LONGEST_SECONDS >= FULL.most ? FULL.most : within(FULL, perSecond);
}

/** The size of scenarios that do not measure speed; `null` for those that do. */
export function fixedJobs(scenario: string, quick: boolean): number | null {
  return FIXED[scenario]?.[quick ? "quick" : "full"].jobs ?? null;
}

/** How many rounds count. */
export function roundsOf(scenario: string, quick: boolean, system: string): number {
  const fixed = FIXED[scenario]?.[quick ? "quick" : "full"].rounds;
  const few = quick && (OTHERS.includes(system) || scenario === FLEET);
  return fixed ?? (few ? ROUNDS.few : ROUNDS.usual);
}

/** How many rounds may go before those that count; a scenario whose size is given warms up by itself, if it must. */
export function mostUncounted(scenario: string, quick: boolean, system: string): number {
  if (FIXED[scenario] !== undefined) return 0;
  if (!quick) return FULL_MOST_UNCOUNTED[OTHERS.includes(system) ? "others" : "core"];
  if (OTHERS.includes(system)) return QUICK_MOST_UNCOUNTED.others;
  return scenario === FLEET ? QUICK_MOST_UNCOUNTED.fleet : QUICK_MOST_UNCOUNTED.core;
}

const FIXED: Readonly<Record<string, { readonly quick: Fixed; readonly full: Fixed }>> = {
  pickup: { quick: { jobs: 100, rounds: 3 }, full: { jobs: 300, rounds: 5 } },
  backlog: { quick: { jobs: 100_000, rounds: 1 }, full: { jobs: 1_000_000, rounds: 2 } },
  memory: { quick: { jobs: 10_000, rounds: 1 }, full: { jobs: 100_000, rounds: 2 } },
  idle: { quick: { jobs: 0, rounds: 1 }, full: { jobs: 0, rounds: 1 } },
  "series-cost": { quick: { jobs: 20_000, rounds: 3 }, full: { jobs: 100_000, rounds: 5 } },
  live: { quick: { jobs: 1_000, rounds: 1 }, full: { jobs: 1_000, rounds: 3 } },
  startup: { quick: { jobs: 5, rounds: 1 }, full: { jobs: 20, rounds: 1 } },
  recover: { quick: { jobs: 1_000, rounds: 1 }, full: { jobs: 1_000, rounds: 3 } },
  bounds: { quick: { jobs: boundsOf(20_000), rounds: 1 }, full: { jobs: boundsOf(100_000), rounds: 1 } },
  search: { quick: { jobs: searchOf(20_000), rounds: 1 }, full: { jobs: searchOf(1_000_000), rounds: 1 } },
};

/** How long a round may take, in milliseconds. */
export function patienceFor(scenario: string, quick: boolean): number {
  return quick && scenario !== "bounds" && scenario !== "search" ? 120_000 : 900_000;
}

/** How many entries stand in the way of a command. */
function boundsOf(usual: number): number {
  return Number(process.env["LONGSHORE_BOUNDS"] ?? usual);
}

/** Among how many jobs some are looked for. */
function searchOf(usual: number): number {
  return Number(process.env["LONGSHORE_SEARCH"] ?? usual);
}

function within({ seconds, least, most }: Range, perSecond: number): number {
  return Math.round(Math.min(most, Math.max(least, perSecond * seconds)));
}
