/**
 * The events of queues for those in this process that wait for them. One loop for all queues of a connection waits until any of them
 * has events, and reads these; it runs while there are receivers, and none else causes a command. A queue that does not answer is
 * tried again and again, and holds up no other.
 */
import { EngineClosed } from "../../model/errors/errors.js";
import { pause, type Clock } from "../../model/value/clock.js";
import type { Engine } from "../../engine/contract/engine.js";
import type { Watcher } from "./watch-event.js";
import { WatchedQueue } from "./watched-queue.js";

/** The longest wait for events (milliseconds). Queues at rest are asked about so often. */
const LONGEST_WAIT = 20_000;
/** The wait (milliseconds) after the engine did not answer. */
const RETRY = 1_000;
/** How long (milliseconds) the loop waits for what it reads before it waits for the other queues. */
const QUICK = 50;

export class QueueWatches {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #queues = new Map<string, WatchedQueue>();
  readonly #reads = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** Ends the wait that is under way, if any: there are other queues to wait for. */
  #interrupt: () => void = () => {};
  #running: Promise<void> | null = null;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Adds a watcher; resolves with the function that removes it, once the watcher misses no event. */
  async add(queue: string, watcher: Watcher): Promise<() => void> {
    if (this.#stop.signal.aborted) throw new EngineClosed();
    const watched = this.#queues.get(queue) ?? new WatchedQueue(this.#engine, this.#clock, queue);
    this.#queues.set(queue, watched);
    watched.add(watcher);
    if (watched.cursor === null) this.#changed();
    await watched.begun;
    return () => {
      watched.remove(watcher);
      if (!watched.isEmpty || this.#queues.get(queue) !== watched) return;
      this.#queues.delete(queue);
      this.#changed();
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#dismiss();
    await this.#running;
  }

  /** Ends all watches. */
  #dismiss(): void {
    const all = [...this.#queues.values()];
    this.#queues.clear();
    for (const watched of all) watched.close(new EngineClosed());
    this.#interrupt();
  }

  #changed(): void {
    this.#interrupt();
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // The first watcher is added within this turn of the event loop; the first answer must not come before.
    await Promise.resolve();
    while (this.#queues.size > 0) {
      const fresh = this.#idle().filter(({ cursor }) => cursor === null);
      await this.#read(fresh.length > 0 ? fresh : await this.#wait());
    }
    await Promise.all(this.#reads);
    this.#running = null;
    if (this.#queues.size > 0) this.#changed();
  }

  /** The queues that are not being read. */
  #idle(): WatchedQueue[] {
    return [...this.#queues.values()].filter(({ isBusy }) => !isBusy);
  }

  /** Waits for events. Returns the queues that may have some. */
  async #wait(): Promise<readonly WatchedQueue[]> {
    const interruption = new AbortController();
    this.#interrupt = () => interruption.abort();
    const { signal } = interruption;
    const idle = this.#idle();
    const queues = idle.map(({ name, cursor }) => ({ queue: name, cursor: cursor ?? 0 }));
    const from = this.#clock.monotonic();
    try {
      const ready = await this.#engine.awaitEvents({ queues, timeout: LONGEST_WAIT, signal });
      if (ready.length > 0 || signal.aborted || this.#clock.monotonic() - from >= QUICK) {
        return idle.filter(({ name }) => ready.includes(name));
      }
    } catch (error) {
      if (error instanceof EngineClosed) this.#dismiss();
      await pause(this.#clock, RETRY, this.#stop.signal);
      return [];
    } finally {
      this.#interrupt = () => {};
    }
    // It did not wait: it may be closed, which the next command says.
    await pause(this.#clock, QUICK, this.#stop.signal);
    return idle.slice(0, 1);
  }

  /** Reads the events of queues. One that takes long is left out of waits meanwhile. */
  async #read(queues: readonly WatchedQueue[]): Promise<void> {
    if (queues.length === 0) return;
    const reads = queues.map((watched) => this.#readOne(watched));
    const late = new AbortController();
    await Promise.race([Promise.all(reads), pause(this.#clock, QUICK, late.signal)]);
    late.abort();
  }

  async #readOne(watched: WatchedQueue): Promise<void> {
    const reading = watched.read(async (error) => {
      if (error instanceof EngineClosed) this.#dismiss();
      else await pause(this.#clock, RETRY, this.#stop.signal);
    });
    this.#reads.add(reading);
    await reading;
    this.#reads.delete(reading);
    this.#interrupt();
  }
}
