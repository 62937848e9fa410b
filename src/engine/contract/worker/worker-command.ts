/** What passes between a worker and those who watch it: its status, sent with its heartbeats, and commands to it, which the answers carry. */
import type { Suspension } from "../../../model/why/suspension.js";

export { SUSPENSIONS, type Suspension } from "../../../model/why/suspension.js";

/** How many runs a status lists. */
export const MOST_BUSY = 10;
/** The most bytes of a status as text. */
export const LONGEST_STATUS = 4_096;

/** A run that has a slot. */
export interface BusySlot {
  readonly queue: string;
  readonly id: string;
  readonly task: string;
  /** When the job was leased: epoch milliseconds. */
  readonly since: number;
}

/** How a worker is, as it says itself. A worker whose event loop is blocked goes on sending the last one. */
export interface WorkerStatus {
  /** When it said so: epoch milliseconds of its own clock. */
  readonly at: number;
  /**
   * How far its clock is ahead of the engine's, milliseconds; negative: behind. Too high by what the engine's answer took to arrive, some
   * milliseconds as a rule, and as old as its last lease or the beginning of its session, whichever is later. `null`: it does not say.
   */
  readonly clockAhead: number | null;
  /** The memory of its process: all of it, and what JavaScript uses. Bytes. */
  readonly rss: number;
  readonly heap: number;
  /** How much of one core its process used since the status before, 1 = all of it; `null` when that is not 100 ms ago. */
  readonly cpu: number | null;
  /** The longest time for which its event loop was held up while inline jobs ran, since the status before. Milliseconds. */
  readonly loopDelay: number;
  /** How many of its slots are taken. */
  readonly busy: number;
  /** The runs that have them, those that began first, up to 10. */
  readonly slots: readonly BusySlot[];
  /** Why it leases nothing; empty when it does. */
  readonly suspended: readonly Suspension[];
}

/** `quiet`: lease nothing more; `resume`: lease again; `stop`: stop once the running jobs have ended. */
export const WORKER_COMMANDS = ["quiet", "resume", "stop"] as const;
export type WorkerCommandName = (typeof WORKER_COMMANDS)[number];

/** A command to a worker. `op` is drawn by the client: one that is sent again is recognized by it. */
export interface WorkerCommand {
  readonly command: WorkerCommandName;
  readonly op: string;
}

/** The latest command to a worker, as it is read back. */
export interface WorkerCommandRecord extends WorkerCommand {
  /** When it was given: epoch milliseconds. */
  readonly at: number;
  /** When the worker said that it has it and does it; `null`: not yet. */
  readonly acknowledgedAt: number | null;
}

/** A command to the worker of a session. */
export interface CommandWorkerParams extends WorkerCommand {
  readonly session: string;
  /** The first of the worker's queues. */
  readonly queue: string;
}
