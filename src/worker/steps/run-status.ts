/** The status of a job in the words of its task, and the transitions that the task allows. */
import { InvalidInput } from "../../model/errors/errors.js";
import type { StatusMachine } from "../../model/vocabulary/status-machine.js";

/**
 * A status of the task's own, beside the state that every job has. Every attempt begins at the initial one; what was set is
 * in the job's `progress.status` and told to those who watch, in order.
 */
export interface JobStatus<Status extends string = string> {
  /** The one set last in this attempt. */
  readonly current: string;
  /**
   * Takes another status; resolves once it is stored, and need not be awaited.
   * @throws IllegalTransition, at once, when the task does not allow it from the current one; InvalidInput for a name it does
   * not know, or when it declares no statuses
   * @example status.set("RUNNING");
   */
  set(to: Status): Promise<void>;
}

/** The status of one run. */
export class RunStatus {
  readonly #machine: StatusMachine | null;
  #current: string;

  constructor(machine: StatusMachine | null) {
    this.#machine = machine;
    this.#current = machine?.initial ?? "";
  }

  get current(): string {
    return this.#known.current;
  }

  /** @throws IllegalTransition, InvalidInput */
  take(to: string): void {
    const { machine } = this.#known;
    machine.assert(this.#current, to);
    this.#current = to;
  }

  get #known(): { machine: StatusMachine; current: string } {
    if (this.#machine === null) {
      throw new InvalidInput(
        "status",
        null,
        "the task declares no statuses: task(name, { statuses: statuses({ … }) }, …)",
      );
    }
    return { machine: this.#machine, current: this.#current };
  }
}
