/**
 * A signal for something that lives shorter than another signal. `AbortSignal.any` leaves a reference at the other one for each
 * signal it makes: a watch that lasts for months would grow with every event.
 */

/** A signal that aborts with another one, or when it is ended. */
export interface ShorterSignal {
  readonly signal: AbortSignal;
  /** Aborts it; the other signal knows nothing of it any more. */
  readonly end: () => void;
}

/** A signal that aborts with `longer`, if not before. The code that makes it must end it. */
export function shorterThan(longer: AbortSignal): ShorterSignal {
  const controller = new AbortController();
  const end = (): void => {
    longer.removeEventListener("abort", end);
    controller.abort();
  };
  if (longer.aborted) controller.abort();
  else longer.addEventListener("abort", end, { once: true });
  return { signal: controller.signal, end };
}
