/**
 * `concurrency: "auto"`: a default for a machine whose load has not been measured. A machine counts as the number of
 * its cores, or as its memory divided by 4 GB, whichever is less.
 */
import { availableParallelism, totalmem } from "node:os";

/** What the choice depends on. */
export interface Machine {
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
}

const GB = 1_024 ** 3;
const GB_PER_CORE = 4;
/** Cores and the jobs they can run; interpolated in between. */
const JOBS: readonly (readonly [cores: number, jobs: number])[] = [
  [0, 0],
  [2, 2],
  [4, 5],
  [8, 10],
];

/**
 * The concurrency for a machine, 1 to 10: 2 cores and 8 GB → 2, 4 cores and 16 GB → 5, 8 cores and 32 GB or more → 10.
 * @example autoConcurrency({ cores: 6, memory: 64 * 1024 ** 3 }) // 8
 */
export function autoConcurrency({ cores, memory }: Machine): number {
  const usable = Math.min(cores, memory / GB / GB_PER_CORE);
  const above = JOBS.findIndex(([cores]) => cores >= usable);
  const [highCores, highJobs] = JOBS.at(above) ?? [0, 0];
  if (above <= 0) return Math.max(1, highJobs);
  const [lowCores, lowJobs] = JOBS[above - 1] ?? [0, 0];
  // Rounded, because a machine sold with 16 GB reports a little less.
  const jobs = lowJobs + ((usable - lowCores) / (highCores - lowCores)) * (highJobs - lowJobs);
  return Math.max(1, Math.round(jobs));
}

/** This machine, or the part of it that this process may use: its CPU affinity and its container's memory. */
export function thisMachine(): Machine {
  const total = totalmem();
  // 0 or a huge number when there is no limit.
  const limit = process.constrainedMemory();
  return { cores: availableParallelism(), memory: limit > 0 && limit < total ? limit : total };
}

/** Describes a machine for people: `4 cores, 16 GB`. */
export function describeMachine({ cores, memory }: Machine): string {
  const size = memory >= GB ? `${Math.round(memory / GB)} GB` : `${Math.round((memory / GB) * 1_024)} MB`;
  return `${cores} ${cores === 1 ? "core" : "cores"}, ${size}`;
}
