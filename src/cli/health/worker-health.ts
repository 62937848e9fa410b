/** The readiness of one worker, which may be asked before there is one: it takes jobs, and its engine answers. */
import type { Longshore } from "../../client/longshore.js";
import type { Worker } from "../../worker/worker.js";
import type { Readiness } from "./probe.js";

/** An id that no job has: looking it up is one round trip, however much is stored. */
const NO_JOB = { queue: "default", id: "ready" };

export class ReadyLater {
  #longshore: Longshore | null = null;
  #worker: Worker | null = null;

  /** From now on it is this worker that is asked about. */
  follow(longshore: Longshore, worker: Worker): void {
    this.#longshore = longshore;
    this.#worker = worker;
  }

  /** Does the worker take jobs? Needs no `this`. */
  readonly ask: Readiness = async () => {
    if (this.#worker?.state !== "running") return false;
    await this.#longshore?.job(NO_JOB);
    return true;
  };
}
