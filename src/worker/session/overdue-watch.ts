/**
 * Tells dead sessions from late ones. That a session's time is over proves nothing: the machine, the store, the network or
 * whoever looks may have stood still. So a session is taken for dead only when it was watched, overdue and without a sign
 * of life, for as long as a living worker needs to give one, by somebody who was awake all the time.
 */
import type { OverdueSession } from "../../engine/contract/engine.js";

/** How long an overdue session is watched at most while nothing stands still, and what part of its life that is. Milliseconds. */
const LONGEST_PATIENCE = 3_000;
const PATIENCE_PART = 1 / 3;
/** After something stood still a living worker is back within this time, in milliseconds: it tries at least every second. */
const AFTER_STANDSTILL = 3_000;
/** After a clock was set it is heard of with its next heartbeat, which comes within this part of a session's life. */
const HEARTBEAT_PART = 1 / 2;
/** Whoever looks so much later than planned (milliseconds), or finds a session overdue for so long, takes it for a standstill. */
const LATE = 1_000;

/** How long a session lives without a heartbeat (milliseconds), so that its jobs are taken over when its lease is over. */
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

  /** Something stood still until `now` (monotonic), or a clock was set: nobody is dead for what was seen so far. */
  stoodStill(now: number): void {
    for (const sighting of this.#sightings) {
      sighting.from = now;
      sighting.patience = Math.max(AFTER_STANDSTILL, sighting.session.ttl * HEARTBEAT_PART);
    }
  }

  /** These sessions are overdue, and no others. */
  see(overdue: readonly OverdueSession[], now: number): void {
    const before = new Map(this.#sightings.map((sighting) => [nameOf(sighting.session), sighting]));
    this.#sightings = overdue.map(
      (session) => before.get(nameOf(session)) ?? { session, from: now, patience: patienceWith(session) },
    );
  }

  /** Those that are dead by now. */
  dead(now: number): OverdueSession[] {
    return this.#sightings.filter(({ from, patience }) => now - from >= patience).map(({ session }) => session);
  }

  /** When the first of them will be dead, on the monotonic clock; `null` when none is watched. */
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
