/**
 * In which queues exchanges are usual. There is a small script for those; one that it declines costs a second call, so a
 * queue where that happened is taken for unusual for a while.
 */

/** How many exchanges a queue stays unusual. */
const LASTING = 16;

export class FastPath {
  /** By queue: how many more exchanges are taken for unusual. */
  readonly #unusual = new Map<string, number>();

  /** Is the next exchange likely to be usual? */
  isWorthTrying(queue: string): boolean {
    const left = this.#unusual.get(queue);
    if (left === undefined) return true;
    if (left > 1) this.#unusual.set(queue, left - 1);
    else this.#unusual.delete(queue);
    return false;
  }

  /** An exchange was declined. */
  wasRefused(queue: string): void {
    this.#unusual.set(queue, LASTING);
  }
}
