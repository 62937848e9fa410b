/** What callers give, looked at before anything is sent: an error that names the field is worth more than a request that went wrong. */
import { HttpInvalid } from "./errors.js";

/** Is it an object with fields? */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws HttpInvalid unless it holds */
export function check(holds: boolean, field: string, value: unknown, rule: string): void {
  if (!holds) throw new HttpInvalid(field, value, rule);
}

/** @throws HttpInvalid unless it is an object */
export function checkObject(field: string, value: unknown): void {
  check(isObject(value), field, value, "an object");
}

/** @throws HttpInvalid for what is no object, or has another field */
export function checkOptions(field: string, value: object, known: readonly string[]): void {
  checkObject(field, value);
  for (const name of Object.keys(value)) {
    check(known.includes(name), name, undefined, "no option");
  }
}

/** Headers carry the characters of Latin 1. The value is not repeated: it may be a secret. @throws HttpInvalid */
export function checkHeader(field: string, value: unknown): void {
  check(typeof value === "string" && /^[\t -~\x80-\xff]*$/.test(value), field, typeof value, "text of a header");
}

/** An empty one, "." and ".." would lead to another route. @throws HttpInvalid */
export function checkName(field: string, value: unknown): asserts value is string {
  const holds = typeof value === "string" && !/^\.{0,2}$|\p{Cs}/u.test(value);
  check(holds, field, value, 'text other than "", "." and ".."');
}
