/** What calls of the client throw. Each has a stable `code`; those that the server answers with have the server's. */

/** What all errors of the client are. */
export class HttpError extends Error {
  /** A stable name of what is wrong, such as `"JOB_NOT_FOUND"`. */
  readonly code: string;

  constructor(name: string, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.code = code;
  }
}

/** What the server says of a request that it does not do (RFC 9457). */
export interface ProblemDocument {
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
  readonly valueType?: string;
  readonly rule?: string;
  readonly [more: string]: unknown;
}

/**
 * The server refused a request.
 * @example
 * try { await longshore.enqueue("scan", { url: 7 }); }
 * catch (error) { if (error instanceof HttpProblem) console.error(error.status, error.code, error.field, error.rule); }
 */
export class HttpProblem extends HttpError {
  readonly status: number;
  /** The field that is wrong, as a path: `"input.url"`; `null` where none is. */
  readonly field: string | null;
  /** What the field must be. */
  readonly rule: string | null;
  /** After how many milliseconds the server wants to be asked again; `null` when it does not say. */
  readonly retryAfter: number | null;
  /** All that the server said. */
  readonly problem: ProblemDocument;

  constructor(status: number, problem: ProblemDocument, retryAfter: number | null) {
    super("HttpProblem", problem.code, problem.detail);
    this.status = status;
    this.field = problem.field ?? null;
    this.rule = problem.rule ?? null;
    this.retryAfter = retryAfter;
    this.problem = problem;
  }
}

/** The server was not reached, or the connection was lost. Whether it did what it was asked is not known. Its `cause` says more. */
export class HttpUnreachable extends HttpError {
  constructor(message: string, options?: ErrorOptions) {
    super("HttpUnreachable", "UNREACHABLE", message, options);
  }
}

/** There was no answer within the `timeout` of the client, or no result within that of `result()`. The job goes on. */
export class HttpTimeout extends HttpError {
  constructor(message: string, options?: ErrorOptions) {
    super("HttpTimeout", "TIMEOUT", message, options);
  }
}

/** A value given to the client breaks a rule; nothing was sent. Its message says which value, but none that may be a secret. */
export class HttpInvalid extends HttpError {
  readonly field: string;
  readonly rule: string;

  constructor(field: string, value: unknown, rule: string, options?: ErrorOptions) {
    // A text may be long, and an object hold secrets.
    const shown =
      typeof value === "string" ? `"${value.slice(0, 40)}"` : Object(value) === value ? typeof value : value;
    super("HttpInvalid", "INVALID_INPUT", `${field}: ${String(shown)} is not allowed: ${rule}`, options);
    this.field = field;
    this.rule = rule;
  }
}
