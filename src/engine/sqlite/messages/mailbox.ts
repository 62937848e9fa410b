/**
 * Where the messages of jobs go out and arrive: within the transaction of the command that they follow from. So nothing
 * waits to be delivered, and a command and all that follows from it happen together or not at all.
 */
import { deliverNow, type Delivered, type Message, type News, type NewsToken, type Post } from "../../shared/relay.js";
import { news, told } from "./outbox.js";
import { receive } from "./inbox.js";
import type { Transaction } from "../store/transaction.js";

/** Delivers what a command gave its jobs to tell, and what follows from that; `first` goes ahead of it. */
export function deliver(transaction: Transaction, first: readonly Message[] = []): void {
  const queues = transaction.queuesWithNews();
  if (queues.length > 0 || first.length > 0) deliverNow(new SqlitePost(transaction), queues, first);
}

class SqlitePost implements Post {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  news(name: string, done: NewsToken | null): News {
    const queue = this.#transaction.find(name);
    if (queue === null) return { messages: [], told: null };
    if (done !== null) told(this.#transaction, queue, done);
    return news(this.#transaction, queue);
  }

  hand(messages: readonly Message[]): Delivered {
    const replies: Message[] = [];
    const names = [...new Set(messages.map(({ to }) => to.queue))].toSorted();
    for (const name of names) {
      const queue = this.#transaction.find(name);
      for (const message of messages) {
        if (message.to.queue === name) replies.push(...receive(this.#transaction, queue, message));
      }
      this.#transaction.changed(name);
    }
    const withNews = new Set(this.#transaction.queuesWithNews());
    return { replies, news: names.filter((name) => withNews.has(name)) };
  }
}
