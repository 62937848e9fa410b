/**
 * A problem: why a request was not answered, as RFC 9457 writes it (`application/problem+json`). It has a stable code, and, where
 * a value was wrong, the field, the value's type and the rule. Messages of our typed errors pass through; of any other error
 * nothing leaves the process, least of all its stack.
 */
import { redactText } from "../../model/redaction/redact-text.js";
import { HTTPException } from "hono/http-exception";
import {
  EngineClosed,
  EngineRefused,
  EngineUnavailable,
  InvalidInput,
  JobFailed,
  LongshoreError,
  PayloadTooLarge,
  UniqueConflict,
} from "../../model/errors/errors.js";

/** The body of an answer that says what is wrong. */
export interface ProblemBody {
  /** A URN that ends with the code in small letters. */
  readonly type: string;
  /** The status in words. */
  readonly title: string;
  readonly status: number;
  /** A stable name of what is wrong, e.g. `INVALID_INPUT`. */
  readonly code: string;
  readonly detail: string;
  /** The field whose value is wrong, as a path. */
  readonly field?: string;
  /** The type of the wrong value. */
  readonly valueType?: string;
  /** What the field must be. */
  readonly rule?: string;
  readonly [more: string]: unknown;
}

/** What a problem says besides its code: members of the body, and headers of the answer. */
export interface ProblemOptions {
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by guards and routes; the server answers with it. */
export class Problem extends LongshoreError {
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, detail: string, { members = {}, headers = {} }: ProblemOptions = {}) {
    super(code, detail);
    this.status = status;
    this.members = members;
    this.headers = headers;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** The codes of what is refused before any code of ours sees it. */
const CODES: Readonly<Record<number, string>> = {
  408: "REQUEST_TIMEOUT",
  413: "BODY_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  417: "EXPECTATION_FAILED",
  431: "HEADERS_TOO_LARGE",
};

/** The statuses of errors that the client throws; those that are not here are 400. */
const STATUSES: Readonly<Record<string, number>> = {
  INVALID_INPUT: 400,
  PAYLOAD_TOO_LARGE: 413,
  UNIQUE_CONFLICT: 409,
  WRONG_STATE: 409,
  DOCUMENT_CONFLICT: 409,
  JOB_NOT_FOUND: 404,
  QUEUE_NOT_FOUND: 404,
  SCHEDULE_NOT_FOUND: 404,
  WORKER_NOT_FOUND: 404,
  FAILURE_GROUP_NOT_FOUND: 404,
  TOO_MANY_SCHEDULES: 409,
  SCHEDULE_BUSY: 409,
  UNDECODABLE: 409,
  JOB_FAILED: 409,
  ENGINE_UNAVAILABLE: 503,
  ENGINE_REFUSED: 503,
  ENGINE_CLOSED: 503,
};

/** The problem of an error, whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // What the engine says of itself names its address: that is for the log of the server, not for its clients.
  if (error instanceof EngineUnavailable || error instanceof EngineClosed || error instanceof EngineRefused) {
    const headers = { "retry-after": "1" };
    return new Problem(503, error.code, "the engine does not answer; try again", { headers });
  }
  // What Hono itself refuses; its messages are its own words.
  if (error instanceof HTTPException && error.status < 500) {
    return new Problem(error.status, CODES[error.status] ?? "BAD_REQUEST", "the request cannot be read as it was sent");
  }
  if (!(error instanceof LongshoreError))
    return new Problem(500, "INTERNAL", "the server failed to answer this request");
  return new Problem(STATUSES[error.code] ?? 400, error.code, error.message, { members: membersOf(error) });
}

function membersOf(error: LongshoreError): Readonly<Record<string, unknown>> {
  if (error instanceof InvalidInput) return { field: error.field, valueType: error.valueType, rule: error.rule };
  if (error instanceof PayloadTooLarge)
    return { field: error.field, rule: `at most ${error.cap} bytes`, size: error.size };
  if (error instanceof UniqueConflict) return { field: "unique.key", owner: error.owner };
  if (error instanceof JobFailed) return { state: error.state };
  return {};
}

/** The body of a problem. Its text may repeat a value of the request or of a handler's error: without secrets then. */
export function bodyOf({ status, code, message, members }: Problem): ProblemBody {
  const type = `urn:longshore:problem:${code.toLowerCase().replaceAll("_", "-")}`;
  const said = { detail: redactText(message), ...members };
  return { type, title: TITLES[status] ?? "Error", status, code, ...(shortened(said) as typeof said) };
}

/** The longest text of a problem: what was sent is said again so far, and no further. */
const LONGEST_TEXT = 500;

function shortened(value: unknown): unknown {
  if (typeof value === "string") return value.length <= LONGEST_TEXT ? value : `${value.slice(0, LONGEST_TEXT)}…`;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(shortened);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortened(inner)]));
}

/** The answer of a problem. */
export function problemResponse(problem: Problem): Response {
  const headers = { "content-type": "application/problem+json; charset=utf-8", ...problem.headers };
  return new Response(JSON.stringify(bodyOf(problem)), { status: problem.status, headers });
}
