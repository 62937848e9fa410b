/**
 * Where the messages of jobs go out and arrive: within the transaction of the command that they follow from. So nothing
 * waits to be delivered, and a command and all that follows from it happen together or not at all.
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

/** Delivers what a command gave its jobs to tell, and what follows from that; `first` goes ahead of it. */
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
