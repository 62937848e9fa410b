/** What a schema found wrong, as a problem that names the field, the type of its value, and the rule. */
import type { z } from "@hono/zod-openapi";
import { Problem } from "./problem.js";

/** Where the value was. */
type Target = "json" | "query" | "param" | "header" | "form" | "cookie";

/** The problem of the first thing that a schema found wrong; the others are listed, ten at most. */
export function problemOfIssues(error: z.core.$ZodError, target: Target, data: unknown): Problem {
  const issues = error.issues
    .flatMap(flatten)
    .slice(0, 10)
    .map((issue) => factsOf(issue, data));
  const [first = { field: target, rule: "valid" }] = issues;
  const detail = `${first.field}: ${first.rule}`;
  return new Problem(400, "INVALID_INPUT", detail, {
    members: { ...first, in: target === "json" ? "body" : target, ...(issues.length > 1 ? { issues } : {}) },
  });
}

interface IssueFacts {
  readonly field: string;
  readonly rule: string;
  readonly valueType?: string;
}

/** Of a union the branch that came furthest, and there with the fewest complaints, is the one that was meant. */
function flatten(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const [nearest = []] = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a) || a.length - b.length);
  if (depthOf(nearest) === 0) return [issue];
  return nearest.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length));
}

function factsOf(issue: z.core.$ZodIssue, data: unknown): IssueFacts {
  if (issue.code === "unrecognized_keys") {
    const [key = "?"] = issue.keys;
    return { field: fieldOf([...issue.path, key]), rule: "no such field" };
  }
  return { field: fieldOf(issue.path), rule: issue.message, valueType: typeOf(valueAt(data, issue.path)) };
}

/** A path as the client writes it: `jobs[2].options.delay`. */
function fieldOf(path: readonly PropertyKey[]): string {
  const field = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return field === "" ? "body" : field.replace(/^\./, "");
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
