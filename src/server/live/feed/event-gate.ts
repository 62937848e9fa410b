/**
 * Between the events of queues and what keeps them: while it is read how things are, events wait, and are taken in after it. What was
 * missed meanwhile makes it read again.
 */
import type { FeedEvent, FeedListener } from "./queue-feed.js";

/** How many events wait at most; a read that takes longer than that misses some. */
const MOST_HELD = 10_000;

export class EventGate implements FeedListener {
  readonly #take: (event: FeedEvent) => void;
  readonly #missed: () => void;
  #held: FeedEvent[] | null = null;
  #isMissing = false;

  /** @param missed hears of it when events were missed while nothing was read */
  constructor(take: (event: FeedEvent) => void, missed: () => void) {
    this.#take = take;
    this.#missed = missed;
  }

  event(event: FeedEvent): void {
    if (this.#held === null) this.#take(event);
    else if (this.#held.length < MOST_HELD) this.#held.push(event);
    else this.gap();
  }

  gap(): void {
    if (this.#held === null) {
      this.#missed();
      return;
    }
    this.#held = [];
    this.#isMissing = true;
  }

  /** Reads how things are while events wait. @throws what `read` throws */
  async during(read: () => Promise<void>): Promise<void> {
    this.#held ??= [];
    try {
      do {
        this.#isMissing = false;
        await read();
      } while (this.#isMissing);
    } finally {
      const held = this.#held ?? [];
      this.#held = null;
      for (const event of held) this.#take(event);
    }
  }
}
