/** Where the messages of jobs go out and arrive in the memory engine. */
import type { Clock } from "../../../model/value/clock.js";
import type { Delivered, Message, News, NewsToken, Post } from "../../shared/relay.js";
import type { Signals } from "../../shared/wake-signals.js";
import type { MemoryStore } from "../store/store.js";
import { receive, type Tying } from "./inbox.js";
import { news, told } from "./outbox.js";

const NONE: News = { messages: [], told: null };

export class MemoryPost implements Post {
  readonly #store: MemoryStore;
  readonly #signals: Signals;
  readonly #clock: Clock;

  constructor(store: MemoryStore, signals: Signals, clock: Clock) {
    this.#store = store;
    this.#signals = signals;
    this.#clock = clock;
  }

  news(name: string, done: NewsToken | null): News {
    const queue = this.#store.find(name);
    if (queue === undefined) return NONE;
    if (done !== null) told(queue, done, this.#clock.now());
    return news(queue);
  }

  hand(messages: readonly Message[]): Delivered {
    const tying: Tying = { sessions: this.#store.sessions, revoked: [], now: this.#clock.now() };
    const replies: Message[] = [];
    const names = [...new Set(messages.map(({ to }) => to.queue))].toSorted();
    for (const name of names) {
      const queue = this.#store.find(name);
      for (const message of messages) {
        if (message.to.queue === name) replies.push(...receive(queue, message, tying));
      }
    }
    for (const { session, lease } of tying.revoked) this.#signals.revoked(session, lease);
    for (const name of names) this.#signals.changed(name);
    return { replies, news: names.filter((name) => (this.#store.find(name)?.news.size ?? 0) > 0) };
  }
}
