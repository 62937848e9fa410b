/**
 * Waits for work on Redis: a blocking pop of the queue's wake marker, on connections of its own. A pop that is not awaited
 * any more is left parked and reused by the next wait, so that short waits cost no command; a marker it pops meanwhile is
 * put back for another worker. A pop that gets no answer in its time means a dead connection, whatever its status: it is
 * replaced.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ParsedRedisTarget } from "../../target.js";
import type { Keys } from "../connection/keys.js";
import { createClient, type Client } from "../connection/client.js";

/** How long a pop blocks at most, in milliseconds: an idle worker sends two of them a minute. */
const LONGEST_BLOCK = 30_000;
/** A pop that is late by this much (milliseconds) is parked instead of awaited. */
const LATE = 200;
/** How much later than asked (milliseconds) an answer may come before the connection counts as dead. */
const PATIENCE = 2_000;
/** How long to wait before a broken connection is tried again, in milliseconds. */
const AFTER_FAULT = 250;

/** One blocking connection, waiting on a fixed set of queues. */
class Waiter {
  readonly #target: ParsedRedisTarget;
  readonly #keys: readonly string[];
  readonly #putBack: (key: string) => void;
  #client: Client | null = null;
  #parked: Promise<boolean> | null = null;
  #watchdog: NodeJS.Timeout | undefined;
  readonly #ended = new AbortController();
  busy = false;

  constructor(target: ParsedRedisTarget, keys: readonly string[], putBack: (key: string) => void) {
    this.#target = target;
    this.#keys = keys;
    this.#putBack = putBack;
  }

  /** Resolves when a marker was popped (`true`), or the time is up. */
  wait(timeout: number): Promise<boolean> {
    if (this.#parked === null) {
      const block = Math.min(Math.max(timeout, 10), LONGEST_BLOCK);
      this.#parked = this.#pop(block).finally(() => {
        this.#parked = null;
      });
    }
    return this.#parked;
  }

  async #pop(block: number): Promise<boolean> {
    const client = (this.#client ??= this.#connect());
    this.#watchdog = setTimeout(() => this.drop(), block + PATIENCE);
    try {
      const popped = await client.blpop(...this.#keys, block / 1_000);
      if (popped !== null && !this.busy) this.#putBack(popped[0]);
      return popped !== null && this.busy;
    } catch {
      this.drop();
      await sleep(AFTER_FAULT, undefined, { signal: this.#ended.signal }).catch(() => undefined);
      return false;
    } finally {
      clearTimeout(this.#watchdog);
    }
  }

  #connect(): Client {
    return createClient(this.#target, true);
  }

  /** Closes the connection; what waits on it ends. */
  drop(): void {
    this.#client?.disconnect();
    this.#client = null;
  }

  close(): void {
    this.#ended.abort();
    // A client closed while it connects leaves its commands unanswered.
    clearTimeout(this.#watchdog);
    this.drop();
  }
}

export class Wakeup {
  readonly #target: ParsedRedisTarget;
  readonly #keys: Keys;
  readonly #putBack: (key: string) => void;
  readonly #waiters = new Map<string, Waiter[]>();
  readonly #closing = new AbortController();

  /** @param putBack puts a marker back on a key */
  constructor(target: ParsedRedisTarget, keys: Keys, putBack: (key: string) => void) {
    this.#target = target;
    this.#keys = keys;
    this.#putBack = putBack;
  }

  /**
   * Resolves when work may be waiting in one of the queues, after `timeout` milliseconds, on abort or close. `true`: a
   * marker was popped for it.
   */
  async wait(queues: readonly string[], timeout: number, signal: AbortSignal): Promise<boolean> {
    // A cluster cannot pop from several slots at once: each queue needs a connection of its own there.
    const groups = this.#target.cluster === undefined ? [queues] : queues.map((queue) => [queue]);
    const waiters = groups.map((group) => this.#take(group));
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    try {
      if (stop.aborted) return false;
      return await Promise.race([aborted(stop, timeout + LATE), ...waiters.map((waiter) => waiter.wait(timeout))]);
    } finally {
      for (const waiter of waiters) waiter.busy = false;
    }
  }

  #take(queues: readonly string[]): Waiter {
    const name = queues.join(" ");
    let pool = this.#waiters.get(name);
    if (pool === undefined) this.#waiters.set(name, (pool = []));
    let waiter = pool.find((candidate) => !candidate.busy);
    if (waiter === undefined) {
      const keys = queues.map((queue) => this.#keys.of(queue, "wake"));
      pool.push((waiter = new Waiter(this.#target, keys, this.#putBack)));
    }
    waiter.busy = true;
    return waiter;
  }

  /** Closes all connections: they may be dead. Their waiters look for work, and wait again on new ones. */
  renew(): void {
    for (const waiter of [...this.#waiters.values()].flat()) waiter.drop();
  }

  close(): void {
    this.#closing.abort();
    for (const waiter of [...this.#waiters.values()].flat()) waiter.close();
  }
}

/** Answers `false`: nothing was popped. */
function aborted(signal: AbortSignal, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve(false);
    };
    const timer = setTimeout(finish, timeout);
    signal.addEventListener("abort", finish, { once: true });
  });
}
