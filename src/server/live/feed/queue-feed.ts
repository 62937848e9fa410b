/** The events of one queue, read once for the whole process, and given to all who listen for its jobs. */
import type { Longshore } from "../../../client/longshore.js";
import type { WatchEvent } from "../../../client/connection/watch-event.js";

/** An event that says something; a gap is told apart. */
export type FeedEvent = Exclude<WatchEvent, { readonly kind: "gap" }>;

/** Who listens to a queue. */
export interface FeedListener {
  event(event: FeedEvent): void;
  /** Events were missed. */
  gap(): void;
}

/** The events of the queues that any topic of a hub is about: one watch for each. */
export class QueueFeeds {
  readonly #longshore: Longshore;
  readonly #failed: (error: Error) => void;
  readonly #feeds = new Map<string, QueueFeed>();

  /** @param failed hears of it when no more events come, since the connection was closed */
  constructor(longshore: Longshore, failed: (error: Error) => void) {
    this.#longshore = longshore;
    this.#failed = failed;
  }

  /** How many queues are watched, and how many listen. */
  get size(): { readonly queues: number; readonly listeners: number } {
    const listeners = [...this.#feeds.values()].reduce((sum, feed) => sum + feed.listeners, 0);
    return { queues: this.#feeds.size, listeners };
  }

  /**
   * Listens for the events of one job, or of all in a queue.
   * @returns what ends it, and a promise that resolves once nothing is missed
   */
  listen(queue: string, id: string | null, listener: FeedListener): { begun: Promise<void>; stop: () => void } {
    const feed = this.#feeds.get(queue) ?? this.#open(queue);
    feed.add(id, listener);
    const stop = (): void => {
      feed.remove(id, listener);
      if (feed.listeners > 0 || this.#feeds.get(queue) !== feed) return;
      this.#feeds.delete(queue);
      feed.stop();
    };
    return { begun: feed.begun, stop };
  }

  #open(queue: string): QueueFeed {
    const feed = new QueueFeed(this.#longshore, queue, (error) => {
      if (this.#feeds.get(queue) === feed) this.#feeds.delete(queue);
      this.#failed(error);
    });
    this.#feeds.set(queue, feed);
    return feed;
  }
}

class QueueFeed {
  readonly begun: Promise<void>;
  listeners = 0;
  readonly #byJob = new Map<string | null, Set<FeedListener>>();
  readonly #stop = new AbortController();

  constructor(longshore: Longshore, queue: string, failed: (error: Error) => void) {
    this.begun = new Promise((resolve) => {
      void this.#read(longshore, queue, resolve, failed);
    });
  }

  add(id: string | null, listener: FeedListener): void {
    const others = this.#byJob.get(id);
    if (others === undefined) this.#byJob.set(id, new Set([listener]));
    else others.add(listener);
    this.listeners += 1;
  }

  remove(id: string | null, listener: FeedListener): void {
    const others = this.#byJob.get(id);
    if (others?.delete(listener) !== true) return;
    if (others.size === 0) this.#byJob.delete(id);
    this.listeners -= 1;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Reads until it is stopped, or there is nothing more to read. */
  async #read(longshore: Longshore, queue: string, begun: () => void, failed: (error: Error) => void): Promise<void> {
    try {
      for await (const event of longshore.watch(queue, { signal: this.#stop.signal, begun })) {
        if (event.kind === "gap") {
          for (const listeners of [...this.#byJob.values()]) for (const listener of [...listeners]) listener.gap();
          continue;
        }
        for (const listener of [...(this.#byJob.get(null) ?? [])]) listener.event(event);
        if ("id" in event) for (const listener of [...(this.#byJob.get(event.id) ?? [])]) listener.event(event);
      }
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
    begun();
  }
}
