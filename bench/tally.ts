/**
 * The completions of a run: which jobs, and how fast once the worker was at work. It refuses a job that was
 * completed twice, one that was never added, and one that is missing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { NotVerified } from "./scenario.js";
import type { Line } from "./system.js";

/** How long a run may go without a completion before it counts as stuck. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 1_000;
/** The part of a run in which connections are made, threads started and batches grow: not counted. */
const START_UP = 0.2;
/** The least part that must be left to count, else the whole run counts: some systems complete a few large lumps. */
const LEAST_COUNTED = 0.5;

/** How many completions were seen at a moment. */
interface Mark {
  readonly at: number;
  readonly total: number;
}

export class Tally {
  readonly #ids: ReadonlySet<string>;
  readonly #done = new Set<string>();
  #firstStart = 0;
  #lastDone = 0;
  #marking = false;
  #warm: Mark | null = null;
  #failure: Error | null = null;
  #finish: () => void = () => undefined;
  readonly #finished = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  /** @param ids what was added; @throws NotVerified when an id is there twice */
  constructor(ids: readonly string[]) {
    this.#ids = new Set(ids);
    if (this.#ids.size !== ids.length) throw new NotVerified(`${ids.length} jobs were added as ${this.#ids.size} ids`);
  }

  /** Hand this to the worker. */
  readonly started = (): void => {
    if (this.#firstStart === 0) this.#firstStart = performance.now();
  };

  /** Hand this to the worker. */
  readonly done = (id: string): void => {
    if (this.#done.has(id)) this.failed(new NotVerified(`job ${id} was completed twice`));
    if (!this.#ids.has(id)) this.failed(new NotVerified(`job ${id} was completed and never added`));
    this.#done.add(id);
    if (!this.#marking && this.#done.size >= this.#ids.size * START_UP) this.#mark();
    if (this.#done.size < this.#ids.size) return;
    this.#lastDone = performance.now();
    this.#finish();
  };

  /** Hand this to the worker. It ends all waits with an error; the first one counts. */
  readonly failed = (error: Error): void => {
    this.#failure ??= error;
    this.#finish();
  };

  /** Resolves when every job was seen completed. @throws NotVerified when nothing goes on; what `failed` was given */
  async complete(): Promise<void> {
    let seen = -1;
    let since = performance.now();
    while (!(await this.#finishedWithin(LOOK_MS))) {
      if (this.#done.size !== seen) {
        seen = this.#done.size;
        since = performance.now();
      } else if (performance.now() - since > PATIENCE_MS) {
        throw new NotVerified(`stuck at ${seen} of ${this.#ids.size} jobs seen completed`);
      }
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** Jobs a second, without the first fifth; of the whole run when completions came in lumps. */
  get pace(): number {
    const total = this.#ids.size;
    const warm = this.#warm;
    if (warm === null || total - warm.total < total * LEAST_COUNTED) return this.paceOfAll;
    return ((total - warm.total) * 1_000) / (this.#lastDone - warm.at);
  }

  /** Jobs a second, from the first handler's start. */
  get paceOfAll(): number {
    return (this.#ids.size * 1_000) / (this.#lastDone - this.#firstStart);
  }

  /** Takes the time once everything that was completed at once is counted. */
  #mark(): void {
    this.#marking = true;
    setImmediate(() => {
      this.#warm = { at: performance.now(), total: this.#done.size };
    });
  }

  /** Compares with what the system counts; call it when its workers have stopped. @throws NotVerified */
  async confirm(line: Line): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const completed = await line.completed();
    if (completed !== null && completed !== this.#ids.size) {
      throw new NotVerified(`${this.#ids.size} jobs were added and the system counts ${completed} completed`);
    }
    const waiting = await line.waiting();
    if (waiting !== 0) throw new NotVerified(`all jobs were completed and the system counts ${waiting} waiting`);
  }

  async #finishedWithin(milliseconds: number): Promise<boolean> {
    const timer = new AbortController();
    const late = sleep(milliseconds, false, { signal: timer.signal }).catch(() => false);
    const answer = await Promise.race([this.#finished.then(() => true), late]);
    timer.abort();
    return answer;
  }
}
