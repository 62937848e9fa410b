/**
 * Wake-ups inside one process: of workers that wait for work, of watchers that wait for events, and of running jobs that
 * lose their lease. Used by every engine whose changes happen in this process.
 */
import type { Clock } from "../../model/value/clock.js";
import type { Revocation } from "../contract/engine.js";

export class Signals {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #listeners = new Map<string, Set<(lease: Revocation) => void>>();
  readonly #commanded = new Map<string, Set<() => void>>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reports a change in a queue, or perhaps in any of several: every waiter there checks again, once. */
  changed(...queues: readonly string[]): void {
    const looks = new Set(queues.flatMap((queue) => [...(this.#waiters.get(queue) ?? [])]));
    for (const look of looks) look();
  }

  /** Resolves when `ready()` holds after a change of one of the queues, on timeout (milliseconds), abort or close. */
  wait(queues: readonly string[], timeout: number, signal: AbortSignal, ready: () => boolean): Promise<void> {
    if (this.#closed || signal.aborted || ready()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        signal.removeEventListener("abort", finish);
        for (const queue of queues) this.#forget(queue, look);
        resolve();
      };
      const look = (): void => {
        if (this.#closed || ready()) finish();
      };
      const cancel = this.#clock.after(timeout, finish);
      signal.addEventListener("abort", finish, { once: true });
      for (const queue of queues) this.#set(this.#waiters, queue).add(look);
    });
  }

  /** Reports to a session that a lease was taken from it. */
  revoked(session: string, lease: Revocation): void {
    for (const listener of this.#listeners.get(session) ?? []) listener(lease);
  }

  onRevoked(session: string, listener: (lease: Revocation) => void): () => void {
    const listeners = this.#set(this.#listeners, session);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(session);
    };
  }

  /** Reports to a session that its worker was given a command. */
  commanded(session: string): void {
    for (const listener of this.#commanded.get(session) ?? []) listener();
  }

  onCommanded(session: string, listener: () => void): () => void {
    const listeners = this.#set(this.#commanded, session);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#commanded.delete(session);
    };
  }

  /** Ends every wait, now and from now on. */
  close(): void {
    this.#closed = true;
    this.changed(...this.#waiters.keys());
  }

  #forget(queue: string, look: () => void): void {
    const looks = this.#waiters.get(queue);
    looks?.delete(look);
    if (looks?.size === 0) this.#waiters.delete(queue);
  }

  #set<T>(map: Map<string, Set<T>>, key: string): Set<T> {
    let set = map.get(key);
    if (set === undefined) map.set(key, (set = new Set()));
    return set;
  }
}
