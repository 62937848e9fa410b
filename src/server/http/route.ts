/**
 * How a route is declared: what it is called, which right it needs, what it answers. The OpenAPI document and the check of rights
 * come from the same declaration, so that neither can forget the other.
 */
import { z } from "@hono/zod-openapi";
import type { Access, Resource, Scope } from "./access.js";
import type { Guard, ServerContext } from "./env.js";
import { Problem } from "./problem.js";

/** What a route is, beside its method, path, request and answers. */
export interface RouteFacts {
  /** What it does, as `authorize` and the audit log name it: `"jobs.cancel"`. */
  readonly action: string;
  /** The right that it needs; `null`: it is for all who are known. */
  readonly scope: Scope | null;
  /** The kind of resources it belongs to: a chapter of the document. */
  readonly resource: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** May a token that is narrowed to a tag use it? Such a route narrows what it does by itself. Default: false. */
  readonly tenants?: boolean;
  /** Does its handler ask who may (`decideOn`), since only it knows what the request is about? Default: false. */
  readonly decides?: boolean;
}

/** The part of a declaration that follows from the facts. Spread it into `createRoute`. */
export function facts({
  action,
  scope,
  resource,
  summary,
  description,
  tenants = false,
  decides = false,
}: RouteFacts): {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security: { token: string[] }[];
  middleware: Guard[];
  "x-scope": Scope | null;
} {
  return {
    operationId: action,
    tags: [resource],
    summary,
    ...(description === undefined ? {} : { description }),
    security: [{ token: scope === null ? [] : [scope] }],
    middleware: [permit(action, scope, tenants, decides)],
    "x-scope": scope,
  };
}

function permit(action: string, scope: Scope | null, tenants: boolean, decides: boolean): Guard {
  return async (c, next) => {
    c.set("action", action);
    c.set("resource", resourceOf(c, action));
    c.set("scope", scope);
    c.set("tenants", tenants);
    if (!decides) await decideOn(c, c.var.resource);
    // Where the host application has no say it is known already who asks: what they may not send is not looked at.
    else if (c.var.decide === undefined) requireRight(c, c.var.access);
    if (scope === "enqueue" && c.var.decide === undefined) c.var.admit?.(1);
    await next();
  };
}

/**
 * Asks who may do what the route does to a resource: the host application, where it has a say, and what the access itself allows.
 * @returns the access
 * @throws Problem 401, 403; what the hook of the host application throws
 */
export async function decideOn(c: ServerContext, resource: Resource): Promise<Access> {
  const { action, scope, decide } = c.var;
  const access = decide === undefined ? c.var.access : await decide(action, resource);
  requireRight(c, access);
  if (scope === "enqueue") requireScope(access, scope, resource.queue);
  return access;
}

/** @throws Problem 403 */
function requireRight({ var: { scope, tenants } }: ServerContext, access: Access): void {
  if (scope !== null) requireScope(access, scope);
  if (access.tag === null || tenants) return;
  throw new Problem(403, "TENANT_TOKEN", `this token is for the jobs of tag ${access.tag}: it may not do this`);
}

/** What the path and query of a request name. */
function resourceOf(c: ServerContext, action: string): Resource {
  const [kind = ""] = action.split(".");
  const params: Readonly<Record<string, string>> = c.req.param();
  const { queue: given, ...named } = params;
  const [id] = Object.values(named);
  const queue = given ?? c.req.query("queue") ?? (kind === "queues" ? id : undefined);
  return { kind, ...(id === undefined ? {} : { id }), ...(queue === undefined ? {} : { queue }) };
}

/** @throws Problem 403 when the access has not this right */
export function requireScope(access: Access, scope: Scope, queue?: string): void {
  if (access.allows(scope, queue)) return;
  const where = queue === undefined ? "" : ` in queue ${queue}`;
  throw new Problem(403, "SCOPE_MISSING", `this needs the scope ${scope}${where}`, { members: { scope } });
}

/** A JSON answer of the document. */
export function answer<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  example?: unknown,
): { description: string; content: { "application/json": { schema: Schema; example?: unknown } } } {
  return {
    description,
    content: { "application/json": example === undefined ? { schema } : { schema, example } },
  };
}

/** A JSON body of a request. */
export function jsonBody<Schema extends z.ZodType>(
  schema: Schema,
  example: unknown,
  required = true,
): { required: boolean; content: { "application/json": { schema: Schema; example: unknown } } } {
  return { required, content: { "application/json": { schema, example } } };
}

/**
 * The answers of a route that say what is wrong, by status; 400, 401, 403 and 429 any route may give. (The document adds 503, and
 * 413 and 415 where there is a body.)
 */
export function problems(...statuses: (404 | 409 | 413 | 422 | 503)[]): Record<number, typeof PROBLEM> {
  return Object.fromEntries([400, 401, 403, 429, ...statuses].map((status) => [status, PROBLEM]));
}

const PROBLEM_SCHEMA = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    field: z.string().optional(),
    valueType: z.string().optional(),
    rule: z.string().optional(),
  })
  .openapi("Problem", { description: "What is wrong (RFC 9457). `code` is stable." });

/** The answer that says what is wrong, in the document. */
export const PROBLEM = {
  description: "What is wrong",
  content: { "application/problem+json": { schema: PROBLEM_SCHEMA } },
};

/** The address of a path of the API, as clients reach it. */
export function linkTo(c: ServerContext, path: string): string {
  return `${c.var.publicPath}/api${path}`;
}
