/**
 * What of each task's jobs is secret: what the tasks of this process declare, and what workers have said of theirs, asked for when it has
 * changed and every five seconds at most.
 */
import type { Documents } from "../../client/documents/documents.js";
import type { Longshore } from "../../client/longshore.js";
import type { AnyTask } from "../../define/task.js";
import { TASK_DESCRIPTIONS } from "../../model/document/task-description.js";
import { NO_SECRETS, TaskSecrets } from "../../model/redaction/task-secrets.js";
import type { Clock } from "../../model/value/clock.js";

const FRESH = 5_000;

export class SecretPlaces {
  readonly #longshore: Longshore;
  readonly #descriptions: Documents;
  readonly #tasks: ReadonlyMap<string, AnyTask>;
  readonly #clock: Clock;
  #known: ReadonlyMap<string, TaskSecrets> = new Map();
  #revision: number | null = null;
  #asOf = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(longshore: Longshore, tasks: ReadonlyMap<string, AnyTask>, clock: Clock) {
    this.#longshore = longshore;
    this.#descriptions = longshore.platformDocuments(TASK_DESCRIPTIONS);
    this.#tasks = tasks;
    this.#clock = clock;
  }

  /** What of a task's jobs is secret, as far as the last `refresh` knows. */
  readonly of = (task: string): TaskSecrets => this.#known.get(task) ?? NO_SECRETS;

  /** Before anything is shown. @throws EngineUnavailable */
  async refresh(): Promise<void> {
    const from = this.#clock.monotonic() - FRESH;
    while (this.#asOf <= from) {
      this.#reading ??= this.#read().finally(() => (this.#reading = null));
      await this.#reading;
    }
  }

  async #read(): Promise<void> {
    const began = this.#clock.monotonic();
    const revision = await this.#descriptions.revision();
    if (revision !== this.#revision) {
      const paths = new Map<string, readonly string[]>();
      for (const { name, redact } of await this.#longshore.tasks()) paths.set(name, redact);
      for (const { name, redact } of this.#tasks.values()) paths.set(name, [...(paths.get(name) ?? []), ...redact]);
      const declared = [...paths].filter(([, places]) => places.length > 0);
      this.#known = new Map(declared.map(([name, places]) => [name, new TaskSecrets(places)]));
      this.#revision = revision;
    }
    this.#asOf = began;
  }
}
