/**
 * The names a run has used. Each belongs to one call, and when steps are declared it must be one of them. A step that
 * failed gives its name back, so that the handler may try something else under it.
 */
import { InvalidInput } from "../../model/errors/errors.js";
import { MOST_MEMBERS } from "../../model/job/membership.js";
import { parseStepName, type StepTally } from "../../model/job/report/step-plan.js";

/** The name of one call. */
export interface TakenName {
  readonly name: string;
  /** Another call may use it. */
  giveBack(): void;
}

export class StepNames {
  readonly #steps = new Map<string, symbol>();
  readonly #sleeps = new Map<string, symbol>();
  readonly #jobs = new Map<string, symbol>();

  /** Takes the name of a step. @throws InvalidInput */
  step(name: unknown, declared: StepTally | null): TakenName {
    const known = parseStepName("step", name);
    if (declared !== null && !declared.has(known)) {
      throw new InvalidInput("step", name, `one of the steps of this job: ${declared.names.join(", ")}`);
    }
    return take("step", known, this.#steps, "a name of its own for each call; step.all is for many items");
  }

  /** Takes the id of a job that is spawned under this key. @throws InvalidInput */
  job(id: string, key: string): TakenName {
    if (this.#jobs.size >= MOST_MEMBERS) {
      throw new InvalidInput("spawn", key, `at most ${MOST_MEMBERS} jobs spawned by one job`);
    }
    return take("key", key, this.#jobs, "a key of its own for each call of spawn with one name", id);
  }

  /** Takes the name of a sleep. @throws InvalidInput */
  sleep(name: unknown): string {
    return take("sleep", parseStepName("sleep", name), this.#sleeps, "a name of its own for each call").name;
  }
}

/** @param by what must not be taken twice */
function take(field: string, name: string, taken: Map<string, symbol>, rule: string, by = name): TakenName {
  // A second call would receive the output of the first.
  if (taken.has(by)) throw new InvalidInput(field, name, `used before in this run: ${rule}`);
  const call = Symbol();
  taken.set(by, call);
  // A call that timed out and still goes on must not give back a name that another call has taken since.
  const giveBack = (): void => void (taken.get(by) === call && taken.delete(by));
  return { name, giveBack };
}
