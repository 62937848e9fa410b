/**
 * Hearing at once what the scripts publish: that a queue has events, that a lease was taken. One subscriber connection,
 * opened when first needed. What is missed while it is down is found by heartbeats and by watchers that look again.
 *
 * It subscribes by itself whenever the connection is ready: the client library would too, but nobody hears of it when that
 * fails, and a promise that is rejected unheard ends the process.
 */
import { systemClock, type Clock } from "../../../model/value/clock.js";
import { Signals } from "../../shared/wake-signals.js";
import type { Revocation } from "../../contract/engine.js";
import type { ParsedRedisTarget } from "../../target.js";
import { decodeRevocation } from "../commands/exchange.js";
import { diagnose } from "../connection/fault.js";
import type { Keys } from "../connection/keys.js";
import { createClient, type Client } from "../connection/connection.js";
import { CHANNEL_LETTERS } from "../connection/wire.js";

/** How long a watcher waits at most before it looks again, should a message have been lost. In milliseconds. */
const LOOK_AGAIN = 1_000;
/** How long (milliseconds) to wait before subscribing again where it was refused: a right may be missing for long. */
const RETRY_FROM = 1_000;
const RETRY_UP_TO = 30_000;

export class Channel {
  readonly #target: ParsedRedisTarget;
  readonly #keys: Keys;
  readonly #signals: Signals;
  /** The queue of each channel that is to be heard. */
  readonly #queues = new Map<string, string>();
  /** The channels this connection was asked for, until it is lost or refuses. */
  readonly #asked = new Map<string, Promise<void>>();
  /** What is just being told: the queue, and the number of its last event. */
  #told: { readonly queue: string; readonly sequence: number } | null = null;
  #client: Client | null = null;
  #retry: NodeJS.Timeout | undefined;
  #retryIn = RETRY_FROM;

  /** @param clock what watchers wait by */
  constructor(target: ParsedRedisTarget, keys: Keys, clock: Clock = systemClock) {
    // Channels are in no database: none need be selected, which might be refused.
    this.#target = { ...target, db: 0 };
    this.#keys = keys;
    this.#signals = new Signals(clock);
  }

  /** Listens to a queue from now on. Resolves when the server has confirmed it, or cannot now. */
  async listen(queue: string): Promise<void> {
    const channel = this.#keys.channel(queue);
    this.#queues.set(channel, queue);
    this.#client ??= this.#connect();
    await this.#subscribe(this.#client, channel);
  }

  onRevoked(session: string, listener: (lease: Revocation) => void): () => void {
    return this.#signals.onRevoked(session, listener);
  }

  /**
   * Resolves when it is told that a queue has events after `cursor`, or after a while. What is told is a hint to look, once:
   * anybody may have said it, so nothing of it is remembered for those who begin to wait later.
   */
  wait(queue: string, cursor: number, timeout: number, signal: AbortSignal): Promise<void> {
    const ready = (): boolean => this.#told?.queue === queue && this.#told.sequence > cursor;
    return this.#signals.wait([queue], Math.min(timeout, LOOK_AGAIN), signal, ready);
  }

  #connect(): Client {
    const client = createClient(this.#target);
    client.on("close", () => this.#asked.clear());
    client.on("ready", () => this.#subscribeAll(client));
    client.on("message", (channel: string, message: string) => this.#hear(channel, message));
    return client;
  }

  #subscribeAll(client: Client): void {
    for (const channel of this.#queues.keys()) void this.#subscribe(client, channel);
  }

  /** Subscribes to a channel, once a connection. Never throws. */
  #subscribe(client: Client, channel: string): Promise<void> {
    let asked = this.#asked.get(channel);
    if (asked === undefined) this.#asked.set(channel, (asked = this.#ask(client, channel)));
    return asked;
  }

  async #ask(client: Client, channel: string): Promise<void> {
    try {
      await client.subscribe(channel);
      this.#retryIn = RETRY_FROM;
    } catch (error) {
      this.#asked.delete(channel);
      if (diagnose(error)?.reaction === "reconnect") client.disconnect(true);
      this.#subscribeLater(client);
    }
  }

  // A lost connection says when it is ready again; a right that is given back does not.
  #subscribeLater(client: Client): void {
    if (this.#retry !== undefined || client !== this.#client) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#subscribeAll(client);
    }, this.#retryIn);
    this.#retryIn = Math.min(this.#retryIn * 2, RETRY_UP_TO);
  }

  #hear(channel: string, message: string): void {
    const queue = this.#queues.get(channel);
    if (queue === undefined) return;
    const [kind, ...words] = message.split(" ");
    if (kind === CHANNEL_LETTERS.events) {
      this.#told = { queue, sequence: Number(words[0]) };
      this.#signals.changed(queue);
      this.#told = null;
    } else if (kind === CHANNEL_LETTERS.revoked) {
      const [id = "", epoch = "", why = "", session = ""] = words;
      this.#signals.revoked(session, decodeRevocation(queue, `${id} ${epoch} ${why}`));
    }
  }

  /** Connects anew: the connection may be dead. */
  renew(): void {
    this.#client?.disconnect(true);
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#signals.close();
    const client = this.#client;
    this.#client = null;
    client?.disconnect();
  }
}
