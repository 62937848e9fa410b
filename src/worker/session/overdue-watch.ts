/**
 * Distinguishes dead sessions from late ones. An expired deadline proves nothing: the machine, the engine, the network
 * or the observer may have been frozen.
 * A session is dead only if an observer that ran without pause has watched it, overdue and without a heartbeat, for as
 * long as a living worker needs to send one.
 */
import type { OverdueSession } from "../../engine/contract/engine.js";

/**
 * The longest watch (milliseconds) without a standstill, and the watch as a fraction of the session's TTL; the shorter
 * one applies.
 */
const LONGEST_PATIENCE = 3_000;
const PATIENCE_PART = 1 / 3;
/**
 * After a standstill a living worker sends a heartbeat within this time, in milliseconds: it tries at least every
 * second.
 */
const AFTER_STANDSTILL = 3_000;
/** After a clock was set, the next heartbeat comes within this fraction of the session's TTL. */
const HEARTBEAT_PART = 1 / 2;
/** A sweep that is so much later than planned (milliseconds), or a session overdue for so long, means a standstill. */
const LATE = 1_000;

/** The TTL of a session (milliseconds): with the watch added, its jobs are taken over when its lease is over. */
export function lifeOf(lease: number): number {
  return Math.ceil(lease - Math.min(LONGEST_PATIENCE, lease / (1 + 1 / PATIENCE_PART)));
}

interface Sighting {
  readonly session: OverdueSession;
  /** On the monotonic clock. */
  from: number;
  patience: number;
}

export class OverdueWatch {
  #sightings: Sighting[] = [];

  /** Is any session being watched? */
  get watching(): boolean {
    return this.#sightings.length > 0;
  }

  /** There was a standstill until `now` (monotonic), or a clock was set: all watches begin anew. */
  stoodStill(now: number): void {
    for (const sighting of this.#sightings) {
      sighting.from = now;
      sighting.patience = Math.max(AFTER_STANDSTILL, sighting.session.ttl * HEARTBEAT_PART);
    }
  }

  /** The full list of overdue sessions: watches the new ones, forgets those not in it. */
  see(overdue: readonly OverdueSession[], now: number): void {
    const before = new Map(this.#sightings.map((sighting) => [nameOf(sighting.session), sighting]));
    this.#sightings = overdue.map(
      (session) => before.get(nameOf(session)) ?? { session, from: now, patience: patienceWith(session) },
    );
  }

  /** The watched sessions that are dead by now. */
  dead(now: number): OverdueSession[] {
    return this.#sightings.filter(({ from, patience }) => now - from >= patience).map(({ session }) => session);
  }

  /** When the first watched session will be dead, on the monotonic clock; `null` when none is watched. */
  get nextDeath(): number | null {
    if (this.#sightings.length === 0) return null;
    return this.#sightings.reduce((first, { from, patience }) => Math.min(first, from + patience), Infinity);
  }
}

function patienceWith({ ttl, overdue }: OverdueSession): number {
  return overdue > LATE ? AFTER_STANDSTILL : Math.min(LONGEST_PATIENCE, ttl * PATIENCE_PART);
}

function nameOf({ queue, session, deadline }: OverdueSession): string {
  return `${queue}\n${session}\n${deadline}`;
}
