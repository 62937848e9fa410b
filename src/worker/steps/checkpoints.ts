/**
 * The checkpoints of a job, as one run knows them: those of earlier runs, loaded once, and those it saves itself. A
 * step's output is found by the name of the step and the key of its item.
 */
import { MOST_CHECKPOINTS, type Checkpoint } from "../../model/job/report/checkpoint.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { RunPort } from "../run/environment.js";
import { BUILT_IN } from "../../model/flow/each.js";

/** The name of what a built-in task keeps of its state: the only step that is saved again. */
export const KEPT = `${BUILT_IN}kept`;

/** A checkpoint without its number. */
export type Unnumbered = Omit<Checkpoint, "seq">;

export class Checkpoints {
  readonly #port: RunPort;
  /** The outputs of steps and items, as JSON text. */
  readonly #values = new Map<string, string>();
  /** The ends of sleeps, in epoch milliseconds. */
  readonly #wakes = new Map<string, number>();
  /** The jobs that were spawned, as JSON text. */
  readonly #spawned = new Map<string, string>();
  /** The checkpoint numbers of milestones, by name. */
  readonly #milestones = new Map<string, number>();
  /** The checkpoint number of the status: a job has one. */
  #status: number | undefined = undefined;
  /** The checkpoint number of what a built-in task keeps: a job has one. */
  #kept: number | undefined = undefined;
  #latest = 0;
  #stored = 0;
  /** Steps and items in flight that may still save a checkpoint. */
  readonly #reserved = new Set<string>();

  constructor(port: RunPort) {
    this.#port = port;
  }

  /** Has any step or item succeeded, in any run? */
  get any(): boolean {
    return this.#values.size > 0;
  }

  /** Adds the checkpoints of earlier runs. */
  restore(earlier: readonly Checkpoint[]): void {
    for (const checkpoint of earlier) {
      this.#latest = Math.max(this.#latest, checkpoint.seq);
      this.#index(checkpoint);
    }
    this.#stored += earlier.length;
  }

  /** The output of a step or item, as JSON text; `undefined` when it has not succeeded. */
  value(name: string, key: string | null): string | undefined {
    return this.#values.get(place(name, key));
  }

  /** The end of a sleep, in epoch milliseconds; `undefined` when it has not begun. */
  wake(name: string): number | undefined {
    return this.#wakes.get(name);
  }

  /** The stored record of spawned jobs, as JSON text; `undefined` when none were spawned. */
  spawned(name: string, key: string | null): string | undefined {
    return this.#spawned.get(place(name, key));
  }

  /** Checks that there is room for `count` more checkpoints. @throws InvalidInput when there is not */
  checkRoom(name: string, count: number): void {
    if (this.#stored + this.#reserved.size + count > MOST_CHECKPOINTS) {
      throw new InvalidInput("step", name, `a job has at most ${MOST_CHECKPOINTS} steps, items and sleeps`);
    }
  }

  /**
   * A step (whose key is `null`) or items begin: reserves room for their checkpoints. @throws InvalidInput as
   * `checkRoom`
   */
  begin(name: string, keys: readonly (string | null)[]): void {
    this.checkRoom(name, keys.length);
    for (const key of keys) this.#reserved.add(place(name, key));
  }

  /** A step or items have ended: frees the room that they reserved and did not use. */
  end(name: string, keys: readonly (string | null)[]): void {
    for (const key of keys) this.#reserved.delete(place(name, key));
  }

  /**
   * Saves a checkpoint; this run knows it at once, and it is stored when this resolves. A milestone replaces the
   * previous one of its name, a status the previous status, what a built-in task keeps what it kept before.
   * @throws the signal's reason, or LeaseLost, when the lease is lost
   */
  async save(checkpoint: Unnumbered): Promise<void> {
    const seq = this.#seqOf(checkpoint);
    const numbered = { seq, ...checkpoint };
    this.#index(numbered);
    try {
      await this.#port.services.saveCheckpoint(numbered);
    } catch (error) {
      const { signal } = this.#port;
      throw signal.aborted ? signal.reason : error;
    }
  }

  #seqOf({ kind, name, key }: Unnumbered): number {
    const before =
      kind === "milestone"
        ? this.#milestones.get(name)
        : kind === "status"
          ? this.#status
          : kind === "step" && name === KEPT
            ? this.#kept
            : undefined;
    if (before !== undefined) return before;
    if (kind === "step") this.#reserved.delete(place(name, key));
    this.#latest += 1;
    this.#stored += 1;
    return this.#latest;
  }

  #index({ seq, kind, name, key, value }: Checkpoint): void {
    if (kind === "step" && name === KEPT) this.#kept = seq;
    if (kind === "step") this.#values.set(place(name, key), value);
    else if (kind === "sleep") this.#wakes.set(name, Number(value));
    else if (kind === "milestone") this.#milestones.set(name, seq);
    else if (kind === "spawn") this.#spawned.set(place(name, key), value);
    else this.#status = seq;
  }
}

// Names and keys have no control characters, so `\0` separates them safely.
function place(name: string, key: string | null): string {
  return key === null ? name : `${name}\0${key}`;
}
