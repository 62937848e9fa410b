// Worker processes that are kept running: each one that dies is replaced at once, as by a supervisor.
import { onTestFinished } from "vitest";
import type { WorkerSetup } from "../programs/worker.js";
import { WorkerProcess } from "./worker-process.js";

export class WorkerPool {
  /** How many died. */
  deaths = 0;
  readonly #setup: WorkerSetup;
  readonly #workers: WorkerProcess[] = [];
  #closed = false;

  /** Ends with the test. */
  constructor(setup: WorkerSetup, size: number) {
    this.#setup = setup;
    onTestFinished(() => this.close());
    for (let place = 0; place < size; place += 1) this.#fill(place);
  }

  /** Those that live now. */
  get workers(): readonly WorkerProcess[] {
    return this.#workers;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.kill()));
  }

  #fill(place: number): void {
    const worker = new WorkerProcess(this.#setup);
    this.#workers[place] = worker;
    void worker.exited.then(() => {
      if (this.#closed) return;
      this.deaths += 1;
      this.#fill(place);
    });
  }
}
