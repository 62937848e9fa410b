/**
 * The children of tasks with the same runner options. A child is taken for a job and given back after it; the one used
 * last is taken first. It is replaced when it has run its number of jobs or has crashed, and closed when it has been
 * idle for a minute.
 */
import type { Clock } from "../../model/value/clock.js";
import { Child } from "./child.js";
import type { ChildLink } from "./channel/child-link.js";

/** How long (milliseconds) an idle child is kept. */
const IDLE = 60_000;

/** Dependencies and callbacks. */
export interface ChildPoolOptions {
  readonly clock: Clock;
  readonly maxJobsPerChild: number;
  readonly start: () => ChildLink;
  /** Another child is about to be started. */
  readonly starting: () => void;
}

export class ChildPool {
  /** All living children. */
  readonly children = new Set<Child>();
  readonly #options: ChildPoolOptions;
  /** Idle children; the one used last is the last. */
  #idle: Child[] = [];
  #closed = false;

  constructor(options: ChildPoolOptions) {
    this.#options = options;
  }

  /** Takes a child for one job. */
  take(): Child {
    const child = this.#idle.pop() ?? this.#start();
    child.cancelIdle();
    child.jobs += 1;
    // When no child is used twice, the next one starts while this one works.
    if (this.#options.maxJobsPerChild === 1 && this.#idle.length === 0 && !this.#closed) this.#keepIdle(this.#start());
    return child;
  }

  /** The job has ended. `reusable`: the child may run another. */
  giveBack(child: Child, reusable: boolean): void {
    child.listen(() => {});
    if (child.ending) return;
    if (reusable && !this.#closed && child.jobs < this.#options.maxJobsPerChild) this.#keepIdle(child);
    else child.close();
  }

  /** Closes the child that has been idle longest. Returns `false` when none is idle. */
  closeOne(): boolean {
    const child = this.#idle.shift();
    child?.cancelIdle();
    child?.close();
    return child !== undefined;
  }

  /** Kills the children that run jobs; resolves when they are gone. Never rejects. */
  async killAll(): Promise<void> {
    const busy = [...this.children].filter((child) => !this.#idle.includes(child));
    for (const child of busy) child.kill();
    await Promise.all(busy.map(({ gone }) => gone));
  }

  /** Closes all children; resolves when they are gone. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.closeOne());
    for (const child of this.children) child.close();
    await Promise.all([...this.children].map(({ gone }) => gone));
  }

  #start(): Child {
    this.#options.starting();
    const child = new Child(this.#options.start(), this.#options.clock);
    this.children.add(child);
    void this.#removeWhenGone(child);
    return child;
  }

  async #removeWhenGone(child: Child): Promise<void> {
    await child.gone;
    child.cancelIdle();
    this.children.delete(child);
    this.#idle = this.#idle.filter((other) => other !== child);
  }

  #keepIdle(child: Child): void {
    this.#idle.push(child);
    child.cancelIdle = this.#options.clock.after(IDLE, () => {
      this.#idle = this.#idle.filter((other) => other !== child);
      child.close();
    });
  }
}
