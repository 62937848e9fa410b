/**
 * Requests that pages of other sites make browsers send. They may change nothing: browsers say where a request comes from
 * (Sec-Fetch-Site, Origin), which pages cannot forge, and a body that a form can send is not JSON. Pages of the origins
 * that `cors` lists may call the server, with a token; a cookie never crosses sites (SameSite=Strict).
 */
import type { Guard, ServerContext } from "../http/env.js";
import { Problem } from "../http/problem.js";
import { bearerOf, hostHeader } from "./client.js";
import { hasSessionCookie } from "./cookie.js";

const SAFE: readonly string[] = ["GET", "HEAD", "OPTIONS"];
/** The types that a form, or a script without asking first, can send. */
const FORM_TYPES = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(?:;|$)/i;

/** Does a request of this method change something? */
export function isMutation(method: string): boolean {
  return !SAFE.includes(method);
}

/** Refuses changes that another site asks for. */
export function originGuard(cors: readonly string[], trustProxy: boolean): Guard {
  return async (c, next) => {
    if (isMutation(c.req.method)) {
      if (!isOwn(c, cors, trustProxy)) {
        throw new Problem(403, "CROSS_SITE", "a page of another site asks for this; only those that cors lists may");
      }
      if (FORM_TYPES.test(c.req.header("content-type") ?? "")) {
        throw new Problem(415, "UNSUPPORTED_MEDIA_TYPE", "send JSON, with content-type: application/json", {
          members: { field: "content-type", rule: "application/json" },
        });
      }
    }
    await next();
  };
}

function isOwn(c: ServerContext, cors: readonly string[], trustProxy: boolean): boolean {
  const site = c.req.header("sec-fetch-site");
  const origin = c.req.header("origin");
  const byCookie = bearerOf(c) === null && hasSessionCookie(c);
  if (origin !== undefined && cors.includes(origin)) return !byCookie;
  if (site !== undefined) return site === "same-origin" || (site === "none" && !byCookie);
  if (origin !== undefined) return isSameHost(origin, hostHeader(c, trustProxy));
  return !byCookie;
}

/** The scheme is left out: a proxy that ends TLS need not say so. */
function isSameHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  return URL.canParse(`${from.protocol}//${host}`) && new URL(`${from.protocol}//${host}`).host === from.host;
}

const ALLOWED: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
  "access-control-allow-headers": "authorization, content-type, idempotency-key, last-event-id",
  "access-control-max-age": "600",
};
const EXPOSED = "location, longshore-api-version, retry-after";

/** Tells browsers which other origins may call. Never with cookies. */
export function corsGuard(cors: readonly string[]): Guard {
  return async (c, next) => {
    const origin = c.req.header("origin");
    const listed = origin !== undefined && cors.includes(origin);
    if (listed && c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined) {
      return new Response(null, {
        ...{ status: 204, headers: { ...ALLOWED, "access-control-allow-origin": origin, vary: "Origin" } },
      });
    }
    await next();
    if (cors.length > 0) c.res.headers.append("vary", "Origin");
    if (!listed) return undefined;
    c.res.headers.set("access-control-allow-origin", origin);
    c.res.headers.set("access-control-expose-headers", EXPOSED);
    return undefined;
  };
}
