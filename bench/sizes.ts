/**
 * How many jobs a round is about, and how many rounds count. Where speed is measured, a round is as long as it takes to
 * measure well on a fast system and short enough on a slow one; elsewhere the scenario's subject says how many.
 */

const FIRST_JOBS = 300;
/** A fleet has a pace only when its jobs are many batches of every system. */
const FIRST_FLEET_JOBS = { quick: 5_000, full: 20_000 };

interface Fixed {
  readonly jobs: number;
  readonly rounds: number;
}

const ROUNDS = 5;
const MOST_UNCOUNTED = 4;
const FULL_MOST = 50_000;
const FULL_LONGEST_SECONDS = 5;
const FULL_SECONDS = 3;
const FULL_LEAST = 300;
const QUICK_SECONDS = 0.35;
const QUICK_MOST = 20_000;
const QUICK_LEAST = 1_000;
const QUICK_LEAST_SLOW = 200;
const SLOW_PER_SECOND = 1_000;

/** The first round of a system, with which its speed is learned. */
export function firstJobs(scenario: string, quick: boolean): number {
  if (scenario === "run-procs") return FIRST_FLEET_JOBS[quick ? "quick" : "full"];
  return fixedJobs(scenario, quick) ?? FIRST_JOBS;
}

/** Jobs for a round of a system that does this many a second. */
export function jobsAt(perSecond: number, quick: boolean): number {
  if (quick) {
    const least = perSecond < SLOW_PER_SECOND ? QUICK_LEAST_SLOW : QUICK_LEAST;
    return clamp(perSecond * QUICK_SECONDS, least, QUICK_MOST);
  }
  if (perSecond * FULL_LONGEST_SECONDS >= FULL_MOST) return FULL_MOST;
  return clamp(perSecond * FULL_SECONDS, FULL_LEAST, FULL_MOST);
}

/** The size of scenarios that do not measure speed; `null` for those that do. */
export function fixedJobs(scenario: string, quick: boolean): number | null {
  return FIXED[scenario]?.[quick ? "quick" : "full"].jobs ?? null;
}

/** How many rounds count. */
export function roundsOf(scenario: string, quick: boolean): number {
  return FIXED[scenario]?.[quick ? "quick" : "full"].rounds ?? ROUNDS;
}

/** How many rounds may go before those that count; a scenario whose size is given warms up by itself, if it must. */
export function mostUncounted(scenario: string): number {
  return FIXED[scenario] === undefined ? MOST_UNCOUNTED : 0;
}

const FIXED: Readonly<Record<string, { readonly quick: Fixed; readonly full: Fixed }>> = {
  pickup: { quick: { jobs: 150, rounds: 3 }, full: { jobs: 500, rounds: 5 } },
  backlog: { quick: { jobs: 100_000, rounds: 1 }, full: { jobs: 1_000_000, rounds: 3 } },
  memory: { quick: { jobs: 10_000, rounds: 1 }, full: { jobs: 100_000, rounds: 5 } },
  idle: { quick: { jobs: 0, rounds: 1 }, full: { jobs: 0, rounds: 5 } },
  recover: { quick: { jobs: 1_000, rounds: 1 }, full: { jobs: 1_000, rounds: 5 } },
};

function clamp(value: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}
