/**
 * The errors that callers may want to distinguish. Every one is a `LongshoreError` with a stable `code`; an error about
 * a value names the field, the value and the rule it broke. Messages carry no secrets: URLs are redacted before they
 * get here.
 */

import { headOf, inWords } from "../text.js";

/** The base of every error Longshore throws on purpose. */
export class LongshoreError extends Error {
  /** A stable name for scripts, e.g. `"INVALID_INPUT"`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** How much of an offending value an error message repeats, in characters. */
const SHOWN = 80;

/** A value as an error message shows it: one line, capped, never throwing. */
export function show(value: unknown): string {
  const text = inWords(value);
  return text.length > SHOWN ? `${headOf(text, SHOWN)}…` : text;
}

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
  readonly holder: string;

  constructor(key: string, holder: string) {
    super("UNIQUE_CONFLICT", `unique.key: ${show(key)} is held by job ${holder}`);
    this.holder = holder;
  }
}

/** No job has that id. It may have been removed by retention. */
export class JobNotFound extends LongshoreError {
  constructor(id: string) {
    super("JOB_NOT_FOUND", `job ${show(id)} does not exist, or retention has removed it`);
  }
}

/** No schedule has that name. */
export class ScheduleNotFound extends LongshoreError {
  constructor(name: string) {
    super("SCHEDULE_NOT_FOUND", `schedule ${show(name)} does not exist`);
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

/** The engine cannot be reached, or did not answer in time. `url` is redacted. */
export class EngineUnavailable extends LongshoreError {
  /** @param options.advice what to look at; default: whether it runs, and the address */
  constructor(url: string, why: string, options: ErrorOptions & { advice?: string } = {}) {
    const advice = options.advice ?? " Is it running, and is LONGSHORE_URL (or the URL given to connect) right?";
    super("ENGINE_UNAVAILABLE", `cannot reach ${url}: ${why}.${advice}`, options);
  }
}

/** The engine's set-up may lose jobs, e.g. a Redis that may evict keys, so Longshore does not use it. */
export class EngineRefused extends LongshoreError {
  constructor(message: string) {
    super("ENGINE_REFUSED", message);
  }
}

/**
 * A file of the package is missing beside its code, as in a bundle: the feature that needs it is refused before it
 * begins.
 */
export class Bundled extends LongshoreError {
  constructor(file: string) {
    super(
      "BUNDLED",
      `longshore's file ${file} is missing, for the package was bundled without its files: mark it external, with ` +
        '--packages=external or external: ["longshore"] (esbuild), externals: ["longshore"] (webpack), ' +
        'serverExternalPackages: ["longshore"] (Next.js)',
    );
  }
}

/** The connection was closed by `close()`. */
export class EngineClosed extends LongshoreError {
  constructor() {
    super("ENGINE_CLOSED", "this connection was closed; connect again");
  }
}

/** A stored job that cannot be decoded. It fails alone, with this as its reason. */
export class Undecodable extends LongshoreError {
  constructor(id: string, what: string, options?: ErrorOptions) {
    super("UNDECODABLE", `job ${id}: its stored ${what} cannot be decoded`, options);
  }
}

/** The worker has no handler for the job's task. */
export class UnknownTask extends LongshoreError {
  constructor(task: string, known: readonly string[]) {
    super(
      "UNKNOWN_TASK",
      `no handler for task ${show(task)}; this worker knows ${known.length ? known.join(", ") : "no task"}`,
    );
  }
}

/** A task's module, or the export its reference names, is not there; another worker may have it. */
export class ModuleNotFound extends LongshoreError {
  constructor(reference: string, why: string) {
    super("MODULE_NOT_FOUND", `module ${show(reference)} cannot be run: ${why}`);
  }
}

/** The thread or process that ran the attempt ended before the handler did: a crash, a signal, `process.exit()`. */
export class ChildDied extends LongshoreError {
  /** The exit code; `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, e.g. `"SIGSEGV"`. */
  readonly signal: string | null;

  constructor(what: string, exitCode: number | null, signal: string | null, options?: ErrorOptions) {
    super("CHILD_DIED", what, options);
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/** The attempt used more memory than it may, and its thread or process was ended. */
export class OutOfMemory extends LongshoreError {
  /** The task's `maxMemory` in bytes; `null` when it has none and Node's own limit was reached. */
  readonly limit: number | null;

  constructor(limit: number | null, options?: ErrorOptions) {
    const allowed = limit === null ? "Node allows" : `its task's maxMemory of ${limit} bytes`;
    super("OUT_OF_MEMORY", `the attempt used more memory than ${allowed}`, options);
    this.limit = limit;
  }
}

/** The attempt ran longer than the job's `timeout`, or a step longer than its own. */
export class TimedOut extends LongshoreError {
  constructor(ms: number, what = "the attempt") {
    super("TIMEOUT", `${what} ran longer than its timeout of ${ms} ms`);
  }
}

/**
 * Nothing that could fail alone ended well: every item of a `step.all`, or every optional step and item of a job.
 * `cause` is the first failure.
 */
export class AllFailed extends LongshoreError {
  /** How many failed. */
  readonly failed: number;
  /** May another attempt help? No when every one of them failed for good. */
  readonly retryable: boolean;

  constructor(what: string, failed: number, first: unknown, retryable: boolean) {
    const why = first instanceof Error ? first.message : show(first);
    super("ALL_FAILED", `${what} failed, ${failed} in number; the first: ${why}`, { cause: first });
    this.failed = failed;
    this.retryable = retryable;
  }
}

/** The job was cancelled while it ran; the reason of its `signal`. */
export class Cancelled extends LongshoreError {
  constructor(why = "the job was cancelled") {
    super("CANCELLED", why);
  }
}

/** A newer job with the same `supersedes` key took its place while it ran; the reason of its `signal`. */
export class Superseded extends LongshoreError {
  constructor() {
    super("SUPERSEDED", "a newer job took the place of this one; nothing more of it is written");
  }
}

/** The worker is no longer entitled to run the job: its lease was lost. The reason of the job's `signal`. */
export class LeaseLost extends LongshoreError {
  constructor() {
    super("LEASE_LOST", "the lease on this job was lost; another worker may be running it, so nothing more is written");
  }
}

/**
 * The engine ended a worker's session sooner than its lease, which silence alone cannot do. The worker emits it as its
 * event `error` and waits a growing while (back-off) before it goes on.
 */
export class SessionLost extends LongshoreError {
  /** How many sessions in a row ended so. From the second one on, a job that such a session held counts a crash. */
  readonly row: number;

  /** @param lease milliseconds */
  constructor(lease: number, row: number) {
    const times = row === 1 ? "" : ` ${row} times in a row`;
    super(
      "SESSION_LOST",
      `the engine ended this worker's session sooner than its lease of ${lease} ms${times}: was its queue obliterated, its database emptied or replaced, or a clock set?`,
    );
    this.row = row;
  }
}

/** The worker is stopping and its grace is over; the job is returned to its queue. The reason of the job's `signal`. */
export class ShuttingDown extends LongshoreError {
  constructor() {
    super("SHUTTING_DOWN", "the worker is stopping; the job returns to the queue and no attempt is counted");
  }
}

/**
 * Throw this in a handler when trying again cannot help: the job fails at once, whatever attempts are left.
 * @example
 * if (!isPublic(url)) throw new NonRetryable("the URL is not public", { code: "ERROR_VALIDATION" });
 */
export class NonRetryable extends LongshoreError {
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(options?.code ?? "NON_RETRYABLE", message, options);
  }
}

/** A task's module may not be loaded: it is outside of the worker's task roots. No attempt can help. */
export class ModuleRefused extends NonRetryable {
  constructor(reference: string, why: string) {
    super(`module ${show(reference)} is refused: ${why}`, { code: "MODULE_REFUSED" });
  }
}

/**
 * Throw this in a handler to try again after a given time, such as a `Retry-After` header. It counts as an attempt.
 * @example
 * if (response.status === 429) throw new RetryAfter("30s", "the model service is rate limited");
 */
export class RetryAfter extends LongshoreError {
  /** Milliseconds (or a duration such as `"30s"`) to wait before the next attempt. */
  readonly delay: number | string;

  constructor(delay: number | string, message = "asked to try again later", options?: ErrorOptions) {
    super("RETRY_AFTER", message, options);
    this.delay = delay;
  }
}

/**
 * Throw this in a handler to put the job back for a while without counting an attempt: "not yet", rather than "it failed".
 * @example
 * if (!(await videoIsUploaded(input.id))) throw new Snooze("1m");
 */
export class Snooze extends LongshoreError {
  /** Milliseconds (or a duration such as `"1m"`) until the job runs again. */
  readonly delay: number | string;

  constructor(delay: number | string, message = "snoozed") {
    super("SNOOZE", message);
    this.delay = delay;
  }
}
