/**
 * The list of workers, from what is left of their sessions in each queue: which of them can be counted on is judged by
 * their signs of life. A worker at work sends three heartbeats in a lease, one at rest three in the TTL of its session; so
 * when much more than one interval passed without one, a heartbeat is missing.
 */
import type { WorkerInfo, WorkerRecord, WorkerLiveness } from "../../contract/worker/session.js";

/** The part of its TTL that a session has left when a heartbeat is missing. */
const SILENT = 0.4;

/** A session in one queue. */
export interface LifeInQueue {
  readonly session: string;
  /** How many jobs it holds there. */
  readonly running: number;
  /** Epoch milliseconds of the last sign of life. */
  readonly seenAt: number;
  /** How long it lives there without a further sign of life, in milliseconds; 0 or less: its time is over. */
  readonly left: number;
  readonly ttl: number;
}

/** The records of workers, by session, from all lives of their sessions at a time. */
export function workerRecords(
  lives: readonly LifeInQueue[],
  now: number,
  infoOf: (session: string) => WorkerInfo & Pick<WorkerRecord, "status" | "command">,
): WorkerRecord[] {
  const bySession = new Map<string, LifeInQueue[]>();
  for (const life of lives) {
    const others = bySession.get(life.session);
    if (others === undefined) bySession.set(life.session, [life]);
    else others.push(life);
  }
  return [...bySession]
    .map(([session, all]): WorkerRecord => ({
      ...infoOf(session),
      session,
      liveness: livenessOf(all),
      running: all.reduce((sum, { running }) => sum + running, 0),
      seenAt: Math.max(...all.map(({ seenAt }) => seenAt)),
      leaseEndsAt: now + Math.min(...all.map(({ left }) => left)),
    }))
    .toSorted((a, b) => (a.session < b.session ? -1 : 1));
}

function livenessOf(lives: readonly LifeInQueue[]): WorkerLiveness {
  if (lives.some(({ left }) => left <= 0)) return "lost";
  return lives.some(({ left, ttl }) => left < ttl * SILENT) ? "silent" : "alive";
}
