/**
 * The events of all jobs that carry a tag that anyone follows. Events do not say the tags of their job, so these are read once for each
 * job, many in a command, and remembered for a while; while they are read the events of that job wait, in their order. However many
 * tags and clients there are, it is one look-up for a job.
 */
import type { Longshore } from "../../../client/longshore.js";
import { keyOf, type JobRef } from "../../../model/job/job-ref.js";
import { pause, type Clock } from "../../../model/value/clock.js";
import type { FeedEvent, FeedListener, QueueFeeds } from "./queue-feed.js";

/** For how long (milliseconds) tags are taken for those of a job, as a stream outlives its token; and of how many jobs they are remembered. */
const TAGS_TIME = 15_000;
const MOST_REMEMBERED = 50_000;
/** How many jobs are looked up at a time, and how many events wait for that. */
const LOOK_UP = 500;
const MOST_WAITING = 20_000;
/** How often (milliseconds) it is looked for new queues, and how many are followed. */
const QUEUES_TIME = 5_000;
const MOST_QUEUES = 1_000;

interface Remembered {
  readonly tags: readonly string[];
  readonly until: number;
}

export class TagFeed {
  readonly #longshore: Longshore;
  readonly #clock: Clock;
  readonly #feeds: QueueFeeds;
  readonly #followers = new Map<string, Set<FeedListener>>();
  /** The queues that are listened to. */
  readonly #queues = new Map<string, { readonly begun: Promise<void>; readonly stop: () => void }>();
  readonly #remembered = new Map<string, Remembered>();
  /** The events that wait for the tags of their job. */
  readonly #waiting = new Map<string, { readonly ref: JobRef; readonly events: FeedEvent[] }>();
  #waitingEvents = 0;
  #isReading = false;
  #round: { readonly stop: AbortController; readonly begun: Promise<void> } | null = null;

  constructor(longshore: Longshore, clock: Clock, feeds: QueueFeeds) {
    this.#longshore = longshore;
    this.#clock = clock;
    this.#feeds = feeds;
  }

  /**
   * Follows the jobs with a tag.
   * @returns what ends it, and a promise that resolves once nothing is missed
   */
  follow(tag: string, listener: FeedListener): { begun: Promise<void>; stop: () => void } {
    const others = this.#followers.get(tag);
    if (others === undefined) this.#followers.set(tag, new Set([listener]));
    else others.add(listener);
    this.#round ??= this.#begin();
    const stop = (): void => {
      const all = this.#followers.get(tag);
      if (all?.delete(listener) !== true) return;
      if (all.size === 0) this.#followers.delete(tag);
      if (this.#followers.size === 0) this.#end();
    };
    return { begun: this.#round.begun, stop };
  }

  /** Remembers the tags of jobs that were read. */
  remember(jobs: readonly (JobRef & { readonly tags: readonly string[] })[]): void {
    for (const job of jobs) this.#remember(keyOf(job), job.tags);
  }

  #begin(): { stop: AbortController; begun: Promise<void> } {
    const stop = new AbortController();
    const begun = this.#listenToAll();
    void this.#lookForQueues(stop.signal, begun);
    return { stop, begun };
  }

  #end(): void {
    this.#round?.stop.abort();
    this.#round = null;
    for (const { stop } of this.#queues.values()) stop();
    this.#queues.clear();
    this.#remembered.clear();
    this.#waiting.clear();
    this.#waitingEvents = 0;
  }

  async #lookForQueues(signal: AbortSignal, begun: Promise<void>): Promise<void> {
    await begun.catch(() => undefined);
    for (;;) {
      await pause(this.#clock, QUEUES_TIME, signal);
      if (signal.aborted) return;
      const before = this.#queues.size;
      // An engine that does not answer is asked again.
      await this.#listenToAll().catch(() => undefined);
      // What happened in a new queue before this was missed.
      if (!signal.aborted && this.#queues.size > before) this.#gap();
    }
  }

  /** Listens to the queues that there are. */
  async #listenToAll(): Promise<void> {
    const queues = await this.#longshore.queues();
    if (this.#followers.size === 0) return;
    for (const { name } of queues) {
      if (this.#queues.size >= MOST_QUEUES) break;
      if (this.#queues.has(name)) continue;
      const listener = { event: (event: FeedEvent) => this.#take(event), gap: () => this.#gap() };
      this.#queues.set(name, this.#feeds.listen(name, null, listener));
    }
    await Promise.all([...this.#queues.values()].map(({ begun }) => begun));
  }

  #take(event: FeedEvent): void {
    if (!("id" in event)) return;
    const key = keyOf(event);
    const waiting = this.#waiting.get(key);
    const known = this.#remembered.get(key);
    const isNew = event.kind === "state" && event.cause === "enqueue";
    if (waiting === undefined && known !== undefined && known.until > this.#clock.monotonic() && !isNew) {
      this.#tell(known.tags, event);
      if (event.kind === "removed") this.#remembered.delete(key);
      return;
    }
    if (this.#waitingEvents >= MOST_WAITING) {
      this.#waiting.clear();
      this.#waitingEvents = 0;
      this.#gap();
      return;
    }
    this.#waitingEvents += 1;
    if (waiting === undefined) this.#waiting.set(key, { ref: { queue: event.queue, id: event.id }, events: [event] });
    else waiting.events.push(event);
    void this.#readTags();
  }

  /** Reads the tags of jobs whose events wait, one command after another. */
  async #readTags(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    // All events of one answer come together.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const some = [...this.#waiting].slice(0, LOOK_UP);
      try {
        const jobs = await this.#longshore.snapshots(some.map(([, { ref }]) => ref));
        for (const [index, [key]] of some.entries()) this.#found(key, jobs[index]?.tags ?? null);
      } catch {
        // The engine does not answer. What is read in place of these events says how things are.
        this.#waiting.clear();
        this.#waitingEvents = 0;
        this.#gap();
      }
    }
    this.#isReading = false;
  }

  #found(key: string, tags: readonly string[] | null): void {
    const events = this.#waiting.get(key)?.events ?? [];
    this.#waiting.delete(key);
    this.#waitingEvents -= events.length;
    // One that is gone already had the tags that were known of it, if any were.
    const known = tags ?? this.#remembered.get(key)?.tags ?? [];
    if (tags === null) this.#remembered.delete(key);
    else this.#remember(key, tags);
    for (const event of events) this.#tell(known, event);
  }

  #remember(key: string, tags: readonly string[]): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, { tags, until: this.#clock.monotonic() + TAGS_TIME });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MOST_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
  }

  #tell(tags: readonly string[], event: FeedEvent): void {
    for (const tag of tags) for (const listener of [...(this.#followers.get(tag) ?? [])]) listener.event(event);
  }

  #gap(): void {
    for (const listeners of [...this.#followers.values()]) for (const listener of [...listeners]) listener.gap();
  }
}
