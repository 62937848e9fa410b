/**
 * The errors that callers may want to distinguish. Every one is a `LongshoreError` with a stable `code`; an error about
 * a value names the field, the value and the rule it broke. Messages carry no secrets: URLs are redacted before they
 * get here.
 */

import { LongshoreError, show } from "./longshore-error.js";

export * from "./attempt-errors.js";
export * from "./engine-errors.js";
export { LongshoreError, show } from "./longshore-error.js";

/**
 * A value given to Longshore breaks a rule. Thrown to the caller before anything is stored.
 * @example
 * try { await longshore.enqueue(scan, { url }, { delay: "soon" }); }
 * catch (error) { if (error instanceof InvalidInput) console.error(error.field, error.rule); }
 */
export class InvalidInput extends LongshoreError {
  /** The field that is wrong, as a path: `"delay"`, `"unique.key"`, `"input.url"`. */
  readonly field: string;
  /** What the field must be. */
  readonly rule: string;
  readonly #value: unknown;

  constructor(field: string, value: unknown, rule: string, options?: ErrorOptions) {
    super("INVALID_INPUT", `${field}: ${show(value)} is not allowed: ${rule}`, options);
    this.field = field;
    this.rule = rule;
    this.#value = value;
  }

  /** The type of the value, for answers that must not repeat it: `"string"`, `"null"`, `"array"`, `"undefined"` … */
  get valueType(): string {
    if (this.#value === null) return "null";
    return Array.isArray(this.#value) ? "array" : typeof this.#value;
  }

  /** The same error for a field inside `part`: its field becomes `"part.field"`. */
  within(part: string): InvalidInput {
    return new InvalidInput(`${part}.${this.field}`, this.#value, this.rule, { cause: this.cause });
  }
}

/** A payload (input, result, meta) is larger than the cap. `size` and `cap` are bytes of its JSON in UTF-8. */
export class PayloadTooLarge extends LongshoreError {
  readonly field: string;
  readonly size: number;
  readonly cap: number;

  constructor(field: string, size: number, cap: number) {
    super(
      "PAYLOAD_TOO_LARGE",
      `${field}: ${size} bytes of JSON are over the cap of ${cap} bytes; store it elsewhere and pass a reference`,
    );
    this.field = field;
    this.size = size;
    this.cap = cap;
  }
}

/** A unique key belongs to another job and the caller asked to be refused (`onConflict: "reject"`). */
export class UniqueConflict extends LongshoreError {
  /** The id of the key's owner. */
  readonly owner: string;

  constructor(key: string, owner: string) {
    super("UNIQUE_CONFLICT", `unique.key: ${show(key)} belongs to job ${owner}`);
    this.owner = owner;
  }
}

/** No job has that id. It may have been removed by retention. */
export class JobNotFound extends LongshoreError {
  constructor(id: string) {
    super("JOB_NOT_FOUND", `job ${show(id)} does not exist, or retention has removed it`);
  }
}

/** There is no such queue: no job was ever enqueued in it, and no worker serves it. */
export class QueueNotFound extends LongshoreError {
  constructor(name: string) {
    super("QUEUE_NOT_FOUND", `queue ${show(name)} does not exist`);
  }
}

/** No schedule has that name. */
export class ScheduleNotFound extends LongshoreError {
  constructor(name: string) {
    super("SCHEDULE_NOT_FOUND", `schedule ${show(name)} does not exist`);
  }
}

/** No such worker, or it gives no sign of life. */
export class WorkerNotFound extends LongshoreError {
  constructor(name: string) {
    super("WORKER_NOT_FOUND", `no worker with the name or session ${show(name)} gives signs of life`);
  }
}

/** The queue has as many schedules as it may have: 10,000. */
export class TooManySchedules extends LongshoreError {
  /** The queue that is full. */
  readonly queue: string;

  constructor(queue: string) {
    super("TOO_MANY_SCHEDULES", `queue ${show(queue)} has 10000 schedules, the most a queue may have`);
    this.queue = queue;
  }
}

/** The job is in a state that the command does not start from. */
export class WrongState extends LongshoreError {
  constructor(command: string, id: string, state: string, why?: string) {
    super("WRONG_STATE", `cannot ${command} job ${id}: it is ${state}${why ? ` (${why})` : ""}`);
  }
}

/** The same of a job whose supersede key a later job has. To callers it is a `WrongState`. */
export class SupersededSince extends WrongState {
  override readonly name = "WrongState";
}

/** A task's own status may not change from `from` to `to`: its `statuses` do not list that transition. */
export class IllegalTransition extends LongshoreError {
  readonly from: string;
  readonly to: string;
  /** The statuses that may follow `from`; empty when it is final. */
  readonly allowed: readonly string[];

  constructor(from: string, to: string, allowed: readonly string[]) {
    const rule = allowed.length === 0 ? "nothing follows it" : `allowed: ${allowed.join(", ")}`;
    super("ILLEGAL_TRANSITION", `status: ${show(from)} may not become ${show(to)}: ${rule}`);
    this.from = from;
    this.to = to;
    this.allowed = allowed;
  }
}

/** `job.result()` on a job that ended without one. */
export class JobFailed extends LongshoreError {
  /** The terminal state the job ended in. */
  readonly state: string;

  constructor(id: string, state: string, why: string, options?: ErrorOptions) {
    super("JOB_FAILED", `job ${id} ended as ${state}: ${why}`, options);
    this.state = state;
  }
}
