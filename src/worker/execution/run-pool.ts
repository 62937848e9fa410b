/**
 * The slots of a worker: so many runs at a time; what else is leased waits here, in order, for a free slot. Handlers
 * that keep the event loop busy are interrupted between two jobs, so that timers and sockets get their turn.
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

  /** `execute` starts a run; it must not throw. */
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

  /** Takes leased jobs in, in order, and runs what there are slots for. */
  add(runs: readonly Run[]): void {
    for (const run of runs) this.#ready.push(run);
    this.pump();
  }

  /** The run has ended: its slot goes to the next. */
  free(run: Run): void {
    this.running.delete(run);
    this.pump();
  }

  /** The runs that wait for a slot, in order. */
  get ready(): readonly Run[] {
    return this.#ready.slice(this.#head);
  }

  /** Takes one out that waits for a slot. */
  remove(run: Run): void {
    this.#ready = this.ready.filter((other) => other !== run);
    this.#head = 0;
  }

  /** Takes out those that wait for a slot, in order. */
  takeWaiting(): Run[] {
    const waiting = [...this.ready];
    this.#ready = [];
    this.#head = 0;
    return waiting;
  }

  /** Runs what there are slots for. */
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
