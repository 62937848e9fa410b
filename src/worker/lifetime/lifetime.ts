/**
 * Ends a worker by its options: when it runs out of work (`burst`), has run its number of jobs (`maxJobs`), was idle
 * for too long (`maxIdle`), or uses too much memory (`maxRss`).
 */
import type { Clock } from "../../model/value/clock.js";
import { MemoryWatch } from "./memory-watch.js";
import type { StopReason } from "../run/events.js";

/** The options that end a worker. */
export interface LifeOptions {
  readonly burst: boolean;
  readonly maxJobs: number;
  /** Milliseconds. */
  readonly maxIdle: number | null;
  /** Bytes. */
  readonly maxRss: number | null;
}

export class WorkerLife {
  readonly #options: LifeOptions;
  readonly #clock: Clock;
  readonly #finished: (reason: StopReason) => void;
  readonly #becameIdle: () => void;
  readonly #memory: MemoryWatch | null;
  #isIdle = false;
  #cancel: () => void = () => {};

  /**
   * @param finished called when its life is over
   * @param becameIdle called once each time it runs out of work
   */
  constructor(options: LifeOptions, clock: Clock, finished: (reason: StopReason) => void, becameIdle: () => void) {
    this.#options = options;
    this.#clock = clock;
    this.#finished = finished;
    this.#becameIdle = becameIdle;
    this.#memory =
      options.maxRss === null
        ? null
        : new MemoryWatch({
            limit: options.maxRss,
            clock,
            residentSet: () => process.memoryUsage.rss(),
            over: () => finished("maxRss"),
          });
  }

  /** It takes work from now on. */
  begin(): void {
    this.#memory?.start();
  }

  /** It has leased work. */
  leased(): void {
    this.#isIdle = false;
    this.#cancel();
  }

  /** Runs have ended; others may go on. */
  runsEnded(): void {
    this.#memory?.ran();
  }

  /** It holds no job, after `runs` runs. */
  ran(runs: number): void {
    if (runs >= this.#options.maxJobs) this.#finished("maxJobs");
  }

  /** It holds no job and there is no work. `swept`: a sweep has found none either. */
  idle(swept: boolean): void {
    const { burst, maxIdle } = this.#options;
    if (burst && swept) {
      this.#finished("burst");
      return;
    }
    if (this.#isIdle) return;
    this.#isIdle = true;
    this.#becameIdle();
    if (maxIdle !== null) this.#cancel = this.#clock.after(maxIdle, () => this.#finished("maxIdle"));
  }

  close(): void {
    this.#cancel();
    this.#memory?.close();
  }
}
