/** Overdue sessions, and which of them a sweep declares dead: one rule for every engine. */
import type { OverdueSession } from "../contract/engine.js";

/** The most overdue sessions that one sweep reports, per queue. */
export const MOST_OVERDUE = 500;

/**
 * A sweep that runs this much later than it was asked for (milliseconds) was held up itself, and declares no session dead.
 */
export const LATE = 1_000;

/**
 * Is this session to be declared dead? It is when it is on the list with the same deadline, that is, gave no sign of life
 * since it was reported; without a list, every overdue session is.
 */
export function isDead(
  { session, queue, deadline }: OverdueSession,
  dead: readonly OverdueSession[] | undefined,
): boolean {
  return (
    dead === undefined ||
    dead.some((other) => other.session === session && other.queue === queue && other.deadline === deadline)
  );
}
