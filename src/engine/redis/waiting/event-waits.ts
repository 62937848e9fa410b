/**
 * Waits for events on Redis. A queue that has events publishes the number of the last one; all waits of a connection receive it on one
 * subscriber (channel.ts), whatever the number of queues. A message is only a hint: before a wait begins, the queues of which there was
 * one are looked at, and those that were not looked at since the subscription began; each is now and then, so that it goes on
 * recording events, all of a server in one command. Where messages cannot be received the queues are looked at once a second.
 */
import { RENEW_INTEREST_BELOW } from "../../../model/job/event.js";
import { pause, systemClock, type Clock } from "../../../model/value/clock.js";
import type { EventWait, QueueCursor } from "../../contract/engine.js";

/** How long (milliseconds) to wait before the queues are looked at again whose messages cannot be received. */
const LOOK_AGAIN = 1_000;
/** How long (milliseconds) a queue is not looked at, unless there was a message. */
const LOOKED = RENEW_INTEREST_BELOW / 2;

/** What it needs of the channel of messages. */
export interface EventChannel {
  listen(queue: string): Promise<void>;
  hears(queue: string): boolean;
  onEvents(listener: (queue: string, sequence: number) => void, doubt: (queues: readonly string[]) => void): void;
  probe(): Promise<void>;
}

/**
 * Answers the number of the last event of each queue, -1 where none are recorded any more, `null` where it cannot be known now, as
 * it comes. Queues that would soon not record events do so for longer from now on. Never rejects.
 */
export type LookAt = (
  queues: readonly string[],
  seen: (queue: string, sequence: number | null) => void,
) => Promise<void>;

/** What is known of a queue. */
interface Heard {
  /** The highest number in a message, or what the last look found. */
  sequence: number;
  /** When it was looked at last, on the monotonic clock; `null`: messages may have been missed since. */
  lookedAt: number | null;
}

/** A wait that is under way. */
interface Waiter {
  readonly cursors: ReadonlyMap<string, number>;
  /** The queues that may have events. */
  readonly ready: Set<string>;
  readonly end: () => void;
}

export class EventWaits {
  readonly #channel: EventChannel;
  readonly #look: LookAt;
  readonly #clock: Clock;
  readonly #heard = new Map<string, Heard>();
  readonly #waiters = new Set<Waiter>();
  #closed = false;

  constructor(channel: EventChannel, look: LookAt, clock: Clock = systemClock) {
    this.#channel = channel;
    this.#look = look;
    this.#clock = clock;
    channel.onEvents(
      (queue, sequence) => this.#hear(queue, sequence),
      (queues) => this.#doubt(queues),
    );
  }

  /** Waits until any of the queues may have events after its cursor. Answers which. */
  async wait({ queues, timeout, signal }: EventWait): Promise<string[]> {
    if (this.#closed || signal.aborted) return [];
    await Promise.all(queues.map(({ queue }) => this.#channel.listen(queue)));
    if (this.#isOver(signal)) return [];
    const deaf = queues.some(({ queue }) => !this.#channel.hears(queue));
    return new Promise((resolve) => {
      const time = new AbortController();
      const waiter: Waiter = {
        cursors: new Map(queues.map(({ queue, cursor }) => [queue, cursor])),
        ready: new Set(),
        end: () => {
          if (!this.#waiters.delete(waiter)) return;
          time.abort();
          signal.removeEventListener("abort", waiter.end);
          // Whatever is found in the same turn is answered, too.
          queueMicrotask(() => resolve([...waiter.ready]));
        },
      };
      signal.addEventListener("abort", waiter.end, { once: true });
      this.#waiters.add(waiter);
      // However short the time: what there is already is answered.
      void this.#lookFor(waiter, queues)
        .then(() => pause(this.#clock, deaf ? Math.min(timeout, LOOK_AGAIN) : timeout, time.signal))
        .then(waiter.end);
    });
  }

  close(): void {
    this.#closed = true;
    for (const waiter of [...this.#waiters]) waiter.end();
  }

  #isOver(signal: AbortSignal): boolean {
    return this.#closed || signal.aborted;
  }

  /** Looks at the queues that may have events already. The others are waited for meanwhile. */
  async #lookFor(waiter: Waiter, queues: readonly QueueCursor[]): Promise<void> {
    const doubtful = this.#doubtful(queues);
    if (doubtful.length === 0) return;
    const before = new Map(doubtful.map((queue) => [queue, this.#heard.get(queue)?.sequence ?? 0]));
    await this.#look(doubtful, (queue, sequence) => {
      if (sequence === null || sequence !== waiter.cursors.get(queue)) {
        waiter.ready.add(queue);
        waiter.end();
      }
      if (sequence === null) return;
      const heard = this.#heard.get(queue);
      // A message that came meanwhile may know more than the look.
      const latest = heard === undefined || heard.sequence === before.get(queue) ? sequence : heard.sequence;
      const lookedAt = this.#channel.hears(queue) ? this.#clock.monotonic() : null;
      this.#heard.set(queue, { sequence: latest, lookedAt });
    });
  }

  #doubtful(queues: readonly QueueCursor[]): string[] {
    const now = this.#clock.monotonic();
    const age = (queue: string): number => now - (this.#heard.get(queue)?.lookedAt ?? Number.NEGATIVE_INFINITY);
    const isDue = queues.some(({ queue }) => age(queue) >= LOOKED);
    if (isDue) void this.#channel.probe();
    // Those that are due soon are looked at together with those that are.
    const most = isDue ? LOOKED / 2 : LOOKED;
    const found = queues.filter(({ queue, cursor }) => {
      return age(queue) >= most || this.#heard.get(queue)?.sequence !== cursor;
    });
    return found.map(({ queue }) => queue);
  }

  #hear(queue: string, sequence: number): void {
    // It was obliterated (queues/obliterate.lua).
    if (sequence === 0) this.#doubt([queue]);
    const heard = this.#heard.get(queue);
    if (heard !== undefined && sequence > heard.sequence) heard.sequence = sequence;
    for (const waiter of [...this.#waiters]) {
      if (!(sequence > (waiter.cursors.get(queue) ?? Number.POSITIVE_INFINITY))) continue;
      waiter.ready.add(queue);
      waiter.end();
    }
  }

  /** Messages may have been missed: who waits is to wait anew, which begins with a look. */
  #doubt(queues: readonly string[]): void {
    for (const queue of queues) {
      const heard = this.#heard.get(queue);
      if (heard !== undefined) heard.lookedAt = null;
    }
    for (const waiter of [...this.#waiters]) {
      if (queues.some((queue) => waiter.cursors.has(queue))) waiter.end();
    }
  }
}
