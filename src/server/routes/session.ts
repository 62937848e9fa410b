/** `/api/session`: signing in with a token for a browser, signing out, and who asks. */
import { createRoute, z } from "@hono/zod-openapi";
import { isSecure } from "../access/client.js";
import type { AccessControl } from "../access/control.js";
import { setCookie } from "../access/cookie.js";
import { SCOPES, type Access } from "../http/access.js";
import type { ServerApp } from "../http/env.js";
import { answer, facts, jsonBody, problems } from "../http/route.js";
import { isoOrNull, TimeOrNull } from "../schema/common.js";

const RESOURCE = "Session";

const SessionDocument = z
  .object({
    subject: z.string().openapi({ description: "The name of the token, or what the application calls who asks" }),
    tag: z.string().nullable().openapi({ description: "Only jobs with this tag are within reach; null: all are" }),
    scopes: z
      .array(z.enum(SCOPES))
      .openapi({ description: "The kinds of rights; enqueue may be for some queues alone" }),
    expiresAt: TimeOrNull.openapi({ description: "When the session ends; null without one" }),
  })
  .openapi("Session");

const begin = createRoute({
  ...facts({
    ...{ action: "session.create", scope: null, resource: RESOURCE, tenants: true },
    summary: "Sign a browser in with a token",
    description: "The answer sets a cookie that scripts cannot read. The token itself need not be kept then.",
  }),
  security: [],
  method: "post",
  path: "/api/session",
  request: {
    body: jsonBody(z.strictObject({ token: z.string().min(1, "a token").max(512, "a token") }), { token: "lst_…" }),
  },
  responses: { 200: answer(SessionDocument, "Who is signed in"), ...problems(503) },
});

const get = createRoute({
  ...facts({
    ...{ action: "session.get", scope: null, resource: RESOURCE, tenants: true },
    summary: "Who asks, and what they may",
  }),
  method: "get",
  path: "/api/session",
  responses: { 200: answer(SessionDocument, "Who asks"), ...problems() },
});

const end = createRoute({
  ...facts({ action: "session.end", scope: null, resource: RESOURCE, summary: "Sign out", tenants: true }),
  security: [],
  method: "delete",
  path: "/api/session",
  responses: { 204: { description: "Signed out, everywhere where a copy of the cookie may be" }, ...problems(503) },
});

/** Adds the routes. */
export function addSessionRoutes(app: ServerApp, { authentication, trustProxy }: AccessControl): void {
  app.openapi(begin, async (c) => {
    const { cookie, session, access } = await authentication.signIn(c, c.req.valid("json").token);
    c.set("access", access);
    const seconds = Math.ceil((session.expiresAt - authentication.now()) / 1_000);
    const header = setCookie(cookie, { path: c.var.publicPath, seconds, secure: isSecure(c, trustProxy) });
    return c.json(sessionDocument(access, session.expiresAt), 200, { "set-cookie": header });
  });

  app.openapi(get, async (c) => {
    const session = await authentication.session(c);
    return c.json(sessionDocument(c.var.access, session?.expiresAt ?? null), 200);
  });

  app.openapi(end, async (c) => {
    const access = await authentication.signOut(c);
    if (access !== null) c.set("access", access);
    const header = setCookie("", { path: c.var.publicPath, seconds: 0, secure: isSecure(c, trustProxy) });
    return c.body(null, 204, { "set-cookie": header });
  });
}

function sessionDocument(access: Access, expiresAt: number | null): z.infer<typeof SessionDocument> {
  const { subject, tag } = access;
  return { subject, tag, scopes: SCOPES.filter((scope) => access.allows(scope)), expiresAt: isoOrNull(expiresAt) };
}
