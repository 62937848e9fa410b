/** What of a task's jobs is secret: its declared places, by the part of the job, ready to be matched. */
import { redact, type Keys } from "./redact.js";
import { readSecretPath, type Part } from "./secret-path.js";

/** Where a value stands in a job: a part of it, and the keys within, such as the name of a step. */
export type Place = Part | `${"steps" | "milestones"}.${string}`;

export class TaskSecrets {
  readonly #paths: readonly { readonly part: Part; readonly keys: Keys }[];

  /** @param paths the places as tasks declare them; what is none is passed over */
  constructor(paths: readonly string[]) {
    this.#paths = paths.flatMap((path) => readSecretPath(path) ?? []);
  }

  /** The value of a place without secrets, those under keys like `password` included. */
  redact(place: Place, value: unknown): unknown {
    const dot = place.indexOf(".");
    const part = dot === -1 ? place : place.slice(0, dot);
    const name = dot === -1 ? null : place.slice(dot + 1);
    const below = this.#paths.flatMap(({ part: of, keys }) => {
      if (of !== part) return [];
      if (name === null) return [keys];
      const [first, ...rest] = keys;
      return first === name || first === "*" ? [rest] : [];
    });
    return redact(value, below);
  }
}

/** Of a task that declares nothing. */
export const NO_SECRETS = new TaskSecrets([]);
