/**
 * The outbox and inbox of the SQLite engine. Messages are delivered in the transaction of the command that causes them: a
 * command and its effects on other jobs are committed together or not at all.
 */
import {
  deliverNow,
  groupByQueue,
  type DeliveryResult,
  type Message,
  type OutboxBatch,
  type OutboxReceipt,
  type Mailbox,
} from "../../shared/relay.js";
import { takeOutbox, acknowledge } from "./outbox.js";
import { receive } from "./inbox.js";
import type { Transaction } from "../store/transaction.js";

/** Delivers the messages that a command caused, until the outboxes are empty. `first`: messages to deliver before them. */
export function deliver(transaction: Transaction, first: readonly Message[] = []): void {
  const queues = transaction.pendingQueues();
  if (queues.length > 0 || first.length > 0) deliverNow(new SqliteMailbox(transaction), queues, first);
}

class SqliteMailbox implements Mailbox {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  takeOutbox(name: string, done: OutboxReceipt | null): OutboxBatch {
    const queue = this.#transaction.find(name);
    if (queue === null) return { messages: [], receipt: null };
    if (done !== null) acknowledge(this.#transaction, queue, done);
    return takeOutbox(this.#transaction, queue);
  }

  deliver(messages: readonly Message[]): DeliveryResult {
    const groups = groupByQueue(messages);
    const replies = groups.flatMap(([name, group]) => {
      const queue = this.#transaction.find(name);
      this.#transaction.changed(name);
      return group.flatMap((message) => receive(this.#transaction, queue, message));
    });
    const pending = new Set(this.#transaction.pendingQueues());
    return { replies, pendingQueues: groups.map(([name]) => name).filter((name) => pending.has(name)) };
  }
}
