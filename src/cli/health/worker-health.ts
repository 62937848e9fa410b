/** The readiness of one worker, which may be asked before there is one: it takes jobs, and its engine can be written to. */
import type { Longshore } from "../../client/longshore.js";
import type { Worker } from "../../worker/worker.js";
import type { Readiness } from "./readiness.js";

export class WorkerHealth {
  #longshore: Longshore | null = null;
  #worker: Worker | null = null;

  /** From now on it is this worker that is asked about. */
  follow(longshore: Longshore, worker: Worker): void {
    this.#longshore = longshore;
    this.#worker = worker;
  }

  /** Does the worker take jobs? Needs no `this`. */
  readonly ready: Readiness = async () => {
    if (this.#longshore === null || this.#worker?.state !== "running") return false;
    return (await this.#longshore.ready()).ready;
  };
}
