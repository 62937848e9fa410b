/**
 * A failure as it is stored with an attempt: plain data made from any thrown value, capped, with a fingerprint that is
 * the same for failures that share a cause, so that a thousand of them show as one line.
 */
import { cutText, inWords } from "../text.js";
import { fingerprint, isFingerprint } from "./fingerprint.js";

/** An error as it is stored. */
export interface Failure {
  /** The error's class: `"TypeError"`. Capped at 100 characters, as is its code. */
  readonly name: string;
  /** Capped at 2,000 characters. */
  readonly message: string;
  /** `error.code`, or the HTTP status as text, when there is one. */
  readonly code: string | null;
  /** The stack, capped at 4,000 characters. */
  readonly stack: string | null;
  /** What caused it, up to 3 deep. */
  readonly cause: Failure | null;
  /** The first 3 errors that an `AggregateError` holds; absent elsewhere. */
  readonly errors?: readonly Failure[];
  /** The same for failures that share a cause: 13 hexadecimal digits, the first of which is the version of the rules. */
  readonly fingerprint: string;
}

/** The most bytes a failure has as it is stored: JSON in UTF-8, with all that caused it. */
export const LARGEST_FAILURE = 16 * 1024;

const LONGEST_NAME = 100;
const LONGEST_MESSAGE = 2_000;
const DEEPEST_CAUSE = 3;
const MOST_ERRORS = 3;
/** Shrinking a failure cuts no text shorter than this. */
const SHORTEST_MESSAGE = 15;
const INEXPRESSIBLE = "something that cannot be shown was thrown";

/** Turns anything thrown into a `Failure`. Never throws itself, whatever it is given. */
export function describeFailure(thrown: unknown): Failure {
  try {
    return boundFailure(describe(thrown, DEEPEST_CAUSE));
  } catch {
    return plainFailure("Error", INEXPRESSIBLE, null);
  }
}

/** A failure found by the engine or the worker itself, without a stack. */
export function plainFailure(name: string, message: string, code: string | null): Failure {
  return { name, message, code, stack: null, cause: null, fingerprint: fingerprint({ name, code, message }) };
}

/** The fingerprint under which a failure is filed: its own, or a proper one if other code has made another text of it. */
export function fingerprintOf(failure: Failure): string {
  return isFingerprint(failure.fingerprint) ? failure.fingerprint : fingerprint(failure);
}

function withFingerprint(failure: Failure): Failure {
  return isFingerprint(failure.fingerprint) ? failure : { ...failure, fingerprint: fingerprint(failure) };
}

/** The JSON text of a failure, at most `LARGEST_FAILURE` bytes: texts of a larger one are cut further. */
export function encodeFailure(failure: Failure): string {
  const filed = withFingerprint(failure);
  let text = JSON.stringify(filed);
  let longest = LONGEST_MESSAGE;
  while (Buffer.byteLength(text) > LARGEST_FAILURE) {
    longest /= 2;
    text = JSON.stringify(cutDown(filed, longest, longest < SHORTEST_MESSAGE ? 1 : DEEPEST_CAUSE));
  }
  return text;
}

/** The same failure, or a smaller one if it is larger than what is stored. */
export function boundFailure(given: Failure): Failure {
  const failure = withFingerprint(given);
  const { name, message, code, stack, cause, errors } = failure;
  const characters = name.length + message.length + (code?.length ?? 0) + (stack?.length ?? 0);
  // Most failures fit even if each character took the most bytes.
  if (cause === null && errors === undefined && characters * 6 + 200 <= LARGEST_FAILURE) return failure;
  const text = encodeFailure(failure);
  return text === JSON.stringify(failure) ? failure : (JSON.parse(text) as Failure);
}

/** The same failure with messages cut to a length and causes to a depth. Causes have no stack then. */
function cutDown(failure: Failure, longest: number, depth: number, outermost = true): Failure {
  const { name, message, code, stack, cause, errors } = failure;
  const inner = (one: Failure): Failure => cutDown(one, longest, depth - 1, false);
  return {
    name: cutText(name, Math.min(longest, LONGEST_NAME)),
    message: cutText(message, longest),
    code: code === null ? null : cutText(code, Math.min(longest, LONGEST_NAME)),
    stack: stack === null || !outermost ? null : cutText(stack, 2 * longest),
    cause: cause === null || depth <= 1 ? null : inner(cause),
    ...(errors === undefined || depth <= 1 ? {} : { errors: errors.slice(0, MOST_ERRORS).map(inner) }),
    fingerprint: fingerprintOf(failure),
  };
}

function describe(thrown: unknown, depth: number): Failure {
  const name = cutText(read(thrown, "name") ?? className(thrown) ?? "Error", LONGEST_NAME).toWellFormed();
  const message = cutText(read(thrown, "message") ?? textOf(thrown), LONGEST_MESSAGE).toWellFormed();
  const code = read(thrown, "code") ?? status(thrown);
  const stack = read(thrown, "stack");
  const inner = property(thrown, "cause");
  const errors = depth <= 1 ? [] : heldErrors(thrown).map((error) => describe(error, depth - 1));
  const short = code === null ? null : cutText(code, LONGEST_NAME).toWellFormed();
  const cause = inner === undefined || inner === null || depth <= 1 ? null : describe(inner, depth - 1);
  return {
    name,
    message,
    code: short,
    stack: stack === null ? null : cutText(stack, 2 * LONGEST_MESSAGE).toWellFormed(),
    cause,
    ...(errors.length === 0 ? {} : { errors }),
    fingerprint: fingerprint({ name, code: short, message, cause, errors }),
  };
}

/** The first errors of an `AggregateError`, or of an object shaped like one. */
function heldErrors(thrown: unknown): unknown[] {
  const errors = isInstance(thrown, Error) ? property(thrown, "errors") : undefined;
  return Array.isArray(errors) ? errors.slice(0, MOST_ERRORS).filter((error) => isInstance(error, Error)) : [];
}

/** `instanceof` for thrown values: a proxy may throw in the check. */
export function isInstance<T>(thrown: unknown, type: abstract new (...given: never) => T): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}

/** The HTTP status an error carries, under the names that fetch wrappers, axios and SDKs use. `null` if none. */
export function httpStatus(thrown: unknown): number | null {
  for (const holder of [thrown, property(thrown, "response")]) {
    for (const key of ["status", "statusCode"]) {
      const value = property(holder, key);
      if (typeof value === "number" && value >= 100 && value <= 599) return value;
    }
  }
  return null;
}

function status(thrown: unknown): string | null {
  const value = httpStatus(thrown);
  return value === null ? null : String(value);
}

/** A property of anything, without trusting it: a getter may throw. */
export function property(holder: unknown, key: string): unknown {
  try {
    return typeof holder === "object" && holder !== null ? Reflect.get(holder, key) : undefined;
  } catch {
    return undefined;
  }
}

function read(thrown: unknown, key: string): string | null {
  const value = property(thrown, key);
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

function textOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  if (isInstance(thrown, Error)) {
    const message = property(thrown, "message");
    return message === undefined || message === "" ? "no message" : inWords(message);
  }
  const text = inWords(thrown);
  // An object that shows none of its contents, such as a `Response`.
  return text === "{}" ? `an object of class ${className(thrown) ?? "unknown"} was thrown` : text;
}

function className(thrown: unknown): string | null {
  const made = property(thrown, "constructor");
  const name: unknown = typeof made === "function" ? made.name : null;
  return isInstance(thrown, Object) && typeof name === "string" && name !== "" && name !== "Object" ? name : null;
}
