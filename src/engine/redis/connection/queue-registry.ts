/**
 * The list of queues: a set of names beside the queues themselves, which may be on other nodes. It only repeats what the
 * queues know, so its faults are mended from them.
 */
import { EngineRefused, EngineUnavailable } from "../../../model/errors/errors.js";
import type { Keys } from "./keys.js";
import type { Link } from "./connection.js";
import { LIST, type QueueOutages } from "./queue-outages.js";

/** How long (milliseconds) a queue seen on the list is assumed to be there. */
const LOOK_AGAIN = 60_000;

export class Registry {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #outages: QueueOutages;
  readonly #now: () => number;
  readonly #known = new Set<string>();
  /** When each queue that is swept here was last seen on the list. */
  readonly #seen = new Map<string, number>();

  /** @param now milliseconds on any clock */
  constructor(link: Link, keys: Keys, outages: QueueOutages, now: () => number) {
    this.#link = link;
    this.#keys = keys;
    this.#outages = outages;
    this.#now = now;
  }

  /** Did this client list the queue? Another may have removed it since. */
  knows(queue: string): boolean {
    return this.#known.has(queue);
  }

  /** Lists a queue. While the node of a cluster that has the list is away, the queue does without: sweeps list it. */
  async add(queue: string): Promise<void> {
    await this.#outages.askOne(LIST, () => this.#add(queue));
  }

  /**
   * As `add`, for a command that must not fail because of the list, as it works although Redis is full, or was carried out:
   * the next command, or a sweep, tries again.
   */
  async mend(queue: string): Promise<void> {
    try {
      await this.add(queue);
    } catch (error) {
      if (!(error instanceof EngineUnavailable || error instanceof EngineRefused)) throw error;
    }
  }

  async #add(queue: string): Promise<void> {
    const { client } = this.#link;
    // Looked up first: a server whose memory is full refuses SADD even for a member that exists.
    const listed = await this.#send(() => client.sismember(this.#keys.registry, queue));
    if (listed === 0) await this.#send(() => client.sadd(this.#keys.registry, queue));
    this.#known.add(queue);
  }

  /** Removes an obliterated queue from the list, unless it exists again. */
  async remove(queue: string): Promise<void> {
    this.#known.delete(queue);
    this.#seen.delete(queue);
    await this.#send(() => this.#link.client.srem(this.#keys.registry, queue));
    // A client that created it again before that found it listed, and did not list it.
    if (await this.#exists(queue)) await this.add(queue);
  }

  /**
   * Lists queues that exist and are missing, about once a minute: the client that should have done so may have died, or the
   * list was lost with its server.
   */
  async restore(queues: readonly string[]): Promise<void> {
    const now = this.#now();
    const due = queues.filter((queue) => now - (this.#seen.get(queue) ?? Number.NEGATIVE_INFINITY) >= LOOK_AGAIN);
    if (due.length === 0) return;
    const listed = await this.#outages.askOne(LIST, () =>
      this.#send(() => this.#link.client.smismember(this.#keys.registry, ...due)),
    );
    if (listed === null) return;
    for (const [index, queue] of due.entries()) {
      if (listed[index] === 0 && (await this.#outages.askOne(queue, () => this.#exists(queue)))) await this.add(queue);
      this.#seen.set(queue, now);
    }
  }

  #send<T>(command: () => Promise<T>): Promise<T> {
    return this.#link.send(command, this.#keys.registry);
  }

  /** Is anything stored of the queue, but that a client watches it, or any session registered? */
  async #exists(queue: string): Promise<boolean> {
    const { client } = this.#link;
    const [numbers, sessions] = [this.#keys.of(queue, "queue"), this.#keys.of(queue, "sessions")];
    const [stored, registered] = await Promise.all([
      this.#link.send(() => client.hexists(numbers, "format"), numbers),
      this.#link.send(() => client.exists(sessions), sessions),
    ]);
    return stored + registered > 0;
  }
}
