/**
 * Tracks a run's operations in flight (steps, milestones, spawned jobs). Loads earlier checkpoints before the first
 * operation; the run ends when none is left; any of them may suspend it, even if the handler swallows the error.
 */
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import { LeaseLost, Snooze } from "../../model/errors/errors.js";
import { Suspended } from "../../model/flow/dependency-errors.js";
import type { RunPort } from "../run/environment.js";

/** Why a run is suspended: it sleeps, or waits for other jobs. */
export type Suspension = Snooze | Suspended;

export class InFlight {
  readonly #port: RunPort;
  readonly #restore: (earlier: readonly Checkpoint[]) => void;
  #suspension: Suspension | null = null;
  /** Are the checkpoints of earlier runs loaded? */
  #restored: boolean;
  #restoring: Promise<void> | null = null;
  #count = 0;
  #settled: () => void = () => {};

  /** @param restore receives the checkpoints of earlier runs */
  constructor(port: RunPort, restore: (earlier: readonly Checkpoint[]) => void) {
    this.#port = port;
    this.#restore = restore;
    this.#restored = !port.lease.checkpoints;
  }

  /** Why the run is suspended, whatever its handler does; `null` when it is not. */
  get suspension(): Suspension | null {
    return this.#suspension;
  }

  /** Suspends the run. The shortest of several sleeps wins, and any sleep wins over a wait for other jobs. */
  suspend(by: Suspension): never {
    const before = this.#suspension;
    const shorter = by instanceof Snooze && before instanceof Snooze && Number(by.delay) < Number(before.delay);
    if (before === null || before instanceof Suspended || shorter) this.#suspension = by;
    throw by;
  }

  /** Refuses to begin anything in a suspended run. @throws Snooze, Suspended */
  check(): void {
    if (this.#suspension !== null) throw this.#suspension;
  }

  /** Runs an operation, unless the run should end. */
  during<T>(work: () => Promise<T>): Promise<T> {
    return this.track(async () => {
      const { signal } = this.#port;
      if (signal.aborted) throw signal.reason;
      if (this.#port.over) throw new LeaseLost();
      return work();
    });
  }

  /** Runs an operation once earlier checkpoints are loaded; the run does not end before it. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      if (!this.#restored) await (this.#restoring ??= this.#load());
      return await work();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#settled();
    }
  }

  /** Reports something once earlier checkpoints are loaded. */
  afterRestore(report: () => void): void {
    if (this.#restored) report();
    // If they cannot be loaded the first step fails, and the report no longer matters.
    else this.track(() => Promise.resolve(report())).catch(() => {});
  }

  /** `null` when nothing is in flight; else a promise that resolves when nothing is. */
  settled(): Promise<void> | null {
    if (this.#count === 0) return null;
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  async #load(): Promise<void> {
    this.#restore(await this.#port.services.loadCheckpoints());
    this.#restored = true;
  }
}

/**
 * Keeps the failure of an operation that is not awaited (yet) from becoming an unhandled rejection. A lost lease is
 * reported by the signal.
 */
export function markHandled<T>(begun: Promise<T>): Promise<T> {
  begun.catch(() => {});
  return begun;
}
