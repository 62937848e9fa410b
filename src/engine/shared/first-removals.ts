/**
 * What retention removes first in each queue, as a worker at rest that waits has seen it. Its last sweep knew when that is. It is
 * woken when something goes before: a job that another client ended, or left to retention by removing what needed it.
 */
export class FirstRemovals {
  readonly #seen = new Map<string, number | null>();

  /**
   * Does something go before all that was there at the last look? The first look at a queue only notes it.
   * @param first when the first job is removed (epoch milliseconds); `-Infinity`: at once; `null`: none is
   */
  isEarlier(queue: string, first: number | null): boolean {
    const seen = this.#seen.get(queue);
    this.#seen.set(queue, first);
    return seen !== undefined && first !== null && (seen === null || first < seen);
  }
}
