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
const NONE: readonly string[] = [];

export class SecretPlaces {
  readonly #longshore: Longshore;
  readonly #descriptions: Documents;
  readonly #tasks: ReadonlyMap<string, AnyTask>;
  readonly #clock: Clock;
  /** What workers have said, by task. */
  #said: ReadonlyMap<string, readonly string[]> = new Map();
  /** What was made of it and of the tasks of this process, which may be others by now. */
  readonly #made = new Map<string, { said: readonly string[]; own: readonly string[]; secrets: TaskSecrets }>();
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
  readonly of = (task: string): TaskSecrets => {
    const said = this.#said.get(task) ?? NONE;
    const own = this.#tasks.get(task)?.redact ?? NONE;
    if (said.length === 0 && own.length === 0) return NO_SECRETS;
    const made = this.#made.get(task);
    if (made !== undefined && made.said === said && made.own === own) return made.secrets;
    const secrets = new TaskSecrets([...said, ...own]);
    this.#made.set(task, { said, own, secrets });
    return secrets;
  };

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
      this.#said = new Map((await this.#longshore.tasks()).map(({ name, redact }) => [name, redact]));
      this.#revision = revision;
    }
    this.#asOf = began;
  }
}
