/**
 * The checkpoints of a job in the hands of one run: those of earlier runs, read once, and those it makes itself. A memo is
 * known by the name of its step and the key of its item.
 */
import { MOST_CHECKPOINTS, type Checkpoint } from "../../model/job/checkpoint.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { RunPort } from "../run/host.js";

/** A checkpoint before it has its number. */
export type Unnumbered = Omit<Checkpoint, "seq">;

export class Checkpoints {
  readonly #host: RunPort;
  /** What steps and items gave, as JSON text. */
  readonly #values = new Map<string, string>();
  /** When sleeps end, epoch milliseconds. */
  readonly #wakes = new Map<string, number>();
  /** Which jobs were spawned, as JSON text. */
  readonly #spawned = new Map<string, string>();
  /** The numbers of milestones. */
  readonly #milestones = new Map<string, number>();
  /** The number of the status: the job has one. */
  #status: number | undefined = undefined;
  #latest = 0;
  #stored = 0;
  /** Steps and items under way that may still leave a checkpoint. */
  readonly #begun = new Set<string>();

  constructor(host: RunPort) {
    this.#host = host;
  }

  /** Has any step or item ended well, in any run? */
  get any(): boolean {
    return this.#values.size > 0;
  }

  /** Takes in what earlier runs left. */
  restore(earlier: readonly Checkpoint[]): void {
    for (const checkpoint of earlier) {
      this.#latest = Math.max(this.#latest, checkpoint.seq);
      this.#know(checkpoint);
    }
    this.#stored += earlier.length;
  }

  /** The JSON text of what a step or item gave; `undefined` when it has not ended well. */
  value(name: string, key: string | null): string | undefined {
    return this.#values.get(place(name, key));
  }

  /** When a sleep ends, epoch milliseconds; `undefined` when it has not begun. */
  wake(name: string): number | undefined {
    return this.#wakes.get(name);
  }

  /** What is stored of jobs that were spawned, as JSON text; `undefined` when they were not. */
  spawned(name: string, key: string | null): string | undefined {
    return this.#spawned.get(place(name, key));
  }

  /** Is there room for so many more checkpoints? @throws InvalidInput when there is not */
  checkRoom(name: string, count: number): void {
    if (this.#stored + this.#begun.size + count > MOST_CHECKPOINTS) {
      throw new InvalidInput("step", name, `a job has at most ${MOST_CHECKPOINTS} steps, items and sleeps`);
    }
  }

  /** A step (whose key is `null`) or items begin: room is kept for what they leave. @throws InvalidInput as `checkRoom` */
  begin(name: string, keys: readonly (string | null)[]): void {
    this.checkRoom(name, keys.length);
    for (const key of keys) this.#begun.add(place(name, key));
  }

  /** They are over, however: those that left nothing need no room. */
  end(name: string, keys: readonly (string | null)[]): void {
    for (const key of keys) this.#begun.delete(place(name, key));
  }

  /**
   * Leaves a checkpoint; it counts from now on, and is stored once this resolves. A milestone replaces the one of its name, a
   * status the one before it.
   * @throws the signal's reason, or LeaseLost, when the lease is gone
   */
  async save(checkpoint: Unnumbered): Promise<void> {
    const seq = this.#seqOf(checkpoint);
    const numbered = { seq, ...checkpoint };
    this.#know(numbered);
    try {
      await this.#host.saveCheckpoint(numbered);
    } catch (error) {
      const { signal } = this.#host;
      throw signal.aborted ? signal.reason : error;
    }
  }

  #seqOf({ kind, name, key }: Unnumbered): number {
    const before = kind === "milestone" ? this.#milestones.get(name) : kind === "status" ? this.#status : undefined;
    if (before !== undefined) return before;
    if (kind === "step") this.#begun.delete(place(name, key));
    this.#latest += 1;
    this.#stored += 1;
    return this.#latest;
  }

  #know({ seq, kind, name, key, value }: Checkpoint): void {
    if (kind === "step") this.#values.set(place(name, key), value);
    else if (kind === "sleep") this.#wakes.set(name, Number(value));
    else if (kind === "milestone") this.#milestones.set(name, seq);
    else if (kind === "spawn") this.#spawned.set(place(name, key), value);
    else this.#status = seq;
  }
}

// Names and keys have no control characters.
function place(name: string, key: string | null): string {
  return key === null ? name : `${name}\0${key}`;
}
