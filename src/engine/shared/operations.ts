/**
 * The last commands that were applied to a job, by what their clients drew for them: one that is sent again is recognized. A
 * text, one a line, the latest first. `with_operation` and `has_operation` in redis/scripts/lib/jobs/operations.lua mirror this.
 */

/** How many commands are remembered of a job. */
export const MOST_OPERATIONS = 16;

export function hasOperation(operations: string | null, op: string): boolean {
  return operations !== null && operations.split("\n").includes(op);
}

/** With one more command; the oldest is forgotten when there are too many. */
export function withOperation(operations: string | null, op: string): string {
  const before = operations === null ? [] : operations.split("\n");
  return [op, ...before].slice(0, MOST_OPERATIONS).join("\n");
}
