/**
 * The slots of a worker: `concurrency` runs at a time; other leased jobs wait here, in order, for a free slot. A series
 * of starts is interrupted every 10 ms, so that timers and sockets get their turn even if handlers are synchronous.
 */
import type { Clock } from "../../model/value/clock.js";
import type { Run } from "../run/run.js";

/** How long (milliseconds) runs are started in a row before the event loop gets a turn. */
const SLICE = 10;

export class RunPool {
  readonly running = new Set<Run>();
  readonly #concurrency: number;
  readonly #clock: Clock;
  readonly #execute: (run: Run) => void;
  #ready: Run[] = [];
  #head = 0;
  #pumping = false;
  #pumpsLater = false;

  /** @param execute starts a run; must not throw */
  constructor(concurrency: number, clock: Clock, execute: (run: Run) => void) {
    this.#concurrency = concurrency;
    this.#clock = clock;
    this.#execute = execute;
  }

  /** How many leased jobs wait for a slot. */
  get waiting(): number {
    return this.#ready.length - this.#head;
  }

  /** How many jobs are held here, running or waiting. */
  get held(): number {
    return this.running.size + this.waiting;
  }

  /** Adds leased jobs, in order, and starts as many as there are slots for. */
  add(runs: readonly Run[]): void {
    for (const run of runs) this.#ready.push(run);
    this.pump();
  }

  /** The run has ended: its slot goes to the next one. */
  free(run: Run): void {
    this.running.delete(run);
    this.pump();
  }

  /** The runs that wait for a slot, in order. */
  get ready(): readonly Run[] {
    return this.#ready.slice(this.#head);
  }

  /** Removes one that waits for a slot. */
  remove(run: Run): void {
    this.#ready = this.ready.filter((other) => other !== run);
    this.#head = 0;
  }

  /** Removes and returns all that wait for a slot, in order. */
  takeWaiting(): Run[] {
    const waiting = [...this.ready];
    this.#ready = [];
    this.#head = 0;
    return waiting;
  }

  /** Starts as many runs as there are slots for. */
  pump(): void {
    if (this.#pumping || this.waiting === 0) return;
    this.#pumping = true;
    const from = this.#clock.monotonic();
    while (this.running.size < this.#concurrency && this.waiting > 0) {
      const run = this.#ready[this.#head];
      this.#head += 1;
      if (run !== undefined) {
        this.running.add(run);
        this.#execute(run);
      }
      if (this.waiting > 0 && this.#clock.monotonic() - from >= SLICE) {
        this.#pumpLater();
        break;
      }
    }
    if (this.waiting === 0) {
      this.#ready = [];
      this.#head = 0;
    }
    this.#pumping = false;
  }

  #pumpLater(): void {
    if (this.#pumpsLater) return;
    this.#pumpsLater = true;
    setImmediate(() => {
      this.#pumpsLater = false;
      this.pump();
    });
  }
}
