/**
 * The checkpoints of a job in the hands of one run: those of earlier runs, read once, and those it makes itself. A memo is
 * known by the name of its step and the key of its item.
 */
import { MOST_CHECKPOINTS, type Checkpoint } from "../../model/checkpoint.js";
import { InvalidInput } from "../../model/errors.js";
import type { RunHost } from "../run-host.js";

/** A checkpoint before it has its number. */
export type Unnumbered = Omit<Checkpoint, "seq">;

export class Memos {
  readonly #host: RunHost;
  /** What steps and items gave, as JSON text. */
  readonly #values = new Map<string, string>();
  /** When sleeps end, epoch milliseconds. */
  readonly #wakes = new Map<string, number>();
  /** The numbers of milestones. */
  readonly #milestones = new Map<string, number>();
  #latest = 0;
  #stored = 0;
  /** Steps and items under way: each may leave a checkpoint. */
  #underWay = 0;

  constructor(host: RunHost) {
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

  /** So many steps or items begin. @throws InvalidInput when there is no room for their checkpoints */
  begin(name: string, count: number): void {
    if (this.#stored + this.#underWay + count > MOST_CHECKPOINTS) {
      throw new InvalidInput("step", name, `a job has at most ${MOST_CHECKPOINTS} steps, items and sleeps`);
    }
    this.#underWay += count;
  }

  /** So many of them are over, however. */
  end(count: number): void {
    this.#underWay -= count;
  }

  /**
   * Leaves a checkpoint; it counts from now on, and is stored once this resolves. A milestone replaces the one of its name.
   * @throws the signal's reason, or LeaseLost, when the lease is gone
   */
  async leave(checkpoint: Unnumbered): Promise<void> {
    const seq = this.#seqOf(checkpoint);
    const numbered = { seq, ...checkpoint };
    this.#know(numbered);
    try {
      await this.#host.leave(numbered);
    } catch (error) {
      const { signal } = this.#host;
      throw signal.aborted ? signal.reason : error;
    }
  }

  #seqOf({ kind, name }: Unnumbered): number {
    const before = kind === "milestone" ? this.#milestones.get(name) : undefined;
    if (before !== undefined) return before;
    this.#latest += 1;
    this.#stored += 1;
    return this.#latest;
  }

  #know({ seq, kind, name, key, value }: Checkpoint): void {
    if (kind === "step") this.#values.set(place(name, key), value);
    else if (kind === "sleep") this.#wakes.set(name, Number(value));
    else this.#milestones.set(name, seq);
  }
}

// Names and keys have no control characters.
function place(name: string, key: string | null): string {
  return key === null ? name : `${name}\0${key}`;
}
