/**
 * One slot of a pool: one worker process at a time, its replacements under the same name. A worker that ends as its
 * flags define is replaced at once, one that dies after a back-off, one that found nothing to do not at all.
 */
import { nextDelay, type Backoff } from "../../model/failure/backoff.js";
import type { Clock } from "../../model/value/clock.js";
import type { Log } from "../terminal/log.js";
import type { StartWorker, WorkerExit, WorkerProcess } from "./worker-process.js";

/** How long (milliseconds) a worker may take beyond its grace: for aborted handlers and for an engine that is slow. */
const BEYOND_GRACE = 10_000;

/** The settings of a slot, and its callbacks. */
export interface SlotOptions {
  readonly name: string;
  readonly start: StartWorker;
  readonly clock: Clock;
  readonly log: Pick<Log, "write">;
  /** How long running jobs may go on in a worker that stops, in milliseconds. */
  readonly grace: number;
  /** Its worker takes work. */
  readonly started: () => void;
  /** Its worker died; returns whether to start another. */
  readonly died: (exit: WorkerExit) => boolean;
  /** Its worker found nothing more to do: the slot stays empty. */
  readonly done: () => void;
}

/**
 * `new`: no worker yet. `waiting`: the last one died, and the next one starts after the back-off. `done`: there will be
 * none.
 */
type SlotState = "new" | "starting" | "working" | "draining" | "waiting" | "empty" | "done";

export class WorkerSlot {
  readonly #options: SlotOptions;
  readonly #backoff = new RestartBackoff();
  #state: SlotState = "new";
  #worker: WorkerProcess | null = null;
  #startedAt = 0;
  #hasWorked = false;
  #deaths = 0;
  #closed = false;
  #hurried = false;
  #cancelTimer: () => void = () => {};
  #resolveStarted: (started: boolean) => void = () => {};
  #drained: Promise<boolean> = Promise.resolve(true);
  #resolveDrained: (cleanly: boolean) => void = () => {};

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  /** How many of its workers died. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Will it never hold a worker again? */
  get done(): boolean {
    return this.#state === "done";
  }

  /** Does its worker take jobs? */
  async ready(): Promise<boolean> {
    return this.#state === "working" && this.#worker !== null && this.#worker.ready();
  }

  /** Starts a worker; resolves when it takes work, with `false` when it ended before that. */
  start(): Promise<boolean> {
    const { name, start, clock } = this.#options;
    this.#cancelTimer();
    this.#state = "starting";
    this.#hasWorked = false;
    this.#startedAt = clock.monotonic();
    const started = new Promise<boolean>((resolve) => {
      this.#resolveStarted = resolve;
    });
    this.#worker = start(name, { started: () => this.#started(), ended: (exit) => this.#ended(exit) });
    return started;
  }

  /** Drains its worker and starts another; resolves as `start` does. A slot without work to do stays as it is. */
  async renew(): Promise<boolean> {
    if (this.#state === "new" || this.#state === "done") return true;
    await this.#drain();
    return this.#closed ? false : this.start();
  }

  /** Drains its worker, for good; resolves when it is gone, with `false` when it did not end well. */
  close(): Promise<boolean> {
    this.#closed = true;
    return this.#drain();
  }

  /**
   * Its worker stops waiting for its jobs. A repeated call changes nothing: a worker that hangs gains no time by it.
   */
  hurry(): void {
    if (this.#state !== "draining" || this.#hurried) return;
    this.#hurried = true;
    this.#worker?.order("hurry");
    this.#cancelTimer();
    this.#killAfter(BEYOND_GRACE);
  }

  #drain(): Promise<boolean> {
    if (this.#state === "draining") return this.#drained;
    this.#cancelTimer();
    if (this.#worker === null) {
      if (!this.done) this.#state = "empty";
      return Promise.resolve(true);
    }
    this.#state = "draining";
    this.#hurried = false;
    this.#drained = new Promise((resolve) => {
      this.#resolveDrained = resolve;
    });
    this.#worker.order("drain");
    this.#killAfter(this.#options.grace + BEYOND_GRACE);
    return this.#drained;
  }

  #killAfter(ms: number): void {
    const { name, clock, log } = this.#options;
    this.#cancelTimer = clock.after(ms, () => {
      log.write("error", "Worker killed: it did not stop", { worker: name, pid: this.#worker?.pid });
      this.#worker?.kill();
    });
  }

  #started(): void {
    if (this.#state !== "starting") return;
    this.#state = "working";
    this.#hasWorked = true;
    this.#resolveStarted(true);
    this.#options.started();
  }

  #ended(exit: WorkerExit): void {
    const { name, log } = this.#options;
    const fields = { worker: name, pid: this.#worker?.pid };
    const asked = this.#state === "draining";
    // A worker that had no job yet left nothing undone.
    const cleanly = exit.code === 0 || !this.#hasWorked;
    this.#cancelTimer();
    this.#worker = null;
    this.#state = "empty";
    this.#resolveStarted(false);
    if (asked) {
      if (!cleanly) log.write("error", "Worker did not end well", { ...fields, why: describe(exit) });
      this.#resolveDrained(cleanly);
    } else if (exit.code !== 0 || exit.reason === null) {
      this.#died(exit, fields);
    } else if (exit.reason === "burst" || exit.reason === "maxIdle") {
      this.#state = "done";
      this.#options.done();
    } else {
      this.#backoff.ended();
      log.write("info", "Worker replaced", { ...fields, reason: exit.reason });
      void this.start();
    }
  }

  #died(exit: WorkerExit, fields: Readonly<Record<string, unknown>>): void {
    const { clock, log, died } = this.#options;
    if (!died(exit)) return;
    this.#deaths += 1;
    const restartInMs = this.#backoff.died(clock.monotonic() - this.#startedAt);
    log.write("error", "Worker died", { ...fields, why: describe(exit), deaths: this.#deaths, restartInMs });
    this.#state = "waiting";
    this.#cancelTimer = clock.after(restartInMs, () => void this.start());
  }
}

function describe({ code, signal, error }: WorkerExit): string {
  if (error !== null) return error.message;
  if (signal !== null) return signal;
  return code === 0 ? "ended with code 0 without being stopped" : `ended with code ${code}`;
}

const BACKOFF: Backoff = { type: "exponential", delay: 1_000, factor: 2, max: 30_000, jitter: 0 };
/** A worker that lived this long (milliseconds) had a good start: its death counts as the first again. */
const LONG_LIFE = 60_000;

/** Back-off before a worker that died is replaced: 1 s, 2 s, 4 s … 30 s, until one has lived for a minute. */
export class RestartBackoff {
  #deaths = 0;

  /** A worker died; returns how long to wait. Both in milliseconds. */
  died(lived: number): number {
    this.#deaths = lived >= LONG_LIFE ? 1 : this.#deaths + 1;
    return nextDelay(BACKOFF, this.#deaths, () => 0);
  }

  /** A worker ended as it should. */
  ended(): void {
    this.#deaths = 0;
  }
}
