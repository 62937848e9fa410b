/** The outbox and inbox of the memory engine. */
import type { Clock } from "../../../model/value/clock.js";
import type { DeliveryResult, Message, OutboxBatch, OutboxReceipt, Mailbox } from "../../shared/relay.js";
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
    const replies: Message[] = [];
    const names = [...new Set(messages.map(({ to }) => to.queue))].toSorted();
    for (const name of names) {
      const queue = this.#store.find(name);
      for (const message of messages) {
        if (message.to.queue === name) replies.push(...receive(queue, message, context));
      }
    }
    for (const { session, lease } of context.revoked) this.#signals.revoked(session, lease);
    for (const name of names) this.#signals.changed(name);
    return { replies, pendingQueues: names.filter((name) => (this.#store.find(name)?.outbox.size ?? 0) > 0) };
  }
}
