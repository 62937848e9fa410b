/**
 * Wake-ups by one blocked pop for all queues that anyone of this connection waits for, on a connection of its own, so that it
 * never holds up a command. A pop that no wait needs any more is left parked and reused by the next wait, so that short
 * waits cost no command; a marker it pops meanwhile is put back for another worker. A wait for more queues than the pop has
 * makes it begin anew. A pop that gets no answer in its time means a dead connection, whatever its status: it is replaced.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ParsedRedisTarget } from "../../target.js";
import { createClient, type Client } from "../connection/client.js";
import type { Keys } from "../connection/keys.js";
import { Waiters, type Wakeup } from "./wakeup.js";

/** How long a pop blocks at most, in milliseconds: at rest two of them are sent a minute. */
const LONGEST_BLOCK = 30_000;
/** How much later than asked (milliseconds) an answer may come before the connection counts as dead. */
const PATIENCE = 2_000;
/** How long to wait before a broken connection is tried again, in milliseconds. */
const AFTER_FAULT = 250;
/** How long (milliseconds) to wait before a pop is interrupted again that the server did not know of yet. */
const NOT_BLOCKED_YET = 5;

/** A pop that is under way. */
interface Pop {
  readonly queues: ReadonlySet<string>;
  /** Is it to end, because a wait needs more queues? */
  interrupted: boolean;
}

/** What it needs of the connection for commands. */
export interface PopCommands {
  /** Puts a marker back. */
  putBack(queue: string): void;
  /** Unblocks a client; answers whether it was blocked. */
  unblock(client: number): Promise<boolean>;
}

export class PopWakeup implements Wakeup {
  readonly #target: ParsedRedisTarget;
  readonly #keys: Keys;
  readonly #commands: PopCommands;
  readonly #waiters = new Waiters();
  readonly #ended = new AbortController();
  #client: Client | null = null;
  /** The number that the server gave to the client; `null` when it does not say. */
  #id: Promise<number | null> = Promise.resolve(null);
  #pop: Pop | null = null;
  #running = false;

  constructor(target: ParsedRedisTarget, keys: Keys, commands: PopCommands) {
    this.#target = target;
    this.#keys = keys;
    this.#commands = commands;
  }

  wait(queues: readonly string[], timeout: number, signal: AbortSignal): Promise<string | null> {
    return this.#waiters.add(queues, timeout, signal, () => this.#listen(queues));
  }

  renew(): void {
    this.#drop();
  }

  close(): void {
    this.#ended.abort();
    this.#waiters.close();
    this.#drop();
  }

  #listen(queues: readonly string[]): void {
    const pop = this.#pop;
    if (!this.#running) void this.#run();
    else if (pop !== null && !pop.interrupted && queues.some((queue) => !pop.queues.has(queue))) {
      pop.interrupted = true;
      void this.#interrupt(pop);
    }
  }

  /** Pops for as long as anyone waits. */
  async #run(): Promise<void> {
    this.#running = true;
    for (let { queues } = this.#waiters; queues.length > 0; { queues } = this.#waiters) await this.#popOne(queues);
    this.#running = false;
  }

  async #popOne(queues: readonly string[]): Promise<void> {
    const pop: Pop = { queues: new Set(queues), interrupted: false };
    const keys = queues.map((queue) => this.#keys.of(queue, "wake"));
    this.#pop = pop;
    const client = (this.#client ??= this.#connect());
    const watchdog = setTimeout(() => this.#drop(), LONGEST_BLOCK + PATIENCE);
    try {
      const popped = await client.blpop(...keys, LONGEST_BLOCK / 1_000);
      const queue = popped === null ? undefined : queues[keys.indexOf(popped[0])];
      if (queue !== undefined && !this.#waiters.wake(queue)) this.#commands.putBack(queue);
    } catch {
      this.#drop();
      if (!pop.interrupted) {
        await sleep(AFTER_FAULT, undefined, { signal: this.#ended.signal }).catch(() => undefined);
        // A marker may have been popped and its answer lost.
        this.#waiters.endAll();
      }
    } finally {
      clearTimeout(watchdog);
      this.#pop = null;
    }
  }

  async #interrupt(pop: Pop): Promise<void> {
    try {
      const id = await this.#id;
      if (id === null) return this.#dropFor(pop);
      while (this.#pop === pop && !(await this.#commands.unblock(id))) await sleep(NOT_BLOCKED_YET);
    } catch {
      // The right may be missing.
      this.#dropFor(pop);
    }
  }

  #dropFor(pop: Pop): void {
    if (this.#pop === pop) this.#drop();
  }

  #connect(): Client {
    const client = createClient(this.#target, true);
    this.#id = client.call("client", "id").then(
      (id) => (typeof id === "number" ? id : null),
      () => null,
    );
    return client;
  }

  /** Closes the connection, and so ends the pop. */
  #drop(): void {
    this.#client?.disconnect();
    this.#client = null;
  }
}
