/** The names a run has used: each stands for one call, and where steps are declared it must be one of them. */
import { InvalidInput } from "../../model/errors.js";
import { parseStepName, type StepTally } from "../../model/step-plan.js";

export class StepNames {
  readonly #steps = new Set<string>();
  readonly #sleeps = new Set<string>();

  /** Takes the name of a step. @throws InvalidInput */
  step(name: unknown, declared: StepTally | null): string {
    const known = parseStepName("step", name);
    if (declared !== null && !declared.has(known)) {
      throw new InvalidInput("step", name, `one of the steps of this job: ${declared.names.join(", ")}`);
    }
    return take("step", known, this.#steps, "a name of its own for each call; step.all is for many items");
  }

  /** Takes the name of a sleep. @throws InvalidInput */
  sleep(name: unknown): string {
    return take("sleep", parseStepName("sleep", name), this.#sleeps, "a name of its own for each call");
  }
}

function take(field: string, name: string, taken: Set<string>, rule: string): string {
  // A second call would be answered with what the first one gave.
  if (taken.has(name)) throw new InvalidInput(field, name, `used before in this run: ${rule}`);
  taken.add(name);
  return name;
}
