/**
 * Back-off and error reports while the engine does not answer: each wait is longer than the one before, the same error
 * is reported at most every 10 s, and work goes on as soon as the engine is back.
 */
import type { Awaitable } from "../../engine/contract/engine.js";
import { pause, type Clock, type Random } from "../../model/value/clock.js";
import { EngineClosed, EngineRefused, EngineUnavailable } from "../../model/errors/errors.js";
import type { WorkSession } from "./session.js";

/** The first and the longest back-off. Milliseconds. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;
/** The same error is reported at most once within this time. Milliseconds. */
const QUIET = 10_000;

export class EngineOutage {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #publish: (error: Error) => void;
  readonly #reportedAt = new Map<string, number>();

  constructor(clock: Clock, random: Random, publish: (error: Error) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#publish = publish;
  }

  /**
   * Reports an error, unless the same one was reported in the last 10 s. That the connection was closed is no outage: the
   * application closed it, and what a worker still asked then is of no use.
   */
  report(thrown: unknown): void {
    if (thrown instanceof EngineClosed) return;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const now = this.#clock.monotonic();
    if (now - (this.#reportedAt.get(error.message) ?? Number.NEGATIVE_INFINITY) < QUIET) return;
    if (this.#reportedAt.size > 100) this.#reportedAt.clear();
    this.#reportedAt.set(error.message, now);
    this.#publish(error);
  }

  /** May the same command succeed later? The engine may be unreachable, or refuse for now, as a full Redis does. */
  passes(error: unknown): boolean {
    return error instanceof EngineUnavailable || error instanceof EngineRefused;
  }

  /**
   * Retries an idempotent command until it is answered.
   * @throws an error that a retry cannot help; the last failure once the session is over
   */
  async outlast<T>(session: WorkSession, command: () => Awaitable<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await command();
      } catch (error) {
        this.report(error);
        if (!this.passes(error) || session.over) throw error;
        await pause(this.#clock, this.delay(failures), session.signal);
      }
    }
  }

  /** The back-off after the n-th failure in a row (0 = the first), in milliseconds. The upper half of it is random. */
  delay(failures: number): number {
    return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures, 10)) * (0.5 + 0.5 * this.#random());
  }
}
