// Worker processes that are kept running: each one that dies is replaced at once, as by a supervisor.
import { onTestFinished } from "vitest";
import type { WorkerSetup } from "../programs/worker.js";
import { WorkerProcess } from "./worker-process.js";

export class WorkerPool {
  /** How many died of a signal. Those that only gave up connecting, to a server that was down, are replaced as well. */
  deaths = 0;
  readonly #setup: WorkerSetup;
  readonly #program: string;
  readonly #workers: WorkerProcess[] = [];
  #closed = false;

  /**
   * Ends with the test.
   * @param program see WorkerProcess
   */
  constructor(setup: WorkerSetup, size: number, program = "worker") {
    this.#program = program;
    this.#setup = setup;
    onTestFinished(() => this.close());
    for (let place = 0; place < size; place += 1) void this.#keep(place);
  }

  /** Those that live now. */
  get workers(): readonly WorkerProcess[] {
    return this.#workers;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.kill()));
  }

  async #keep(place: number): Promise<void> {
    while (!this.#closed) {
      const worker = new WorkerProcess(this.#setup, this.#program);
      this.#workers[place] = worker;
      const { signal } = await worker.exited;
      if (signal !== null && !this.#closed) this.deaths += 1;
    }
  }
}
