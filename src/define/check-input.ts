/**
 * Validation by a task's schemas: of its input, before a job is queued and again before its handler runs, and of the
 * values of its milestones.
 */
import { InvalidInput } from "../model/errors/errors.js";
import { property } from "../model/failure/failure.js";
import { isThenable } from "../model/value/thenable.js";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./schema.js";

/**
 * `value` as the schema transforms it; a promise only when the schema is asynchronous.
 * @throws InvalidInput naming the field and the schema's message
 */
export function checkInput(schema: StandardSchema, value: unknown): unknown {
  return checkValue("input", schema, value);
}

/** The same for another value; `field` is its name in errors. */
export function checkValue(field: string, schema: StandardSchema, value: unknown): unknown {
  const result = schema["~standard"].validate(value);
  if (!isThenable(result)) return accept(field, result, value);
  return Promise.resolve(result).then((late) => accept(field, late, value));
}

function accept(field: string, result: SchemaResult<unknown>, value: unknown): unknown {
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  if (issue === undefined) throw new InvalidInput(field, value, "a value the task's schema accepts");
  const keys = keysOf(issue);
  const found = keys.reduce<unknown>((holder, key) => property(holder, String(key)), value);
  throw new InvalidInput(fieldOf(field, keys), found, issue.message);
}

function keysOf(issue: SchemaIssue): PropertyKey[] {
  return (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
}

function fieldOf(field: string, keys: readonly PropertyKey[]): string {
  return keys.reduce<string>(
    (path, key) => (typeof key === "number" ? `${path}[${key}]` : `${path}.${String(key)}`),
    field,
  );
}
