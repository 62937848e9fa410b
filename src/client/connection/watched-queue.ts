/** One queue whose events are read: who receives them, and how far they have been read. */
import type { Clock } from "../../model/value/clock.js";
import type { Engine } from "../../engine/contract/engine.js";
import type { Watcher, WatchEvent } from "./watch-event.js";

/** How many events are asked for at a time, and how often in a row before other queues get their turn. */
const MOST_EVENTS = 500;
const MOST_ROUNDS = 20;

export class WatchedQueue {
  readonly name: string;
  /** Resolves once no event is missed any more, or the engine did not answer. */
  readonly begun: Promise<void>;
  /** The number of the last event that was read; `null` before the engine has answered. */
  cursor: number | null = null;
  /** Is it being read? */
  isBusy = false;
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #watchers = new Set<Watcher>();
  readonly #byJob = new Map<string | null, Set<Watcher>>();
  #begin: () => void = () => {};
  /** Did the engine not answer at first? Its events may have been missed since `begun`. */
  #isLate = false;

  constructor(engine: Engine, clock: Clock, name: string) {
    this.name = name;
    this.#engine = engine;
    this.#clock = clock;
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  get isEmpty(): boolean {
    return this.#watchers.size === 0;
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    const others = this.#byJob.get(watcher.id);
    if (others === undefined) this.#byJob.set(watcher.id, new Set([watcher]));
    else others.add(watcher);
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    const others = this.#byJob.get(watcher.id);
    others?.delete(watcher);
    if (others?.size === 0) this.#byJob.delete(watcher.id);
  }

  close(error: Error): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    this.#byJob.clear();
    this.#begin();
    for (const watcher of watchers) watcher.closed(error);
  }

  /** Reads the events that there are. Never rejects: `failed` is waited for before it may be read again. */
  async read(failed: (error: unknown) => Promise<void>): Promise<void> {
    this.isBusy = true;
    try {
      for (let round = 0; round < MOST_ROUNDS && (await this.#readSome()) >= MOST_EVENTS;) round += 1;
    } catch (error) {
      this.#isLate ||= this.cursor === null;
      this.#begin();
      await failed(error);
    }
    this.isBusy = false;
  }

  async #readSome(): Promise<number> {
    const { name: queue, cursor } = this;
    const answer = await this.#engine.watch({ queue, cursor, max: MOST_EVENTS });
    this.cursor = answer.cursor;
    this.#begin();
    if (answer.gap || this.#isLate) this.#emit({ kind: "gap", queue, at: this.#clock.now() });
    this.#isLate = false;
    for (const event of answer.events) this.#emit({ ...event, queue });
    return answer.events.length;
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
