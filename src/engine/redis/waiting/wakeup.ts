/**
 * Waits for work on Redis. A queue that gets work has a wake marker, and who takes it is woken. All waits of a connection
 * share what they need of the server: one blocked pop on a single server (pop-wakeup.ts), and on a cluster, where queues
 * are in different slots, messages (bell-wakeup.ts).
 */

export interface Wakeup {
  /**
   * Resolves when work may be waiting in one of the queues, after `timeout` milliseconds, on abort or close. Answers the queue
   * whose marker was taken for it; `null`: none was.
   */
  wait(queues: readonly string[], timeout: number, signal: AbortSignal): Promise<string | null>;
  /** Takes no connection for granted any more: they may be dead. */
  renew(): void;
  close(): void;
}

/** One wait. */
interface Waiter {
  readonly queues: readonly string[];
  readonly end: (queue: string | null) => void;
}

/** Those that wait now, the longest-waiting first. */
export class Waiters {
  readonly #waiters = new Set<Waiter>();
  #closed = false;

  /** The queues that anyone waits for. */
  get queues(): string[] {
    return [...new Set([...this.#waiters].flatMap((waiter) => waiter.queues))];
  }

  /** Waits until `take` or `endAll`, the time is up, or on abort. `began` is called when the wait has begun. */
  add(queues: readonly string[], timeout: number, signal: AbortSignal, began: () => void): Promise<string | null> {
    if (this.#closed || signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const abort = (): void => waiter.end(null);
      const waiter: Waiter = {
        queues,
        end: (queue) => {
          clearTimeout(timer);
          signal.removeEventListener("abort", abort);
          this.#waiters.delete(waiter);
          resolve(queue);
        },
      };
      const timer = setTimeout(abort, timeout);
      signal.addEventListener("abort", abort, { once: true });
      this.#waiters.add(waiter);
      began();
    });
  }

  has(queue: string): boolean {
    return this.#find(queue) !== undefined;
  }

  /** Wakes one that waits for the queue. Answers whether there was one. */
  wake(queue: string): boolean {
    const waiter = this.#find(queue);
    waiter?.end(queue);
    return waiter !== undefined;
  }

  /** Ends all waits: all have to look for themselves. */
  endAll(): void {
    for (const waiter of [...this.#waiters]) waiter.end(null);
  }

  close(): void {
    this.#closed = true;
    this.endAll();
  }

  #find(queue: string): Waiter | undefined {
    for (const waiter of this.#waiters) if (waiter.queues.includes(queue)) return waiter;
    return undefined;
  }
}
