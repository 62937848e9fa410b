/**
 * The list of queues: a set of names beside the queues themselves, which may live on other nodes. It only repeats what the
 * queues know, so what goes wrong with it is put right from them.
 */
import type { Keys } from "./keys.js";
import type { Link } from "./connection.js";

/** How long (milliseconds) a queue that was seen on the list is taken to be there. */
const LOOK_AGAIN = 60_000;

export class Registry {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #now: () => number;
  readonly #known = new Set<string>();
  /** When each queue that is tended here was last seen on the list. */
  readonly #seen = new Map<string, number>();

  /** @param now milliseconds on any clock */
  constructor(link: Link, keys: Keys, now: () => number) {
    this.#link = link;
    this.#keys = keys;
    this.#now = now;
  }

  /** Did this client put the queue on the list? Another may have taken it off since. */
  knows(queue: string): boolean {
    return this.#known.has(queue);
  }

  async add(queue: string): Promise<void> {
    const { client } = this.#link;
    // Looked up first: a server whose memory is full refuses to add, also what is there already.
    const listed = await this.#link.send(() => client.sismember(this.#keys.registry, queue));
    if (listed === 0) await this.#link.send(() => client.sadd(this.#keys.registry, queue));
    this.#known.add(queue);
  }

  /** Takes a queue that was removed off the list, unless it has come into being again. */
  async remove(queue: string): Promise<void> {
    this.#known.delete(queue);
    this.#seen.delete(queue);
    await this.#link.send(() => this.#link.client.srem(this.#keys.registry, queue));
    // Whoever made it anew before that found it on the list, and left it at that.
    if (await this.#exists(queue)) await this.add(queue);
  }

  /**
   * Puts queues that exist and are missing on the list, about once a minute: whoever should have done so may have died, or the
   * list was lost with its server.
   */
  async restore(queues: readonly string[]): Promise<void> {
    const now = this.#now();
    const due = queues.filter((queue) => now - (this.#seen.get(queue) ?? Number.NEGATIVE_INFINITY) >= LOOK_AGAIN);
    if (due.length === 0) return;
    const listed = await this.#link.send(() => this.#link.client.smismember(this.#keys.registry, ...due));
    for (const [index, queue] of due.entries()) {
      if (listed[index] === 0 && (await this.#exists(queue))) await this.add(queue);
      this.#seen.set(queue, now);
    }
  }

  /** Is anything known of the queue, or does anybody work there? */
  async #exists(queue: string): Promise<boolean> {
    const keys = ["queue", "sessions"].map((name) => this.#keys.of(queue, name));
    return (await this.#link.send(() => this.#link.client.exists(...keys))) > 0;
  }
}
