/**
 * Which queues of a cluster do not answer. A node that is down takes its own queues with it and no others: a command on
 * many queues leaves those out, and a probe of each, further and further apart, finds out when it answers again. What a
 * session had to say to such a queue meanwhile is said first. On a single server all queues go down together: none is left
 * out, and commands fail.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../../model/value/clock.js";
import { EngineUnavailable } from "../../../model/errors/errors.js";
import type { QueueOutage } from "../../contract/engine.js";
import type { Link } from "./connection.js";
import type { Keys } from "./keys.js";

/** The wait before the first probe, and the longest, in milliseconds. */
const FIRST_PROBE = 100;
const LONGEST_PAUSE = 2_000;

/** Stands for the list of queues, which is on a node of its own. No queue has this name. */
export const LIST = "";

interface Outage {
  error: Error;
  /** How many probes and commands in a row failed. */
  failures: number;
  /** Is it left out now? Else a probe was answered, and the next command shows whether that holds. */
  out: boolean;
  /** What to say to it once it answers, by what it is about: the latest only. */
  readonly messages: Map<string, () => Promise<unknown>>;
}

export class QueueOutages {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #partial: boolean;
  readonly #random: Random;
  readonly #outages = new Map<string, Outage>();
  readonly #closing = new AbortController();

  /** @param partial may some queues answer while others do not? */
  constructor(link: Link, keys: Keys, partial: boolean, random: Random) {
    this.#link = link;
    this.#keys = keys;
    this.#partial = partial;
    this.#random = random;
  }

  /** The outage of a queue that is left out now; `null` for one that is to be asked. */
  of(queue: string): QueueOutage | null {
    const outage = this.#outages.get(queue);
    return outage?.out ? { queue, error: outage.error } : null;
  }

  /** Leaves a queue out that failed with this error. @throws the error, when it is not about one node of several */
  leaveOut(queue: string, error: unknown): QueueOutage {
    if (!this.#partial || !(error instanceof EngineUnavailable)) throw error;
    const outage = this.#outages.get(queue) ?? { error, failures: 0, out: false, messages: new Map() };
    outage.error = error;
    outage.failures += 1;
    this.#outages.set(queue, outage);
    if (!outage.out) {
      outage.out = true;
      void this.#probe(queue, outage);
    }
    return { queue, error };
  }

  /** The queue has answered a command. */
  answered(queue: string): void {
    if (this.#outages.size > 0 && this.#outages.get(queue)?.out === false) this.#outages.delete(queue);
  }

  /**
   * Asks queues at once. The answers are in order, `null` for a queue that was left out or did not answer.
   * @throws EngineUnavailable when none answered
   */
  ask<T>(queues: readonly string[], command: (queue: string) => Promise<T>): Promise<(T | null)[]> {
    return this.#askAll(queues, command);
  }

  /** As `ask`. A queue that does not answer gets the command when it does, unless a later one about the same replaces it. */
  tell<T>(queues: readonly string[], about: string, command: (queue: string) => Promise<T>): Promise<(T | null)[]> {
    return this.#askAll(queues, command, about);
  }

  /** Finds out at once which of these queues do not answer either, so that they are not waited for one by one. */
  async examine(queues: readonly string[]): Promise<void> {
    await Promise.all(queues.map((queue) => this.askOne(queue, () => this.#exists(queue))));
  }

  close(): void {
    this.#closing.abort();
  }

  /** Asks one queue: its answer; `null` when it is left out or does not answer, and then it gets the command later. */
  async askOne<T>(queue: string, command: (queue: string) => Promise<T>, about?: string): Promise<T | null> {
    if (this.of(queue) === null) {
      try {
        const answer = await command(queue);
        this.answered(queue);
        return answer;
      } catch (error) {
        this.leaveOut(queue, error);
      }
    }
    if (about !== undefined) this.#outages.get(queue)?.messages.set(about, () => command(queue));
    return null;
  }

  async #askAll<T>(
    queues: readonly string[],
    command: (queue: string) => Promise<T>,
    about?: string,
  ): Promise<(T | null)[]> {
    const answers = await Promise.all(queues.map((queue) => this.askOne(queue, command, about)));
    const [first = LIST] = queues;
    const outage = this.of(first);
    if (outage !== null && answers.every((answer) => answer === null)) throw outage.error;
    return answers;
  }

  async #probe(queue: string, outage: Outage): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const pause = Math.min(FIRST_PROBE * 2 ** Math.min(outage.failures - 1, 10), LONGEST_PAUSE);
      await sleep(pause * (0.5 + 0.5 * this.#random()), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#exists(queue);
        for (const [about, message] of outage.messages) {
          await message();
          outage.messages.delete(about);
        }
        outage.out = false;
        return;
      } catch (error) {
        if (error instanceof Error) outage.error = error;
        outage.failures += 1;
      }
    }
  }

  // Asks for two keys, one of which never exists: while a slot is moved it is that which is refused, as scripts are.
  #exists(queue: string): Promise<unknown> {
    const key = queue === LIST ? this.#keys.registry : this.#keys.of(queue, "queue");
    return this.#link.send(() => this.#link.client.exists(key, `${key}-`), key);
  }
}
