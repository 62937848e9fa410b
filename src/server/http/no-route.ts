/** A request that no route takes: the path is unknown (404), or it is known and the method is not (405, with those that are). */
import type { NotFoundHandler } from "hono";
import type { ServerApp, ServerContext, ServerEnv } from "./env.js";
import { Problem, problemResponse } from "./problem.js";

/** Answers what no route of this app takes. `OPTIONS` of a known path is answered with its methods. */
export function noRoute(app: ServerApp): NotFoundHandler<ServerEnv> {
  return (c) => {
    const { method, path } = c.req;
    const allowed = methodsOf(app, c);
    if (allowed.length === 0)
      return problemResponse(new Problem(404, "NO_SUCH_ROUTE", `there is no ${method} ${path}`));
    const headers = { allow: allowed.join(", ") };
    if (method === "OPTIONS") return new Response(null, { status: 204, headers });
    const detail = `${path} takes ${headers.allow}, not ${method}`;
    return problemResponse(new Problem(405, "METHOD_NOT_ALLOWED", detail, { headers }));
  };
}

/** The methods that routes take at the path of this request. */
function methodsOf(app: ServerApp, c: ServerContext): string[] {
  const named = new Set(app.routes.map(({ method }) => method));
  named.delete("ALL");
  // Guards stand at every path: of a known one there is a route that is named for the method.
  const taken = [...named].filter((method) => {
    const [handlers] = app.router.match(method, c.req.path);
    return handlers.some(([[, route]]) => route.method === method);
  });
  if (taken.includes("GET")) taken.push("HEAD");
  return taken.length === 0 ? [] : [...new Set([...taken, "OPTIONS"])].toSorted();
}
