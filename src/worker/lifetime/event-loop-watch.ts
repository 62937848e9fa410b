/**
 * Detects inline handlers that block the worker's event loop: other jobs, timeouts and signals wait meanwhile. Checks
 * ten times a second while inline jobs run and not at all otherwise, so a run costs next to nothing.
 */
import type { Run } from "../run/run.js";

/**
 * The interval of checks, the delay that counts as blocked, and how long a task is not reported again. Milliseconds.
 */
const EVERY = 100;
const TOO_LONG = 1_000;
const SILENCE = 60_000;

export class EventLoopWatch {
  readonly #running: () => Iterable<Run>;
  readonly #blocked: (tasks: readonly string[], ms: number) => void;
  /** The tasks of the runs that began since the last check. */
  readonly #begun = new Set<string>();
  readonly #namedAt = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #longest = 0;

  /**
   * @param running the inline runs in flight
   * @param blocked called with the tasks that may be the cause, each at most once a minute, and the milliseconds
   */
  constructor(running: () => Iterable<Run>, blocked: (tasks: readonly string[], ms: number) => void) {
    this.#running = running;
    this.#blocked = blocked;
  }

  /** An inline run of this task begins. */
  began(task: string): void {
    this.#begun.add(task);
    if (this.#timer === null) this.#check();
  }

  /** The longest delay since this was called last, in milliseconds; 0 when no inline job ran. */
  takeLongest(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  // Real time, whatever clock the worker uses: the check measures this process.
  #check(): void {
    const due = performance.now() + EVERY;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const late = performance.now() - due;
      this.#longest = Math.max(this.#longest, late);
      const running = [...this.#running()];
      for (const { lease } of running) if (lease.body !== null) this.#begun.add(lease.body.task);
      if (late > TOO_LONG) this.#report(late);
      this.#begun.clear();
      if (running.length > 0) this.#check();
    }, EVERY).unref();
  }

  #report(ms: number): void {
    const now = performance.now();
    const tasks = [...this.#begun].filter(
      (task) => now - (this.#namedAt.get(task) ?? Number.NEGATIVE_INFINITY) > SILENCE,
    );
    for (const task of tasks) this.#namedAt.set(task, now);
    if (tasks.length > 0) this.#blocked(tasks, Math.round(ms));
  }
}
