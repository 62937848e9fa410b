/**
 * Payloads (inputs, results, meta) travel and rest as JSON text. Encoding checks the value first, so that what a worker
 * reads is what the caller gave: no cycles, no functions or class instances that JSON would drop, no `__proto__` keys, no
 * lone surrogates, a bounded depth and size.
 */
import { InvalidInput, PayloadTooLarge } from "./errors.js";

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
  if (!isPlain(value, 0)) check(field, value, []);
  const text = JSON.stringify(value);
  // JSON writes a lone surrogate as an escape.
  if (text.includes("\\ud")) check(field, value, []);
  // A character is at most three bytes of UTF-8: only long texts need to be measured.
  if (text.length * 3 > cap) {
    const size = Buffer.byteLength(text);
    if (size > cap) throw new PayloadTooLarge(field, size, cap);
  }
  return text;
}

/** The value of a JSON text written by `encodePayload`. @throws SyntaxError when it is not JSON */
export function decodePayload(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return value;
}

/** Is this, at a glance, a value that JSON keeps as it is? What is not is looked at by `check`, which says where and why. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth >= DEEPEST) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (item !== undefined && !isPlain(item, depth + 1)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || "toJSON" in value) return false;
  for (const key of Object.keys(value)) {
    const item: unknown = (value as Record<string, unknown>)[key];
    if (key === "__proto__" || (item !== undefined && !isPlain(item, depth + 1))) return false;
  }
  return true;
}

function check(path: string, value: unknown, parents: object[]): void {
  switch (typeof value) {
    case "boolean":
      return;
    case "string":
      if (!isWellFormed(value)) throw new InvalidInput(path, value, "text without lone surrogates");
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
    // Dates and URLs say themselves how they look in JSON; what they say is checked like everything else.
    check(path, value.toJSON(), parents);
  } else {
    checkRecord(path, value, parents);
  }
  parents.pop();
}

function checkRecord(path: string, value: object, parents: object[]): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const name = value.constructor.name;
    throw new InvalidInput(path, `[${name}]`, `a plain object, array or JSON value, not an instance of ${name}`);
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__") throw new InvalidInput(`${path}.${key}`, item, 'no key may be named "__proto__"');
    if (item !== undefined) check(`${path}.${key}`, item, parents);
  }
}

// A surrogate that is not half of a pair. Cheaper texts first: most payloads have no surrogate at all.
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}
