/** `/api/audit`: who did what. */
import { createRoute, z } from "@hono/zod-openapi";
import type { ServerApp } from "../http/env.js";
import type { ServerParts } from "../http/parts.js";
import { answer, facts, problems } from "../http/route.js";
import { iso, pageQuery, Time } from "../schema/common.js";

const AuditDocument = z
  .object({
    entryId: z.string(),
    at: Time,
    subject: z.string(),
    tag: z.string().nullable(),
    action: z.string().openapi({ example: "jobs.cancel" }),
    queue: z.string().nullable(),
    id: z.string().nullable(),
    ids: z.array(z.string()).openapi({ description: "Of each request the first twenty of what it made or touched" }),
    count: z.number().int().nullable(),
    status: z.number().int().openapi({ description: "How it was answered" }),
    code: z.string().nullable().openapi({ description: "What was wrong; null: nothing" }),
    address: z.string().nullable().openapi({ description: "Of the client" }),
  })
  .openapi("AuditEntry");

const list = createRoute({
  ...facts({
    ...{ action: "audit.list", scope: "admin", resource: "Audit" },
    summary: "Who did what, the newest first",
    description:
      "The last 10,000 commands, and apart from them the last 10,000 requests that created jobs. Requests that were refused to someone known are there, too; payloads are not.",
  }),
  method: "get",
  path: "/api/audit",
  request: {
    query: z.strictObject({
      ...pageQuery,
      log: z.enum(["commands", "jobs"]).default("commands").openapi({ description: "Commands, or jobs created" }),
    }),
  },
  responses: {
    200: answer(z.object({ entries: z.array(AuditDocument), cursor: z.string().nullable() }), "A page of the log"),
    ...problems(),
  },
});

/** Adds the route. */
export function addAuditRoute(app: ServerApp, { longshore }: ServerParts): void {
  app.openapi(list, async (c) => {
    const { log, limit, cursor = null } = c.req.valid("query");
    const page = await longshore.audit.list({ log, limit, cursor });
    const entries = page.entries.map(({ at, ids, ...entry }) => ({ ...entry, at: iso(at), ids: [...ids] }));
    return c.json({ entries, cursor: page.cursor }, 200);
  });
}
