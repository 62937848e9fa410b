/**
 * What of a run is under way: steps, milestones and the like that have begun and not ended. What earlier runs left is read
 * before the first of them begins; the run ends when none of them is under way, and may be put back by one of them whatever
 * its handler does.
 */
import type { Checkpoint } from "../../model/job/checkpoint.js";
import { LeaseLost, Snooze } from "../../model/errors/errors.js";
import { Suspended } from "../../model/flow/errors.js";
import type { RunPort } from "../run/host.js";

/** Why a run is put back: it sleeps, or waits for other jobs. */
export type Suspension = Snooze | Suspended;

export class InFlight {
  readonly #host: RunPort;
  readonly #restore: (earlier: readonly Checkpoint[]) => void;
  #suspension: Suspension | null = null;
  /** Has what earlier runs left been read? */
  #restored: boolean;
  #restoring: Promise<void> | null = null;
  #count = 0;
  #settled: () => void = () => {};

  /** `restore` takes in what earlier runs left. */
  constructor(host: RunPort, restore: (earlier: readonly Checkpoint[]) => void) {
    this.#host = host;
    this.#restore = restore;
    this.#restored = !host.lease.checkpoints;
  }

  /** What the run ends with, whatever its handler does; `null` when it is not put back. */
  get suspension(): Suspension | null {
    return this.#suspension;
  }

  /** Puts the run back. Of several sleeps the shortest counts, and any of them before a wait for other jobs. */
  suspend(by: Suspension): never {
    const before = this.#suspension;
    const shorter = by instanceof Snooze && before instanceof Snooze && Number(by.delay) < Number(before.delay);
    if (before === null || before instanceof Suspended || shorter) this.#suspension = by;
    throw by;
  }

  /** Nothing is begun in a run that is put back. @throws Snooze, Suspended */
  check(): void {
    if (this.#suspension !== null) throw this.#suspension;
  }

  /** Does a part of the run, unless the run should end. */
  during<T>(work: () => Promise<T>): Promise<T> {
    return this.track(async () => {
      const { signal } = this.#host;
      if (signal.aborted) throw signal.reason;
      if (this.#host.over) throw new LeaseLost();
      return work();
    });
  }

  /** Does something once what earlier runs left is known; until it has ended the run does not end. */
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

  /** Says something once what earlier runs left is known. */
  afterRestore(report: () => void): void {
    if (this.#restored) report();
    // What cannot be read fails the first step; what was to be said is then of no interest.
    else this.track(() => Promise.resolve(report())).catch(() => {});
  }

  /** `null` when nothing is under way; else resolves when nothing is. */
  settled(): Promise<void> | null {
    if (this.#count === 0) return null;
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  async #load(): Promise<void> {
    this.#restore(await this.#host.loadCheckpoints());
    this.#restored = true;
  }
}

/**
 * What is begun need not be awaited at once, or at all: a failure nobody waits for yet is no unhandled rejection. A lease
 * that is gone is told by the signal.
 */
export function markHandled<T>(begun: Promise<T>): Promise<T> {
  begun.catch(() => {});
  return begun;
}
