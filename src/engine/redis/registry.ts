/** The list of queues: a set of names beside the queues themselves, which may live on other nodes. */
import type { Keys } from "./keys.js";
import type { Link } from "./link.js";

export class Registry {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #known = new Set<string>();

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
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

  async remove(queue: string): Promise<void> {
    this.#known.delete(queue);
    await this.#link.send(() => this.#link.client.srem(this.#keys.registry, queue));
  }
}
