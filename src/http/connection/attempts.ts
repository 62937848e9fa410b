/** How often a request is sent again that had no answer, or was refused for now, and how long to wait before. */
import { pause, type Deadline } from "./deadline.js";
import { HttpProblem, HttpTimeout, HttpUnreachable } from "./errors.js";

/** Milliseconds: the first wait before a repetition, and the longest. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;
/** A request that is to come back later than this (milliseconds) is given up. */
const LONGEST_RETRY_AFTER = 60_000;

/** The attempts of one call. */
export interface Attempts {
  /** May it be sent again although it may have been done? */
  readonly repeatable: boolean;
  /** How often again; where it waits through outages (`until`), however often. */
  readonly retries: number;
  /** Until when it waits through outages (epoch milliseconds); absent: it does not. */
  readonly until?: number | undefined;
  /** The longest of them (milliseconds). */
  readonly outage: number;
  /** How many failed since there was an answer, and since when. */
  failed: number;
  since: number;
}

/**
 * Waits after one that failed, at least for some milliseconds, and ends its deadline.
 * @throws what it failed of when there is to be no other; HttpTimeout; the signal's reason
 */
export async function again(
  attempts: Attempts,
  thrown: unknown,
  deadline: Deadline,
  signal: AbortSignal | undefined,
  least = 0,
): Promise<void> {
  deadline.end();
  const error = deadline.errorOf(thrown);
  const { until = Infinity, repeatable, failed } = attempts;
  const now = Date.now();
  if (failed === 0) attempts.since = now;
  const wait = waitAfter(error, repeatable, failed);
  const isOver = attempts.until === undefined ? failed >= attempts.retries : now - attempts.since >= attempts.outage;
  if (wait === null || isOver) throw error;
  if (now >= until) throw new HttpTimeout("no answer in time", { cause: error });
  attempts.failed += 1;
  await pause(Math.min(Math.max(wait, least), until - now), signal);
}

/** How long to wait before a request that failed so is sent again; `null`: it is not. */
function waitAfter(error: unknown, repeatable: boolean, failed: number): number | null {
  const wait = Math.min(FIRST_WAIT * 2 ** failed, LONGEST_WAIT) * (0.5 + Math.random() / 2);
  if (error instanceof HttpUnreachable || error instanceof HttpTimeout) return repeatable ? wait : null;
  if (!(error instanceof HttpProblem)) return null;
  const { status, retryAfter } = error;
  // 429 says that nothing was begun.
  if (status !== 429 && !(repeatable && status >= 502 && status <= 504)) return null;
  return retryAfter !== null && retryAfter > LONGEST_RETRY_AFTER ? null : Math.max(wait, retryAfter ?? 0);
}
