/** Sessions whose time is over: which of them a sweep takes for dead, as every engine decides it. */
import type { OverdueSession } from "../contract/engine.js";

/** The most sessions of a queue that one sweep tells of. */
export const MOST_OVERDUE = 500;

/** A sweep that runs so much later than it was asked for, in milliseconds, was held up, and takes nobody for dead. */
export const LATE = 1_000;

/** Is this overdue session one of those that are taken for dead, with no sign of life since it was told of? */
export function isDead(
  { session, queue, deadline }: OverdueSession,
  dead: readonly OverdueSession[] | undefined,
): boolean {
  return (
    dead === undefined ||
    dead.some((other) => other.session === session && other.queue === queue && other.deadline === deadline)
  );
}
