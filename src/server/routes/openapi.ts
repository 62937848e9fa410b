/** The OpenAPI 3.1 document, made from the routes. */
import { createRoute, z } from "@hono/zod-openapi";
import { API_VERSION, type ServerApp } from "../http/env.js";
import { answer, facts, PROBLEM, problems } from "../http/route.js";
import { State } from "../schema/common.js";

const INFO = {
  title: "Longshore",
  version: API_VERSION,
  description:
    "Background jobs: enqueue, follow, command. Times are ISO 8601 in UTC. What is wrong is said as RFC 9457 does, with a stable `code`.",
};

const route = createRoute({
  ...facts({ action: "openapi.get", scope: "read", resource: "Document", summary: "This document", tenants: true }),
  method: "get",
  path: "/api/openapi.json",
  responses: { 200: answer(z.looseObject({ openapi: z.string() }), "The OpenAPI 3.1 document"), ...problems() },
});

/** Adds the route of the document, and its security schemes. */
export function addDocumentRoute(app: ServerApp): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "A token: `longshore token create`. The name beside it in a route is the scope that the route needs.",
  });
  // Before its first use, where more is said of it than holds elsewhere.
  app.openAPIRegistry.register("JobState", State);
  // Written once: it is large, and the same for all.
  let text: string | null = null;
  app.openapi(route, () => {
    text ??= JSON.stringify(documentOf(app));
    // The types of the route know no text that is JSON already.
    return new Response(text, { headers: { "content-type": "application/json" } }) as never;
  });
}

/** The document of an app: its paths are relative to where the server is mounted. */
export function documentOf(app: ServerApp): object {
  const { definitions } = app.openAPIRegistry;
  for (const definition of definitions) {
    if (definition.type !== "route") continue;
    const { request, responses } = definition.route;
    // A body is read before its route, and an engine may be down for any.
    const more = request?.body === undefined ? [503] : [413, 415, 503];
    for (const status of more) responses[status] ??= PROBLEM;
  }
  return app.getOpenAPI31Document({ openapi: "3.1.0", info: INFO, servers: [{ url: "." }] });
}
