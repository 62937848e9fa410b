/**
 * Receives at once what the scripts publish: that a queue has events, that a lease was revoked, and on a cluster that work
 * waits. One subscriber connection, opened on first use; of a cluster to any node, since each hears what is published on any.
 * Messages missed while it is down are made up for by heartbeats and by watchers that look again.
 * It subscribes itself whenever the connection is ready: the client library would too, but leaves a failure as an unhandled
 * rejection, which ends the process.
 */
import { systemClock, systemRandom } from "../../../model/value/clock.js";
import { Signals } from "../../shared/wake-signals.js";
import type { Revocation } from "../../contract/engine.js";
import type { ParsedRedisTarget } from "../../target.js";
import { decodeRevocation } from "../commands/exchange/exchange.js";
import { diagnose } from "../connection/fault.js";
import type { Keys } from "../connection/keys.js";
import { createClient, reconnectAfter, type Client } from "../connection/client.js";
import type { RedisAddress } from "../../redis-target.js";
import { CHANNEL_LETTERS } from "../connection/wire.js";

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
  /** The queues whose subscription is confirmed on this connection. */
  readonly #confirmed = new Set<string>();
  readonly #nodes: (() => readonly RedisAddress[]) | null;
  #client: Client | null = null;
  #onBell: (queue: string) => void = () => {};
  #onEvents: (queue: string, sequence: number) => void = () => {};
  #onDoubt: (queues: readonly string[]) => void = () => {};
  /** How many connections in a row were lost, or could not be made. */
  #losses = 0;
  #moving: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryIn = RETRY_FROM;

  /** @param nodes where the nodes of a cluster are; `null`: there is one server */
  constructor(target: ParsedRedisTarget, keys: Keys, nodes: (() => readonly RedisAddress[]) | null = null) {
    this.#nodes = nodes;
    // Channels belong to no database: none need be selected, which might be refused.
    this.#target = { ...target, db: 0 };
    this.#keys = keys;
    this.#signals = new Signals(systemClock);
  }

  /** Subscribes to a queue. Resolves when the server has confirmed it, or cannot now. */
  async listen(queue: string): Promise<void> {
    const channel = this.#keys.channel(queue);
    this.#queues.set(channel, queue);
    // One that has just failed is tried again later, with all channels.
    if (this.#client === null && this.#moving !== undefined) return;
    this.#client ??= this.#connect();
    await this.#subscribe(this.#client, channel);
  }

  /** Is every message about the queue received from now on, unless the connection is lost? */
  hears(queue: string): boolean {
    return this.#confirmed.has(queue);
  }

  /**
   * Calls `listener` for every message that a queue has events, with the number of the last one. It is only a hint to look: any
   * client of the server may publish. `doubt` is called for queues of which messages may have been missed.
   */
  onEvents(
    listener: (queue: string, sequence: number) => void,
    doubt: (queues: readonly string[]) => void = () => {},
  ): void {
    this.#onEvents = listener;
    this.#onDoubt = doubt;
  }

  /** Replaces the connection if it is dead: a subscriber that only hears would never notice. */
  async probe(): Promise<void> {
    const client = this.#client;
    if (client?.status !== "ready") return;
    try {
      await client.ping();
    } catch {
      if (client === this.#client) this.renew();
    }
  }

  /** Calls `listener` when a queue has work, or may have had some while no message arrived. */
  onBell(listener: (queue: string) => void): void {
    this.#onBell = listener;
  }

  onCommanded(session: string, listener: () => void): () => void {
    return this.#signals.onCommanded(session, listener);
  }

  onRevoked(session: string, listener: (lease: Revocation) => void): () => void {
    return this.#signals.onRevoked(session, listener);
  }

  #connect(): Client {
    const nodes = this.#nodes?.() ?? [];
    const node = nodes[Math.floor(systemRandom() * nodes.length)];
    const client = createClient(node === undefined ? this.#target : oneServer(this.#target, node));
    client.on("close", () => {
      this.#subscriptions.clear();
      this.#confirmed.clear();
      this.#onDoubt([...this.#queues.values()]);
      if (node !== undefined) this.#move(client);
    });
    client.on("ready", () => {
      this.#losses = 0;
      this.#subscribeAll(client);
    });
    client.on("message", (channel: string, message: string) => this.#receive(channel, message));
    return client;
  }

  /** Goes on with another node of the cluster. */
  #move(client: Client): void {
    if (client !== this.#client) return;
    this.#client = null;
    client.disconnect();
    this.#losses += 1;
    this.#moving = setTimeout(() => {
      this.#moving = undefined;
      this.#client ??= this.#connect();
      this.#subscribeAll(this.#client);
    }, reconnectAfter(this.#losses));
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
      const queue = this.#queues.get(channel);
      if (queue === undefined) return;
      if (client === this.#client && this.#subscriptions.has(channel)) this.#confirmed.add(queue);
      this.#onDoubt([queue]);
      this.#onBell(queue);
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
      this.#onEvents(queue, Number(words[0]));
    } else if (kind === CHANNEL_LETTERS.wake) {
      this.#onBell(queue);
    } else if (kind === CHANNEL_LETTERS.commanded) {
      this.#signals.commanded(words[0] ?? "");
    } else if (kind === CHANNEL_LETTERS.revoked) {
      const [id = "", epoch = "", why = "", session = ""] = words;
      this.#signals.revoked(session, decodeRevocation(queue, `${id} ${epoch} ${why}`));
    }
  }

  /** Reconnects: the connection may be dead. */
  renew(): void {
    this.#client?.disconnect(this.#nodes === null);
  }

  close(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#moving);
    this.#signals.close();
    const client = this.#client;
    this.#client = null;
    client?.disconnect();
  }
}

/** A target that is one node of the cluster. */
function oneServer(target: ParsedRedisTarget, node: RedisAddress): ParsedRedisTarget {
  const alone = { ...target, ...node };
  delete alone.cluster;
  return alone;
}
