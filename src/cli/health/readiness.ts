/** A question that health checks put, so that any number of them cost one: asked once at a time, and answered in time. */
import type { Clock } from "../../model/value/clock.js";

/** Does it take jobs? */
export type Readiness = () => Promise<boolean>;

/** How long (milliseconds) a health check waits. */
export const PATIENCE = 2_000;

/** The readiness as health checks may ask it: an error and silence are a no. */
export function sharedReadiness(ready: Readiness, clock: Clock): Readiness {
  let asked: Promise<boolean> | null = null;
  return () => {
    asked ??= inTime(ready, clock).finally(() => {
      asked = null;
    });
    return asked;
  };
}

async function inTime(ready: Readiness, clock: Clock): Promise<boolean> {
  let cancel: (() => void) | undefined;
  const silence = new Promise<false>((resolve) => {
    cancel = clock.after(PATIENCE, () => resolve(false));
  });
  try {
    return await Promise.race([ready(), silence]);
  } catch {
    return false;
  } finally {
    cancel?.();
  }
}
