/**
 * The outbox and inbox of the SQLite engine. Messages are delivered in the transaction of the command that causes them, so that
 * a command and its effects on other jobs are committed together; those beyond its budget are left to the transactions after
 * it, as rows.
 */
import {
  deliverNow,
  groupByQueue,
  MOST_SENDERS,
  type DeliveryResult,
  type Message,
  type OutboxBatch,
  type OutboxReceipt,
  type Mailbox,
} from "../../shared/relay.js";
import { takeOutbox, acknowledge } from "./outbox.js";
import { receive } from "./inbox.js";
import { hasStored, leaveMarks, leaveMessages, takeMarks, takeMessages } from "./stored-messages.js";
import type { Transaction } from "../store/transaction.js";

/** Delivers the messages that a command caused, until there are none or the budget is used up. */
export function deliver(transaction: Transaction): void {
  const queues = transaction.pendingQueues();
  const { outgoing } = transaction;
  if (queues.length === 0 && outgoing.length === 0) return;
  transaction.outgoing = [];
  deliverNow(new SqliteMailbox(transaction), queues, outgoing);
  leaveMarks(transaction);
}

/** Delivers a part of what earlier transactions left. */
export function deliverStored(transaction: Transaction): void {
  const first = takeMessages(transaction);
  // Messages that are under way go before those that are not yet sent.
  if (first.length < transaction.left.messages) takeMarks(transaction, MOST_SENDERS);
  transaction.outgoing = first;
  deliver(transaction);
  if (hasStored(transaction.sql)) transaction.leave();
}

class SqliteMailbox implements Mailbox {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  takeOutbox(name: string, done: OutboxReceipt | null): OutboxBatch {
    if (done !== null) acknowledge(this.#transaction, name, done);
    return takeOutbox(this.#transaction, name);
  }

  deliver(messages: readonly Message[]): DeliveryResult {
    const { left } = this.#transaction;
    const now = messages.slice(0, Math.max(0, left.messages));
    left.messages -= now.length;
    leaveMessages(this.#transaction, messages.slice(now.length));
    const groups = groupByQueue(now);
    const replies = groups.flatMap(([name, group]) => {
      const queue = this.#transaction.find(name);
      this.#transaction.changed(name);
      return group.flatMap((message) => receive(this.#transaction, queue, message));
    });
    const pending = new Set(this.#transaction.pendingQueues());
    return { replies, pendingQueues: groups.map(([name]) => name).filter((name) => pending.has(name)) };
  }
}
