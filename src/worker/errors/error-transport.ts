/**
 * Carries a thrown value to another thread or process, back into a value of the same class: errors of Longshore and of
 * the language keep `instanceof`, others become an `Error` with their name. Fields that a classifier may use come
 * along: code, HTTP status, `Retry-After`, own fields that are plain and small.
 */
import { encodePayload } from "../../model/value/codec.js";
import * as errors from "../../model/errors/errors.js";
import * as flowErrors from "../../model/flow/dependency-errors.js";
import { property } from "../../model/failure/failure.js";
import { Malformed, readFlag, readObject, readOptional, readText } from "../../model/value/strict.js";
import { headOf } from "../../model/text.js";

/** A thrown value, as plain data. */
export type PackedError =
  | { readonly error: false; readonly value: unknown }
  | {
      readonly error: true;
      /** The nearest class that both sides know. */
      readonly class: string;
      readonly name: string;
      readonly message: string;
      readonly stack: string;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly cause: PackedError | null;
    };

const DEEPEST_CAUSE = 3;
const LONGEST_NAME = 1_000;
/** The most fields that come along. */
const MOST_FIELDS = 50;
const LONGEST_MESSAGE = 10_000;
const LONGEST_STACK = 10_000;
/** The most bytes of JSON of a field; larger ones are left out. */
const FIELD_CAP = 4_096;

const KNOWN: readonly (abstract new (...given: never) => Error)[] = [
  ...[...Object.values(errors), ...Object.values(flowErrors)].filter(
    (value) => typeof value === "function" && value.prototype instanceof Error,
  ),
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
] as (abstract new (...given: never) => Error)[];
const CLASSES = new Map(KNOWN.map((known) => [known.name, known.prototype as object]));
const NAMES = new Map([...CLASSES].map(([name, prototype]) => [prototype, name]));

/** Makes plain data of anything thrown. Never throws. */
export function packError(thrown: unknown): PackedError {
  try {
    return pack(thrown, DEEPEST_CAUSE);
  } catch {
    return { error: false, value: "something that cannot be shown was thrown" };
  }
}

function pack(thrown: unknown, depth: number): PackedError {
  if (!(thrown instanceof Error)) return { error: false, value: isPlain(thrown) ? thrown : errors.show(thrown) };
  const cause = property(thrown, "cause");
  return {
    error: true,
    class: classOf(thrown),
    name: headOf(textOf(thrown, "name") ?? "Error", LONGEST_NAME),
    message: headOf(textOf(thrown, "message") ?? "", LONGEST_MESSAGE),
    stack: headOf(textOf(thrown, "stack") ?? "", LONGEST_STACK),
    fields: fieldsOf(thrown),
    cause: cause === undefined || cause === null || depth <= 1 ? null : pack(cause, depth - 1),
  };
}

/** Checks and reads a thrown value packed by another process. @throws Malformed */
export function readError(what: string, value: unknown, depth = DEEPEST_CAUSE): PackedError {
  const thrown = readObject(what, value);
  if (!readFlag(`${what}.error`, thrown["error"])) {
    if (!isPlain(thrown["value"])) throw new Malformed(`${what}.value`);
    return { error: false, value: thrown["value"] };
  }
  const fields = Object.entries(readObject(`${what}.fields`, thrown["fields"]));
  if (fields.length > MOST_FIELDS + 2 || !fields.every(([, field]) => isPlain(field))) {
    throw new Malformed(`${what}.fields`);
  }
  return {
    error: true,
    class: readText(`${what}.class`, thrown["class"], LONGEST_NAME),
    name: readText(`${what}.name`, thrown["name"], LONGEST_NAME),
    message: readText(`${what}.message`, thrown["message"], LONGEST_MESSAGE),
    stack: readText(`${what}.stack`, thrown["stack"], LONGEST_STACK),
    fields: Object.fromEntries(fields),
    cause: readOptional(`${what}.cause`, thrown["cause"], (place, cause) => {
      if (depth <= 1) throw new Malformed(place);
      return readError(place, cause, depth - 1);
    }),
  };
}

/** The thrown value again. */
export function unpackError(packed: PackedError): unknown {
  if (!packed.error) return packed.value;
  const { name, message, stack, fields, cause } = packed;
  const error = new Error(message, cause === null ? undefined : { cause: unpackError(cause) });
  const prototype = CLASSES.get(packed.class) ?? Error.prototype;
  Object.setPrototypeOf(error, prototype);
  // Defined, not assigned: a field may be called `__proto__`.
  const define = (key: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
  };
  for (const [key, value] of Object.entries(fields)) define(key, value, true);
  define("name", name, false);
  define("stack", stack, false);
  return error;
}

function textOf(thrown: Error, key: string): string | undefined {
  const value = property(thrown, key);
  return typeof value === "string" ? value : undefined;
}

function classOf(thrown: Error): string {
  let prototype: unknown = Object.getPrototypeOf(thrown);
  while (typeof prototype === "object" && prototype !== null) {
    const name = NAMES.get(prototype);
    if (name !== undefined) return name;
    prototype = Object.getPrototypeOf(prototype);
  }
  return "Error";
}

function fieldsOf(thrown: Error): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of new Set(["code", "status", "statusCode", ...Object.keys(thrown)])) {
    const value = property(thrown, key);
    if (Object.keys(fields).length >= MOST_FIELDS) break;
    if (key !== "name" && key !== "stack" && key !== "cause" && value !== undefined && isPlain(value)) {
      fields[key] = value;
    }
  }
  const headers = retryHeaders(thrown);
  if (headers !== null) fields["headers"] = headers;
  const response = property(thrown, "response");
  if (response !== undefined && fields["response"] === undefined) {
    const { status, statusCode } = {
      status: property(response, "status"),
      statusCode: property(response, "statusCode"),
    };
    fields["response"] = {
      ...(typeof status === "number" ? { status } : {}),
      ...(typeof statusCode === "number" ? { statusCode } : {}),
      headers: retryHeaders(response) ?? {},
    };
  }
  return fields;
}

/** `Retry-After`, the one header that a classifier uses, taken out of a `Headers` object, which is no plain data. */
function retryHeaders(holder: unknown): Record<string, string> | null {
  const headers = property(holder, "headers");
  if (!(headers instanceof Headers)) return null;
  const wait = headers.get("retry-after");
  return wait === null ? {} : { "retry-after": wait };
}

function isPlain(value: unknown): boolean {
  try {
    encodePayload("field", value, FIELD_CAP);
    return true;
  } catch {
    return false;
  }
}
