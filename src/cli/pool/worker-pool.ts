/**
 * Keeps a number of workers at work. The first one starts alone, so that a mistake that keeps every worker from
 * starting is reported once. All of them are replaced one at a time on request, and drained together at the end.
 */
import type { Clock } from "../../model/value/clock.js";
import { ExitCode } from "../terminal/exit.js";
import type { Log } from "../terminal/log.js";
import { WorkerSlot } from "./worker-slot.js";
import type { StartWorker, WorkerExit } from "./worker-process.js";

/** The settings of a pool. */
export interface PoolOptions {
  /** The names of its workers, one for each slot. */
  readonly names: readonly string[];
  readonly start: StartWorker;
  readonly clock: Clock;
  readonly log: Pick<Log, "write">;
  /** How long running jobs may go on in a worker that stops, in milliseconds. */
  readonly grace: number;
  /** Fields of the log line at the pool's start. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export class Pool {
  /** Resolves when all workers are gone and stay so, with the code the command exits with. Never rejects. */
  readonly finished: Promise<ExitCode>;
  readonly #options: PoolOptions;
  readonly #slots: readonly WorkerSlot[];
  #finish: (code: ExitCode) => void = () => {};
  /** Has a worker taken work, so that the others were started too? */
  #open = false;
  #stopping = false;
  #rolling = false;
  #rollsAgain = false;

  constructor(options: PoolOptions) {
    const { names, start, clock, log, grace } = options;
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#slots = names.map((name) => {
      return new WorkerSlot({
        ...{ name, start, clock, log, grace },
        started: () => this.#started(),
        died: (exit) => this.#mayRestart(exit),
        done: () => this.#done(),
      });
    });
  }

  /** Starts the first worker, and the others as soon as it takes work. */
  start(): void {
    void this.#slots[0]?.start();
  }

  /** Replaces all workers, one after the other: each is drained, and its successor takes work before the next one goes. */
  async restart(): Promise<void> {
    if (this.#stopping) return;
    this.#rollsAgain = this.#rolling;
    if (this.#rolling) return;
    this.#rolling = true;
    const { log } = this.#options;
    do {
      this.#rollsAgain = false;
      log.write("info", "Pool restarting its workers one at a time");
      if (await this.#roll()) log.write("info", "Pool restarted");
    } while (this.#rollsAgain && !this.#stopping);
    this.#rolling = false;
  }

  /** Does any of its workers take jobs? Those that are being replaced, or are busy with themselves, do not count against it. */
  async ready(): Promise<boolean> {
    if (this.#stopping) return false;
    const answers = this.#slots.map(async (slot) => {
      if (!(await slot.ready())) throw new Error("not ready");
    });
    return Promise.any(answers).then(
      () => true,
      () => false,
    );
  }

  /** Drains all workers; a second call makes them stop waiting for their jobs. `why` is logged. */
  stop(why: Readonly<Record<string, unknown>>): void {
    const { log } = this.#options;
    if (this.#stopping) {
      log.write("info", "Pool stopping without waiting for jobs", why);
      for (const slot of this.#slots) slot.hurry();
    } else {
      log.write("info", "Pool stopping; signal again to skip the wait", why);
      void this.#drain();
    }
  }

  async #roll(): Promise<boolean> {
    for (const slot of this.#slots) {
      if (this.#stopping) return false;
      if (await slot.renew()) continue;
      if (!this.#stopping) {
        this.#options.log.write("error", "Pool stopped restarting: the new worker did not start; the others go on");
      }
      return false;
    }
    return true;
  }

  async #drain(): Promise<void> {
    this.#stopping = true;
    const cleanly = await Promise.all(this.#slots.map((slot) => slot.close()));
    this.#end(cleanly.every(Boolean) ? ExitCode.ok : ExitCode.failed);
  }

  #started(): void {
    if (this.#open || this.#stopping) return;
    this.#open = true;
    const { log, facts } = this.#options;
    log.write("info", "Pool started", facts);
    for (const slot of this.#slots.slice(1)) void slot.start();
  }

  /** A usage error of a worker ends the pool, unless a worker has started with the same flags. */
  #mayRestart({ code }: WorkerExit): boolean {
    if (this.#open || code !== ExitCode.usage) return true;
    this.#finish(code);
    return false;
  }

  #done(): void {
    if (this.#slots.every(({ done }) => done)) this.#end(ExitCode.ok);
  }

  #end(code: ExitCode): void {
    const deaths = this.#slots.reduce((sum, slot) => sum + slot.deaths, 0);
    this.#options.log.write("info", "Pool stopped", { deaths });
    this.#finish(code);
  }
}
