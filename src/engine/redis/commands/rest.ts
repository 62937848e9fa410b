/**
 * Upkeep of queues at rest. Sweeping a queue takes some thirty commands, and most queues of most workers have nothing to do
 * most of the time. A queue whose last sweep found nothing is only looked at until something is due in it: one command says
 * for all such queues of a server whether any of them has what a sweep is for.
 */
import { earliest } from "../../shared/listing-order.js";
import type { Keys } from "../connection/keys.js";
import type { Link } from "../connection/connection.js";
import type { QueueOutages } from "../connection/queue-outages.js";

/** Where jobs wait that a worker can take. */
const READY = ["wait", "priority", "suspect"];
/** What else a sweep may have to do with, and could not have foreseen. */
const UPKEEP = ["delayed", "blocked", "leases", "held", "ttl", "outbox", "audit", "due"];
/** What needs no sweep; a worker asks for it now and then. */
const ASIDE = "aside";
/** How long (milliseconds) a queue is only looked at: its sessions, and what others leave behind, need a sweep now and then. */
const LONGEST_REST = 3_600_000;

/** A queue whose last sweep found nothing. */
export interface Rest {
  readonly nextDue: number | null;
  readonly nextRemoval: number | null;
  readonly until: number;
}

/** What a look at queues found. */
export interface Look {
  readonly resting: ReadonlyMap<string, Rest>;
  readonly waiting: boolean;
  /** Is it known that no job of these queues is set aside? */
  readonly noneAside: boolean;
}

export class RestingQueues {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #outages: QueueOutages;
  readonly #together: boolean;
  readonly #resting = new Map<string, Rest>();

  /** @param together can one command be about several queues? */
  constructor(link: Link, keys: Keys, outages: QueueOutages, together: boolean) {
    this.#link = link;
    this.#keys = keys;
    this.#outages = outages;
    this.#together = together;
  }

  /** A sweep at `now` found nothing to do in the queue, and says when something is due. Engine milliseconds. */
  rests(queue: string, now: number, nextDue: number | null, nextRemoval: number | null): void {
    const until = earliest(now + LONGEST_REST, nextDue, nextRemoval) ?? now;
    this.#resting.set(queue, { nextDue, nextRemoval, until });
  }

  /** A sweep found something. */
  works(queue: string): void {
    this.#resting.delete(queue);
  }

  /** The queues that need no sweep now, each with what is due next in it, and whether jobs wait in any queue, or stand aside. */
  async look(queues: readonly string[], now: number): Promise<Look> {
    const candidates = queues.filter((queue) => now < (this.#resting.get(queue)?.until ?? 0));
    const noneAside = await this.#haveNothing(candidates);
    const busy = noneAside ? [] : await this.having(candidates, [...READY, ...UPKEEP]);
    const resting = candidates.flatMap((queue) => {
      const rest = busy.includes(queue) ? undefined : this.#resting.get(queue);
      return rest === undefined ? [] : [[queue, rest] as const];
    });
    return {
      resting: new Map(resting),
      noneAside,
      waiting: busy.length > 0 && (await this.having(busy, READY)).length > 0,
    };
  }

  /** Which of these queues have any of these structures. */
  async having(queues: readonly string[], names: readonly string[]): Promise<string[]> {
    if (this.#together && queues.length > 1 && (await this.#count(queues, names)) === 0) return [];
    const found = await Promise.all(
      queues.map((queue) => this.#outages.askOne(queue, async () => (await this.#count([queue], names)) > 0)),
    );
    return queues.filter((_queue, index) => found[index] === true);
  }

  /** Has no queue anything, jobs set aside included? Where that would take a command for each, it is not asked. */
  async #haveNothing(queues: readonly string[]): Promise<boolean> {
    if (!this.#together || queues.length === 0) return false;
    return (await this.#count(queues, [...READY, ...UPKEEP, ASIDE])) === 0;
  }

  async #count(queues: readonly string[], names: readonly string[]): Promise<number> {
    const keys = queues.flatMap((queue) => names.map((name) => this.#keys.of(queue, name)));
    return keys.length === 0 ? 0 : this.#link.send(() => this.#link.client.exists(...keys), keys[0]);
  }
}
