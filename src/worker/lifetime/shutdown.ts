/**
 * The shutdown ladder: stop taking jobs, wait for running ones, abort their signals, return what is unfinished, close
 * all resources. Each rung ends early when no job runs any more or `skip` is called; each has a time limit.
 */
import { pause, type Clock } from "../../model/value/clock.js";

/** The operations of the ladder on its worker. */
export interface ShutdownSteps {
  /** Leases nothing more and returns the jobs that have not begun. */
  stopTaking(): void;
  /** How many jobs run. */
  running(): number;
  /** Aborts the signals of the jobs that run. */
  abortRuns(): void;
  /** Kills the threads and processes in which jobs still run; resolves when they are gone. */
  killRuns(): Promise<void>;
  /** Returns the jobs that still run. */
  returnRuns(): void;
  /** Resolves when every outcome is settled. */
  settled(): Promise<void>;
  /** Closes the session and all other resources. */
  closeResources(): Promise<void>;
}

/** How long (milliseconds) handlers have after their signal, and the engine for the last outcomes. */
const LAST_MOMENT = 1_000;
const LAST_OUTCOMES = 5_000;

export class Shutdown {
  readonly #clock: Clock;
  readonly #steps: ShutdownSteps;
  /** The current rung; aborted to go on to the next. */
  #rung: AbortController | null = null;

  constructor(clock: Clock, steps: ShutdownSteps) {
    this.#clock = clock;
    this.#steps = steps;
  }

  /** Goes on to the next rung. */
  skip(): void {
    this.#rung?.abort();
  }

  /** Goes on to the next rung after so many milliseconds, unless this one has ended by then. */
  skipAfter(ms: number): void {
    const rung = this.#rung;
    if (rung !== null) void pause(this.#clock, ms, rung.signal).then(() => rung.abort());
  }

  /** A run has ended. */
  ended(): void {
    if (this.#rung !== null && this.#steps.running() === 0) this.skip();
  }

  /** @param grace milliseconds */
  async run(grace: number): Promise<void> {
    const steps = this.#steps;
    steps.stopTaking();
    await this.#runsEnd(grace);
    if (steps.running() > 0) {
      steps.abortRuns();
      await this.#runsEnd(LAST_MOMENT);
      // Killed before their jobs are returned, so that no other worker runs them at the same time.
      await this.#atMost(LAST_MOMENT, steps.killRuns());
      steps.returnRuns();
    }
    await this.#atMost(LAST_OUTCOMES, steps.settled());
    await steps.closeResources();
  }

  /** A rung that ends with the work, or after `ms` milliseconds. */
  async #atMost(ms: number, work: Promise<void>): Promise<void> {
    const rung = new AbortController();
    this.#rung = rung;
    await Promise.race([work.then(() => rung.abort()), pause(this.#clock, ms, rung.signal)]);
    rung.abort();
  }

  async #runsEnd(ms: number): Promise<void> {
    if (this.#steps.running() === 0) return;
    this.#rung = new AbortController();
    await pause(this.#clock, ms, this.#rung.signal);
  }
}
