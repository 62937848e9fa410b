/** Sessions: what a worker says of itself, what a session holds, and sessions whose time is over. */
import { InvalidInput } from "../../../model/errors/errors.js";
import type { LeaseRef, Revocation } from "./exchange.js";
import type { WorkerCommand, WorkerCommandRecord, WorkerStatus } from "./worker-command.js";

/** A task as a worker has it. */
export interface TaskInfo {
  readonly name: string;
  /** The version of its code; `null` when it says none. */
  readonly version: string | null;
  /** What people call it; `null` when it says nothing. */
  readonly label: string | null;
  /** Where the result of a job is shown: a template for `resultUrl`; `null` when it says nothing. */
  readonly resultUrl: string | null;
}

/** A worker's description of itself. */
export interface WorkerInfo {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly queues: readonly string[];
  /** The tasks whose code it has. */
  readonly tasks: readonly TaskInfo[];
  /** The version of its application, and where that runs; `null` when it says nothing. */
  readonly appVersion: string | null;
  readonly environment: string | null;
  /** The versions of Longshore and of Node that it runs; empty when unknown. */
  readonly longshore: string;
  readonly node: string;
  readonly concurrency: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** The most bytes that what a worker says of itself takes as JSON: it is stored in each of its queues, and listed with others. */
export const LARGEST_WORKER = 128 * 1024;

/** Checks that what a worker says of itself can be stored. @throws InvalidInput */
export function checkWorker(worker: WorkerInfo): void {
  const bytes = Buffer.byteLength(JSON.stringify(worker));
  if (bytes <= LARGEST_WORKER) return;
  const rule = `tasks that take at most ${LARGEST_WORKER} bytes of JSON with their versions, labels and result URLs`;
  throw new InvalidInput("tasks", bytes, rule);
}

/**
 * `alive`: its heartbeats come. `silent`: one is missing. `lost`: its leases have lapsed; a living worker takes its jobs
 * over, after a moment in which it could still return.
 */
export type WorkerLiveness = "alive" | "silent" | "lost";

/** A worker as it is read back. One that is gone is listed until its jobs are recovered. */
export interface WorkerRecord extends WorkerInfo {
  readonly session: string;
  readonly liveness: WorkerLiveness;
  /** How many jobs it runs or has leased ahead. */
  readonly running: number;
  /** Epoch milliseconds of the last sign of life that renewed its session. */
  readonly seenAt: number;
  /** When its first lease lapses if it gives no further sign of life: epoch milliseconds. */
  readonly leaseEndsAt: number;
  /** How it is, as it said last; `null` when it has not said. */
  readonly status: WorkerStatus | null;
  /** The latest command to it; `null` when there was none. */
  readonly command: WorkerCommandRecord | null;
}

/** The answer to a heartbeat. */
export interface HeartbeatAnswer {
  readonly alive: boolean;
  readonly revoked: readonly Revocation[];
  /** What the worker is to do, unless it has acknowledged that. Default: nothing. */
  readonly command?: WorkerCommand;
}

/** A session that is past its time in a queue and not ended there: it may be dead, or late. */
export interface OverdueSession {
  readonly session: string;
  readonly queue: string;
  /** The time it is past. Each sign of life sets a new one. Only the engine interprets it. */
  readonly deadline: number;
  /** Its time to live without a sign of life, in milliseconds. */
  readonly ttl: number;
  /** How long it has been overdue, in milliseconds. */
  readonly overdue: number;
}

/** Some queues with sessions none of which is alive. */
export interface AbandonedPage {
  readonly queues: readonly string[];
  /** Hand it back for the next page; `null` at the end. A page may be empty before the end. */
  readonly cursor: string | null;
}

/** A page of the leases of a session. */
export interface HeldPage {
  readonly leases: readonly LeaseRef[];
  /** Hand it back for the next page; `null` at the end. */
  readonly cursor: string | null;
}
