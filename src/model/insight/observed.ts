/** What insights are drawn from: what was seen of queues, workers, schedules and failures. Times are epoch milliseconds of the engine's clock. */
import type { Suspension } from "../why/suspension.js";

export interface ObservedQueue {
  readonly name: string;
  readonly paused: boolean;
  readonly pausedAt: number | null;
  /** How many jobs are queued. */
  readonly waiting: number;
  /** Since when the job at the head of the line is ready; `null`: none waits. */
  readonly headSince: number | null;
  /** For how long the first in line usually had waited in an hour of the day before, at the most; `null`: there are too few figures. */
  readonly usualWait: number | null;
}

export interface ObservedWorker {
  readonly name: string;
  readonly liveness: "alive" | "silent" | "lost";
  readonly queues: readonly string[];
  readonly tasks: readonly string[];
  readonly longshore: string;
  readonly running: number;
  readonly seenAt: number;
  readonly suspended: readonly Suspension[];
  /** How far its clock is ahead of the engine's, milliseconds; `null`: unknown. */
  readonly clockAhead: number | null;
}

/** Jobs of a task that a worker had no code for. */
export interface ObservedAside {
  readonly queue: string;
  readonly task: string;
  readonly jobs: number;
  readonly since: number;
}

export interface ObservedSchedule {
  readonly name: string;
  readonly queue: string;
  readonly status: "active" | "paused" | "moving";
  readonly nextDue: number | null;
  /** Why it cannot be read; `null`: it can. */
  readonly problem: string | null;
}

/** Runs of a task that ended with their worker, within the last hour. */
export interface ObservedLosses {
  readonly queue: string;
  readonly task: string;
  readonly runs: number;
  readonly since: number;
}

/** Jobs that failed because their workers died, lately. */
export interface ObservedKiller {
  readonly task: string;
  readonly failed: number;
  readonly fingerprint: string;
  readonly since: number;
}
