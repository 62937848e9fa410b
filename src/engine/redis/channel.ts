/**
 * Hearing at once what the scripts publish: that a queue has events, that a lease was taken. One subscriber connection,
 * opened when first needed. What is missed while it is down is found by heartbeats and by watchers that look again.
 */
import { systemClock } from "../../model/clock.js";
import { Signals } from "../signals.js";
import type { Revocation } from "../contract.js";
import type { ParsedRedisTarget } from "../target.js";
import { decodeRevocation } from "./consume.js";
import type { Keys } from "./keys.js";
import { createClient, type Client } from "./link.js";

/** How long a watcher waits at most before it looks again, should a message have been lost. In milliseconds. */
const LOOK_AGAIN = 1_000;

export class Channel {
  readonly #target: ParsedRedisTarget;
  readonly #keys: Keys;
  readonly #signals = new Signals(systemClock);
  readonly #queues = new Map<string, string>();
  readonly #sequences = new Map<string, number>();
  #client: Client | null = null;

  constructor(target: ParsedRedisTarget, keys: Keys) {
    this.#target = target;
    this.#keys = keys;
  }

  /** Listens to a queue from now on. Resolves when the server has confirmed it, or cannot now. */
  async listen(queue: string): Promise<void> {
    const channel = this.#keys.channel(queue);
    if (this.#queues.has(channel)) return;
    this.#queues.set(channel, queue);
    this.#client ??= this.#connect();
    try {
      await this.#client.subscribe(channel);
    } catch {
      // The client subscribes again to everything when it is back; until then watchers look again by themselves.
      this.#queues.delete(channel);
    }
  }

  onRevoked(session: string, listener: (lease: Revocation) => void): () => void {
    return this.#signals.onRevoked(session, listener);
  }

  /** Resolves when a queue has events after `cursor`, or after a while. */
  wait(queue: string, cursor: number, timeout: number, signal: AbortSignal): Promise<void> {
    const ready = (): boolean => (this.#sequences.get(queue) ?? 0) > cursor;
    return this.#signals.wait([queue], Math.min(timeout, LOOK_AGAIN), signal, ready);
  }

  #connect(): Client {
    const client = createClient(this.#target, true);
    client.on("error", () => undefined);
    client.on("message", (channel: string, message: string) => this.#hear(channel, message));
    return client;
  }

  #hear(channel: string, message: string): void {
    const queue = this.#queues.get(channel);
    if (queue === undefined) return;
    const [kind, ...words] = message.split(" ");
    if (kind === "e") {
      this.#sequences.set(queue, Number(words[0]));
      this.#signals.changed(queue);
    } else if (kind === "r") {
      const [id = "", epoch = "", why = "", session = ""] = words;
      this.#signals.revoked(session, decodeRevocation(queue, `${id} ${epoch} ${why}`));
    }
  }

  /** Connects anew: the connection may be dead. */
  renew(): void {
    this.#client?.disconnect(true);
  }

  close(): void {
    this.#signals.close();
    this.#client?.disconnect();
    this.#client = null;
  }
}
