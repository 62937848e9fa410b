/**
 * What was seen of a run: which jobs were completed, when the first handler began and when the last completion came. It
 * refuses a job that was completed twice, one nobody added, and one that is missing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { NotVerified } from "./scenario.js";
import type { Line } from "./system.js";

/** How long a run may go without a completion before it counts as stuck. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 1_000;

export class Tally {
  readonly #ids: ReadonlySet<string>;
  readonly #done = new Set<string>();
  #firstStart = 0;
  #lastDone = 0;
  #wrong: string | null = null;
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
    if (this.#done.has(id)) this.#wrong ??= `job ${id} was completed twice`;
    if (!this.#ids.has(id)) this.#wrong ??= `job ${id} was completed and never added`;
    this.#done.add(id);
    if (this.#done.size < this.#ids.size && this.#wrong === null) return;
    this.#lastDone = performance.now();
    this.#finish();
  };

  /** Resolves when every job was seen completed. @throws NotVerified when they are not, or when nothing goes on */
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
    if (this.#wrong !== null) throw new NotVerified(this.#wrong);
  }

  /** Seconds from the first handler's start to the last completion. */
  get seconds(): number {
    return (this.#lastDone - this.#firstStart) / 1_000;
  }

  /** Compares with what the system counts; call it when its workers have stopped. @throws NotVerified */
  async confirm(line: Line): Promise<void> {
    if (this.#wrong !== null) throw new NotVerified(this.#wrong);
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
