/** Why a worker leases nothing at the moment, if it does not: collected from those who know, for its status. */
import type { Suspension } from "../../engine/contract/engine.js";
import type { StopReason } from "../run/events.js";

export class Suspensions {
  /** Was it commanded to be quiet? */
  quiet = false;
  /** Has the engine left its last exchange without an answer so far? */
  unanswered = false;
  /** Why it stops; `null`: it does not. */
  stopping: StopReason | null = null;
  readonly #spent: () => boolean;

  /** @param spent has it begun as many runs as it may? */
  constructor(spent: () => boolean) {
    this.#spent = spent;
  }

  get reasons(): Suspension[] {
    return [
      ...(this.quiet ? (["quiet"] as const) : []),
      ...(this.stopping === null ? [] : (["stopping"] as const)),
      ...(this.#spent() ? (["maxJobs"] as const) : []),
      ...(this.stopping === "maxRss" ? (["maxRss"] as const) : []),
      ...(this.unanswered ? (["outage"] as const) : []),
    ];
  }
}
