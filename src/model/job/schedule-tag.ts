/** The tag by which the jobs of a schedule are found. */

/** The tag of a schedule's jobs. */
export function scheduleTag(name: string): string {
  return `schedule:${name}`;
}
