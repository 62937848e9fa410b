/** Errors of an attempt: why it failed or ended, and what a handler throws to say what follows. */
import { LongshoreError, show } from "./longshore-error.js";

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
