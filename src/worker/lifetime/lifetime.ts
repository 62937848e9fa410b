/**
 * How long a worker lives: until it is stopped, or until it runs dry, has run its number of jobs, was idle for too long,
 * or has grown too big.
 */
import type { Clock } from "../../model/value/clock.js";
import { MemoryWatch } from "./memory-watch.js";
import type { StopReason } from "../run/events.js";

/** What ends a worker's life by itself. */
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
  #dry = false;
  #cancel: () => void = () => {};

  /** `finished` is called when its life is over, `tellIdle` once each time it runs dry. */
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

  /** It has got work. */
  leased(): void {
    this.#dry = false;
    this.#cancel();
  }

  /** Runs have ended; others may go on. */
  runsEnded(): void {
    this.#memory?.ran();
  }

  /** It holds nothing, after so many runs. */
  ran(runs: number): void {
    if (runs >= this.#options.maxJobs) this.#finished("maxJobs");
  }

  /** It holds nothing and there is nothing to do. `swept`: nor is there work that only a sweep would find. */
  idle(swept: boolean): void {
    const { burst, maxIdle } = this.#options;
    if (burst && swept) {
      this.#finished("burst");
      return;
    }
    if (this.#dry) return;
    this.#dry = true;
    this.#becameIdle();
    if (maxIdle !== null) this.#cancel = this.#clock.after(maxIdle, () => this.#finished("maxIdle"));
  }

  close(): void {
    this.#cancel();
    this.#memory?.close();
  }
}
