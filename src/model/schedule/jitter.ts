/**
 * Jitter: how long after its time a tick's job runs, so that jobs due on the hour do not all run on the hour. It
 * follows from the schedule's name and the time alone: every worker computes the same, however often.
 */
import { createHash } from "node:crypto";

/**
 * Milliseconds from 0 to `most`, both included, evenly spread over ticks and schedules.
 * @example jitterOf("nightly", Date.UTC(2026, 10, 22), 60_000) // 55643, always
 */
export function jitterOf(name: string, due: number, most: number): number {
  const digest = createHash("sha256").update(`${name} ${due}`).digest();
  return digest.readUIntBE(0, 6) % (most + 1);
}
