/**
 * A failure as it is stored with an attempt: plain data made from whatever was thrown, capped, with a fingerprint that is
 * the same for failures that share a cause, so that a thousand of them show as one line.
 */
import { createHash } from "node:crypto";

/** An error as it is stored. */
export interface Failure {
  /** The error's class: `"TypeError"`. */
  readonly name: string;
  readonly message: string;
  /** `error.code`, or the HTTP status as text, when there is one. */
  readonly code: string | null;
  /** The stack, capped at 4,000 characters. */
  readonly stack: string | null;
  /** What caused it, up to 3 deep. */
  readonly cause: Failure | null;
  /** The same for failures that share a cause: 12 hexadecimal digits. */
  readonly fingerprint: string;
}

const LONGEST_MESSAGE = 2_000;
const LONGEST_STACK = 4_000;
const DEEPEST_CAUSE = 3;

/** Turns anything thrown into a `Failure`. Never throws itself, whatever it is given. */
export function describeFailure(thrown: unknown): Failure {
  return describe(thrown, DEEPEST_CAUSE);
}

/** A failure that the engine or worker itself found, without a stack. */
export function plainFailure(name: string, message: string, code: string): Failure {
  return { name, message, code, stack: null, cause: null, fingerprint: fingerprint(name, code, message) };
}

function describe(thrown: unknown, depth: number): Failure {
  const name = read(thrown, "name") ?? (thrown instanceof Error ? thrown.constructor.name : "Error");
  const message = cap(read(thrown, "message") ?? text(thrown), LONGEST_MESSAGE);
  const code = read(thrown, "code") ?? status(thrown);
  const stack = read(thrown, "stack");
  const inner = property(thrown, "cause");
  return {
    name,
    message,
    code,
    stack: stack === null ? null : cap(stack, LONGEST_STACK),
    cause: inner === undefined || inner === null || depth <= 1 ? null : describe(inner, depth - 1),
    fingerprint: fingerprint(name, code, message),
  };
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

function text(thrown: unknown): string {
  try {
    return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return "something that cannot be shown was thrown";
  }
}

function cap(value: string, longest: number): string {
  return value.length > longest ? `${value.slice(0, longest - 1)}…` : value;
}

/**
 * What failures that share a cause have in common: class, code and the message without its particulars (ids, numbers,
 * quoted values, URLs, paths).
 */
export function fingerprint(name: string, code: string | null, message: string): string {
  const general = message
    .slice(0, 500)
    .replace(/https?:\/\/\S+/g, "<url>")
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, "<quoted>")
    .replace(/(?:\/[\w.-]+){2,}/g, "<path>")
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, "<id>")
    .replace(/\b\w*\d\w*\b/g, "<n>");
  return createHash("sha256")
    .update(`${name}\0${code ?? ""}\0${general}`)
    .digest("hex")
    .slice(0, 12);
}
