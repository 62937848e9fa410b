/** What a schema found wrong, as a problem that names the field, the type of its value, and the rule. */
import type { z } from "@hono/zod-openapi";
import { Problem } from "./problem.js";

/** Where the value was. */
type Target = "json" | "query" | "param" | "header" | "form" | "cookie";

/** The problem of the first thing that a schema found wrong; the others are listed, ten at most. */
export function problemOfIssues(error: z.core.$ZodError, target: Target): Problem {
  const issues = error.issues.flatMap(flatten).slice(0, 10).map(factsOf);
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

/** Of a union the branch that came furthest says the most. */
function flatten(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const deepest = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a))[0] ?? [];
  if (depthOf(deepest) === 0) return [issue];
  return deepest.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length));
}

function factsOf(issue: z.core.$ZodIssue): IssueFacts {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const [key = "?"] = issue.keys;
    return { field: [...path, key].join("."), rule: "no such field" };
  }
  const field = path.length === 0 ? "body" : path.join(".");
  const given = "input" in issue ? { valueType: typeOf(issue.input) } : {};
  return { field, rule: issue.message, ...given };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
