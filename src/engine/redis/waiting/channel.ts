/**
 * Receives at once what the scripts publish: that a queue has events, that a lease was revoked. One subscriber connection,
 * opened on first use. Messages missed while it is down are made up for by heartbeats and by watchers that look again.
 * It subscribes itself whenever the connection is ready: the client library would too, but leaves a failure as an unhandled
 * rejection, which ends the process.
 */
import { systemClock, type Clock } from "../../../model/value/clock.js";
import { Signals } from "../../shared/wake-signals.js";
import type { Revocation } from "../../contract/engine.js";
import type { ParsedRedisTarget } from "../../target.js";
import { decodeRevocation } from "../commands/exchange.js";
import { diagnose } from "../connection/fault.js";
import type { Keys } from "../connection/keys.js";
import { createClient, type Client } from "../connection/client.js";
import { CHANNEL_LETTERS } from "../connection/wire.js";

/** How long a watcher waits at most before it looks again, in case a message was lost. In milliseconds. */
const LOOK_AGAIN = 1_000;
/** How long (milliseconds) to wait before subscribing again where it was refused: a right may be missing for long. */
const RETRY_FROM = 1_000;
const RETRY_UP_TO = 30_000;

export class Channel {
  readonly #target: ParsedRedisTarget;
  readonly #keys: Keys;
  readonly #signals: Signals;
  /** The queue of each channel to subscribe to. */
  readonly #queues = new Map<string, string>();
  /** The subscriptions of this connection, until it is lost or refuses. */
  readonly #subscriptions = new Map<string, Promise<void>>();
  /** The event message being handled: its queue, and the number of its last event. */
  #current: { readonly queue: string; readonly sequence: number } | null = null;
  #client: Client | null = null;
  #retry: NodeJS.Timeout | undefined;
  #retryIn = RETRY_FROM;

  /** @param clock the clock of waiting watchers */
  constructor(target: ParsedRedisTarget, keys: Keys, clock: Clock = systemClock) {
    // Channels belong to no database: none need be selected, which might be refused.
    this.#target = { ...target, db: 0 };
    this.#keys = keys;
    this.#signals = new Signals(clock);
  }

  /** Subscribes to a queue. Resolves when the server has confirmed it, or cannot now. */
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
   * Resolves on a message that a queue has events after `cursor`, or after a while. A message is only a hint to look, once:
   * any client of the server may publish, so it is not kept for waits that begin later.
   */
  wait(queue: string, cursor: number, timeout: number, signal: AbortSignal): Promise<void> {
    const ready = (): boolean => this.#current?.queue === queue && this.#current.sequence > cursor;
    return this.#signals.wait([queue], Math.min(timeout, LOOK_AGAIN), signal, ready);
  }

  #connect(): Client {
    const client = createClient(this.#target);
    client.on("close", () => this.#subscriptions.clear());
    client.on("ready", () => this.#subscribeAll(client));
    client.on("message", (channel: string, message: string) => this.#receive(channel, message));
    return client;
  }

  #subscribeAll(client: Client): void {
    for (const channel of this.#queues.keys()) void this.#subscribe(client, channel);
  }

  /** Subscribes to a channel, once a connection. Never throws. */
  #subscribe(client: Client, channel: string): Promise<void> {
    let subscription = this.#subscriptions.get(channel);
    if (subscription === undefined)
      this.#subscriptions.set(channel, (subscription = this.#requestSubscription(client, channel)));
    return subscription;
  }

  async #requestSubscription(client: Client, channel: string): Promise<void> {
    try {
      await client.subscribe(channel);
      this.#retryIn = RETRY_FROM;
    } catch (error) {
      this.#subscriptions.delete(channel);
      if (diagnose(error)?.reaction === "reconnect") client.disconnect(true);
      this.#subscribeLater(client);
    }
  }

  // A lost connection emits `ready` when it is back; a restored permission emits nothing.
  #subscribeLater(client: Client): void {
    if (this.#retry !== undefined || client !== this.#client) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#subscribeAll(client);
    }, this.#retryIn);
    this.#retryIn = Math.min(this.#retryIn * 2, RETRY_UP_TO);
  }

  #receive(channel: string, message: string): void {
    const queue = this.#queues.get(channel);
    if (queue === undefined) return;
    const [kind, ...words] = message.split(" ");
    if (kind === CHANNEL_LETTERS.events) {
      this.#current = { queue, sequence: Number(words[0]) };
      this.#signals.changed(queue);
      this.#current = null;
    } else if (kind === CHANNEL_LETTERS.revoked) {
      const [id = "", epoch = "", why = "", session = ""] = words;
      this.#signals.revoked(session, decodeRevocation(queue, `${id} ${epoch} ${why}`));
    }
  }

  /** Reconnects: the connection may be dead. */
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
