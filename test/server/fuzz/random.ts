/** Chance that can be repeated: the nth request of an operation is drawn from the seed, the operation and n, and from nothing else. */

export class Chance {
  #state: number;

  constructor(seed: string) {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (const character of seed) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
    this.#state = hash;
  }

  /** 0 up to 1 (mulberry32). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Is it so, in this share of cases? */
  in(share: number): boolean {
    return this.fraction() < share;
  }

  /** A whole number from 0, below this one. */
  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  /** One of these, of which there is one at least. */
  of<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }
}
