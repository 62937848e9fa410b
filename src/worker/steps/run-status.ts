/** The status of a job: a word that its task declares, changed by the transitions that the task allows. */
import { InvalidInput } from "../../model/errors/errors.js";
import type { StatusMachine } from "../../model/profile/status-machine.js";

/** The status of a job during one run. */
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
