/**
 * Decides per queue whether to try the fast path of an exchange: a small script for exchanges with nothing out of the
 * ordinary. A call that it declines costs a second one, so the fast path is not tried in that queue for a while.
 */

/** For how many exchanges the fast path is not tried after a decline. */
const PAUSE = 16;

export class FastPath {
  /** By queue: how many more exchanges go without the fast path. */
  readonly #declined = new Map<string, number>();

  /** Is the fast path likely to serve the next exchange? */
  isWorthTrying(queue: string): boolean {
    const left = this.#declined.get(queue);
    if (left === undefined) return true;
    if (left > 1) this.#declined.set(queue, left - 1);
    else this.#declined.delete(queue);
    return false;
  }

  /** Records that the fast path declined an exchange. */
  wasRefused(queue: string): void {
    this.#declined.set(queue, PAUSE);
  }
}
