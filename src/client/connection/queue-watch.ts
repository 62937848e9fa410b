/**
 * Watching queues: one loop per queue and connection for all its watchers, and none without watchers. Missed events are
 * reported as a gap; a watcher that must not miss any then reads the job itself.
 */
import type { Engine } from "../../engine/contract/engine.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { EngineClosed } from "../../model/errors/errors.js";
import type { QueueEvent } from "../../model/job/event.js";

/** An event of a queue, or a gap: some were missed before the next one. Times are epoch milliseconds. */
export type WatchEvent = QueueEvent | { readonly kind: "gap"; readonly at: number };

/** A receiver of events. */
export interface Watcher {
  /** Only the events of this job, and gaps; `null`: all events. */
  readonly id: string | null;
  event(event: WatchEvent): void;
  /** The connection was closed. */
  closed(error: Error): void;
}

/** The longest wait for events (milliseconds): shorter than the time for which the engine remembers a watcher. */
const LONGEST_WAIT = 20_000;
/** The wait (milliseconds) after the engine did not answer. */
const RETRY = 1_000;
const MOST_EVENTS = 500;

class QueueWatch {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #queue: string;
  readonly #watchers = new Set<Watcher>();
  readonly #byJob = new Map<string | null, Set<Watcher>>();
  readonly #ended: () => void;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #begun: Promise<void>;
  #begin: () => void = () => {};

  constructor(engine: Engine, clock: Clock, queue: string, ended: () => void) {
    this.#engine = engine;
    this.#clock = clock;
    this.#queue = queue;
    this.#ended = ended;
    this.#begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.#running = this.#run();
  }

  /** Once the promise resolves, the watcher misses no event. */
  async add(watcher: Watcher): Promise<void> {
    this.#watchers.add(watcher);
    const others = this.#byJob.get(watcher.id);
    if (others === undefined) this.#byJob.set(watcher.id, new Set([watcher]));
    else others.add(watcher);
    await this.#begun;
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    const others = this.#byJob.get(watcher.id);
    others?.delete(watcher);
    if (others?.size === 0) this.#byJob.delete(watcher.id);
    if (this.#watchers.size > 0) return;
    this.#stop.abort();
    this.#ended();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#ended();
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher.closed(new EngineClosed());
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const queue = this.#queue;
    let cursor: number | null = null;
    // The first watcher is added within this turn of the event loop; the first answer must not come before.
    await Promise.resolve();
    while (!signal.aborted) {
      try {
        if (cursor !== null) {
          await this.#engine.awaitEvents({ queue, cursor, timeout: LONGEST_WAIT, signal });
          if (signal.aborted) break;
        }
        const answer = await this.#engine.watch({ queue, cursor, max: MOST_EVENTS });
        cursor = answer.cursor;
        this.#begin();
        if (answer.gap) this.#emit({ kind: "gap", at: this.#clock.now() });
        for (const event of answer.events) this.#emit(event);
      } catch (error) {
        if (error instanceof EngineClosed) break;
        this.#begin();
        await pause(this.#clock, RETRY, signal);
      }
    }
    this.#begin();
  }

  #emit(event: WatchEvent): void {
    if (event.kind === "gap") {
      for (const watcher of [...this.#watchers]) watcher.event(event);
      return;
    }
    for (const watcher of [...(this.#byJob.get(null) ?? [])]) watcher.event(event);
    if ("id" in event) for (const watcher of [...(this.#byJob.get(event.id) ?? [])]) watcher.event(event);
  }
}

export class QueueWatches {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #watches = new Map<string, QueueWatch>();
  #closed = false;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Adds a watcher; resolves with the function that removes it, once the watcher misses no event. */
  async add(queue: string, watcher: Watcher): Promise<() => void> {
    if (this.#closed) throw new EngineClosed();
    let watch = this.#watches.get(queue);
    if (watch === undefined) {
      const fresh = new QueueWatch(this.#engine, this.#clock, queue, () => {
        if (this.#watches.get(queue) === fresh) this.#watches.delete(queue);
      });
      watch = fresh;
      this.#watches.set(queue, fresh);
    }
    const joined = watch;
    await joined.add(watcher);
    return () => joined.remove(watcher);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#watches.values()].map((watch) => watch.close()));
  }
}
