/**
 * What a worker does while its engine does not answer: it waits a little longer each time, says so now and then, and
 * goes on as soon as the engine is back.
 */
import type { Awaitable } from "../../engine/contract/engine.js";
import { pause, type Clock, type Random } from "../../model/value/clock.js";
import { EngineRefused, EngineUnavailable } from "../../model/errors/errors.js";
import type { WorkSession } from "./session.js";

/** The first wait, and the longest. Milliseconds. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;
/** The same complaint is made at most once within this time. Milliseconds. */
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

  /** Tells of an error, unless the same was told a moment ago. */
  report(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const now = this.#clock.monotonic();
    if (now - (this.#reportedAt.get(error.message) ?? Number.NEGATIVE_INFINITY) < QUIET) return;
    if (this.#reportedAt.size > 100) this.#reportedAt.clear();
    this.#reportedAt.set(error.message, now);
    this.#publish(error);
  }

  /** May the same command be answered later? An engine may be away, or refuse for now, such as a Redis that is full. */
  passes(error: unknown): boolean {
    return error instanceof EngineUnavailable || error instanceof EngineRefused;
  }

  /**
   * Sends a command that has one effect however often it is sent, until it is answered.
   * @throws what no waiting mends; the last failure once the session is over
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

  /** The wait after the n-th failure in a row (0 = the first), in milliseconds: the upper half is left to chance. */
  delay(failures: number): number {
    return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures, 10)) * (0.5 + 0.5 * this.#random());
  }
}
