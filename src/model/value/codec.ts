/**
 * Payloads (inputs, results, meta) are sent and stored as JSON text. Encoding checks the value first, so that a worker
 * reads exactly what the caller passed: no cycles, no functions or class instances that JSON would drop, no `__proto__`
 * keys, no lone surrogates, a bounded depth and size.
 */
import { InvalidInput, PayloadTooLarge } from "../errors/errors.js";

/** A value that survives JSON unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The size of a payload that is accepted by default, in bytes of JSON: 128 KiB. */
export const DEFAULT_PAYLOAD_CAP = 128 * 1024;

/** The largest payload cap that can be set, in bytes of JSON: 1 MiB. */
export const HARD_PAYLOAD_CAP = 1024 * 1024;

/** How deep arrays and objects may nest. */
export const DEEPEST = 64;

/**
 * The JSON text of `value`. `undefined` becomes `null`, and undefined properties are left out, as JSON does.
 * @param field the name used in errors, e.g. `"input"`
 * @param cap bytes of UTF-8
 * @throws InvalidInput for anything JSON would change or lose; PayloadTooLarge over the cap
 */
export function encodePayload(field: string, value: unknown, cap = DEFAULT_PAYLOAD_CAP): string {
  if (value === undefined) return "null";
  const most = mostBytes(value, 0);
  if (most === Number.POSITIVE_INFINITY) check(field, value, []);
  const text = JSON.stringify(value);
  if (most > cap && text.length * 3 > cap) {
    const size = Buffer.byteLength(text);
    if (size > cap) throw new PayloadTooLarge(field, size, cap);
  }
  return text;
}

/** Is `encodePayload` sure to succeed? Decided without encoding; `false` means unknown. */
export function isPlainPayload(value: unknown, cap = DEFAULT_PAYLOAD_CAP): boolean {
  return value === undefined || mostBytes(value, 0) <= cap;
}

/** The value of a JSON text written by `encodePayload`. @throws SyntaxError when it is not JSON */
export function decodePayload(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return value;
}

/** A character is at most six bytes of JSON: an escape. */
const CHARACTER = 6;
const NUMBER = 25;
const WORD = 5;

/**
 * An upper bound of the bytes of a value's JSON, when JSON keeps the value as it is; infinity when that is not clear at
 * a glance. `check` then finds where and why.
 */
function mostBytes(value: unknown, depth: number): number {
  if (typeof value === "string") {
    return value.isWellFormed() ? CHARACTER * value.length + 2 : Number.POSITIVE_INFINITY;
  }
  if (typeof value === "number") return Number.isFinite(value) ? NUMBER : Number.POSITIVE_INFINITY;
  if (typeof value === "boolean" || value === null || value === undefined) return WORD;
  if (typeof value !== "object" || depth >= DEEPEST) return Number.POSITIVE_INFINITY;
  let sum = 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      sum += mostBytes(item, depth + 1) + 1;
      // Reporting it once is enough: a value that contains itself more than once would be walked for ever.
      if (sum === Number.POSITIVE_INFINITY) break;
    }
    return sum;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || "toJSON" in value) return Number.POSITIVE_INFINITY;
  for (const key of Object.keys(value)) {
    if (key === "__proto__") return Number.POSITIVE_INFINITY;
    sum += CHARACTER * key.length + 4 + mostBytes((value as Record<string, unknown>)[key], depth + 1);
    if (sum === Number.POSITIVE_INFINITY) break;
  }
  return sum;
}

function check(path: string, value: unknown, parents: object[]): void {
  switch (typeof value) {
    case "boolean":
      return;
    case "string":
      if (!value.isWellFormed()) throw new InvalidInput(path, value, "text without lone surrogates");
      return;
    case "number":
      if (!Number.isFinite(value)) throw new InvalidInput(path, String(value), "a finite number (JSON has no other)");
      return;
    case "object":
      if (value !== null) checkObject(path, value, parents);
      return;
    default:
      throw new InvalidInput(path, value, `a JSON value, not a ${typeof value}`);
  }
}

function checkObject(path: string, value: object, parents: object[]): void {
  if (parents.includes(value)) throw new InvalidInput(path, "[circular]", "a value that does not contain itself");
  if (parents.length >= DEEPEST) throw new InvalidInput(path, "[too deep]", `nested at most ${DEEPEST} levels`);
  parents.push(value);
  if (Array.isArray(value)) {
    value.forEach((item, index) => check(`${path}[${index}]`, item ?? null, parents));
  } else if ("toJSON" in value && typeof value.toJSON === "function") {
    // Dates and URLs have a `toJSON`; its output is checked like everything else.
    check(path, value.toJSON(), parents);
  } else {
    checkRecord(path, value, parents);
  }
  parents.pop();
}

/** Is it an object as `{}` makes them, in this realm or another, such as that of a test runner's globals? */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return (
    typeof prototype === "object" &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "isPrototypeOf")
  );
}

function checkRecord(path: string, value: object, parents: object[]): void {
  if (!isPlain(value)) {
    const made: unknown = value.constructor;
    const name = typeof made === "function" ? made.name : "no class";
    throw new InvalidInput(path, `[${name}]`, `a plain object, array or JSON value, not an instance of ${name}`);
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__") throw new InvalidInput(`${path}.${key}`, item, 'no key may be named "__proto__"');
    if (item !== undefined) check(`${path}.${key}`, item, parents);
  }
}
