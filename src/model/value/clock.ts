/**
 * Time and randomness, handed in from outside. Every engine, worker and scheduler takes a `Clock` and a `Random`, so
 * that a test, or a simulation of a whole fleet, controls the time and the jitter. Only this file touches the real
 * ones.
 */

/** A source of time. Times are milliseconds since the Unix epoch. */
export interface Clock {
  /** The time now, in milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Milliseconds of a clock that never jumps when the date is changed: its zero means nothing, and on one machine all
   * processes agree on it until the machine restarts. It stands still while the machine sleeps, where the system offers
   * that.
   */
  monotonic(): number;
  /**
   * Calls `callback` once, `ms` milliseconds from now. The returned function cancels it.
   * @param ms milliseconds, 0 or more
   */
  after(ms: number, callback: () => void): () => void;
}

/** A source of randomness: a number from 0 (included) to 1 (excluded), like `Math.random`. */
export type Random = () => number;

/** setTimeout fires at once for anything longer than this (2^31 - 1 ms), so longer waits are cut into pieces. */
const LONGEST_TIMER = 2_147_483_647;

/** The offset that makes `performance.now()` comparable: it begins anew in every process and thread. */
const monotonicOrigin = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** The machine's own clock. Its timers keep the process alive, as `setTimeout` does. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.floor(monotonicOrigin + performance.now()),
  after(ms, callback) {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      timer = setTimeout(
        () => (left > LONGEST_TIMER ? arm(left - LONGEST_TIMER) : callback()),
        Math.min(left, LONGEST_TIMER),
      );
    };
    arm(Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

/** The runtime's own randomness. */
export const systemRandom: Random = () => Math.random();

/** Waits `ms` milliseconds on `clock`; ends early, without an error, when `signal` aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
