/**
 * The exchanges that a queue did not answer, while others of the same exchange did. The queue may have carried its part out
 * and leased jobs: the next exchange of the lane asks it under the old number, and so gets those leases again.
 */
export class UnansweredCalls {
  readonly #calls = new Map<string, Map<string, number>>();

  /** The number under which to ask; `undefined`: that of the exchange itself. */
  of(session: string, lane: number, queue: string): number | undefined {
    return this.#calls.size === 0 ? undefined : this.#calls.get(session)?.get(`${lane} ${queue}`);
  }

  /** The queue did not answer. */
  add(session: string, lane: number, queue: string, call: number): void {
    const calls = this.#calls.get(session) ?? new Map<string, number>();
    this.#calls.set(session, calls.set(`${lane} ${queue}`, call));
  }

  /** The queue has answered. */
  clear(session: string, lane: number, queue: string): void {
    if (this.#calls.size > 0) this.#calls.get(session)?.delete(`${lane} ${queue}`);
  }

  /** The session has ended. */
  forget(session: string): void {
    this.#calls.delete(session);
  }
}
