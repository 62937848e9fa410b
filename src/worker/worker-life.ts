/**
 * How long a worker lives: until it is stopped, or until it runs dry, has run its number of jobs, or was idle for too
 * long.
 */
import type { Clock } from "../model/clock.js";

/** What ends a worker's life by itself. */
export interface LifeOptions {
  readonly burst: boolean;
  readonly maxJobs: number;
  /** Milliseconds. */
  readonly maxIdle: number | null;
}

export class WorkerLife {
  readonly #options: LifeOptions;
  readonly #clock: Clock;
  readonly #finished: () => void;
  readonly #tellIdle: () => void;
  #dry = false;
  #cancel: () => void = () => {};

  /** `finished` is called when its life is over, `tellIdle` once each time it runs dry. */
  constructor(options: LifeOptions, clock: Clock, finished: () => void, tellIdle: () => void) {
    this.#options = options;
    this.#clock = clock;
    this.#finished = finished;
    this.#tellIdle = tellIdle;
  }

  /** It has got work. */
  leased(): void {
    this.#dry = false;
    this.#cancel();
  }

  /** It holds nothing, after so many runs. */
  ran(runs: number): void {
    if (runs >= this.#options.maxJobs) this.#finished();
  }

  /** It holds nothing and there is nothing to do. `swept`: nor is there work that only a sweep would find. */
  idle(swept: boolean): void {
    const { burst, maxIdle } = this.#options;
    if (burst && swept) {
      this.#finished();
      return;
    }
    if (this.#dry) return;
    this.#dry = true;
    this.#tellIdle();
    if (maxIdle !== null) this.#cancel = this.#clock.after(maxIdle, this.#finished);
  }

  close(): void {
    this.#cancel();
  }
}
