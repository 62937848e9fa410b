/**
 * A sorted list of the jobs of one state: cheap at both ends, binary search in between. A list that mostly grows at its
 * first end (finished jobs, the latest first) is stored in reverse.
 */
import { compareKeys, type OrderKey } from "../../shared/listing-order.js";

export class Line<T extends { readonly key: OrderKey }> {
  #entries: T[] = [];
  // Removing at the head moves this mark; the array is cut once half of it is behind the mark.
  #head = 0;
  readonly #reversed: boolean;

  constructor(options: { reversed?: boolean } = {}) {
    this.#reversed = options.reversed ?? false;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** The first entry as stored: the last one of a reversed list. */
  first(): T | undefined {
    return this.#entries[this.#head];
  }

  at(index: number): T | undefined {
    return this.#entries[this.#head + index];
  }

  insert(entry: T): void {
    const last = this.#entries.at(-1);
    if (last === undefined || this.size === 0 || this.#compare(last.key, entry.key) < 0) {
      this.#entries.push(entry);
      return;
    }
    this.#entries.splice(this.#head + this.rank(entry.key), 0, entry);
  }

  remove(entry: T): void {
    if (this.first() === entry) {
      this.#head += 1;
      if (this.#head > 1_000 && this.#head * 2 > this.#entries.length) {
        this.#entries = this.#entries.slice(this.#head);
        this.#head = 0;
      }
      return;
    }
    const index = this.#head + this.rank(entry.key);
    if (this.#entries[index] !== entry) throw new Error("memory engine: a job is not in the list of its state");
    this.#entries.splice(index, 1);
  }

  /** How many entries come before `key`, as stored. */
  rank(key: OrderKey): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && this.#compare(entry.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low - this.#head;
  }

  /** All entries in order. */
  toArray(): T[] {
    const entries = this.#entries.slice(this.#head);
    return this.#reversed ? entries.toReversed() : entries;
  }

  #compare(a: OrderKey, b: OrderKey): number {
    return this.#reversed ? compareKeys(b, a) : compareKeys(a, b);
  }
}
