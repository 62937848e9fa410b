/** The outbox and inbox of the memory engine. */
import type { Clock } from "../../../model/value/clock.js";
import {
  groupByQueue,
  type DeliveryResult,
  type Mailbox,
  type Message,
  type OutboxBatch,
  type OutboxReceipt,
} from "../../shared/relay.js";
import type { Signals } from "../../shared/wake-signals.js";
import type { MemoryStore } from "../store/store.js";
import { receive, type InboxContext } from "./inbox.js";
import { takeOutbox, acknowledge } from "./outbox.js";

const NONE: OutboxBatch = { messages: [], receipt: null };

export class MemoryMailbox implements Mailbox {
  readonly #store: MemoryStore;
  readonly #signals: Signals;
  readonly #clock: Clock;

  constructor(store: MemoryStore, signals: Signals, clock: Clock) {
    this.#store = store;
    this.#signals = signals;
    this.#clock = clock;
  }

  takeOutbox(name: string, done: OutboxReceipt | null): OutboxBatch {
    const queue = this.#store.find(name);
    if (queue === undefined) return NONE;
    if (done !== null) acknowledge(queue, done, this.#clock.now());
    return takeOutbox(queue);
  }

  deliver(messages: readonly Message[]): DeliveryResult {
    const context: InboxContext = { sessions: this.#store.sessions, revoked: [], now: this.#clock.now() };
    const groups = groupByQueue(messages);
    const replies = groups.flatMap(([name, group]) => {
      const queue = this.#store.find(name);
      return group.flatMap((message) => receive(queue, message, context));
    });
    const names = groups.map(([name]) => name);
    for (const { session, lease } of context.revoked) this.#signals.revoked(session, lease);
    for (const name of names) this.#signals.changed(name);
    return { replies, pendingQueues: names.filter((name) => (this.#store.find(name)?.outbox.size ?? 0) > 0) };
  }
}
