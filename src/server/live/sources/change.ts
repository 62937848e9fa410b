/**
 * What changed in a topic, and the changes that wait for its next frame. Where the latest alone counts it takes the place of the
 * one before; states and milestones all go out, until there are so many that of each job only the last state does, and beyond that
 * a snapshot says how things are.
 */
import type { View } from "../../http/view.js";

/** Something that changed. */
export interface Change {
  /** A later change with this name takes its place; `null`: none does. */
  readonly slot: string | null;
  /** The same where there are too many changes to show them all; `null`: it goes out in any case. */
  readonly summary: string | null;
  /** About how many characters it has. */
  readonly size: number;
  /** As a client may see it: what it says is fixed. */
  readonly document: (view: View) => unknown;
}

/** A change and its number: those of a hub are numbered as they come. */
export interface NumberedChange {
  readonly number: number;
  readonly change: Change;
}

/** How many changes one frame may have before they are summed up, and how many of those, or characters, before a snapshot takes their place. */
const MANY = 500;
const TOO_MANY = 2_000;
const TOO_LONG = 640 * 1024;

/** The changes of a topic since its last frame. */
export class ChangeWindow {
  #changes = new Map<string, NumberedChange>();
  #summed = false;
  #size = 0;

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  /** Are there so many that a snapshot says it in less? */
  get isOverflowing(): boolean {
    return this.#changes.size > TOO_MANY || this.#size > TOO_LONG;
  }

  add(number: number, change: Change): void {
    this.#put(number, change);
    if (!this.#summed && (this.#changes.size > MANY || this.#size > TOO_LONG)) this.#sumUp();
  }

  /** Takes all changes out, in the order in which they came. */
  take(): NumberedChange[] {
    const changes = [...this.#changes.values()];
    this.#clear();
    this.#summed = false;
    return changes;
  }

  #put(number: number, change: Change): void {
    const place = (this.#summed ? change.summary : null) ?? change.slot ?? `\0${number}`;
    const before = this.#changes.get(place);
    if (before !== undefined) this.#size -= before.change.size;
    // The latest one stands last: it is newer than what came between.
    this.#changes.delete(place);
    this.#changes.set(place, { number, change });
    this.#size += change.size;
  }

  #sumUp(): void {
    const changes = [...this.#changes.values()];
    this.#clear();
    this.#summed = true;
    for (const { number, change } of changes) this.#put(number, change);
  }

  #clear(): void {
    this.#changes.clear();
    this.#size = 0;
  }
}
