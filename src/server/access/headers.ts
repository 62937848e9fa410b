/** Headers of every answer that keep browsers from doing with it what no one asked for. */
import type { Guard } from "../http/env.js";

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Puts them on an answer. What the API says is not for keeping. */
export function protect(response: Response, path: string): void {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  if (/^\/api(?:\/|$)/.test(path) && !response.headers.has("cache-control")) {
    response.headers.set("cache-control", "no-store");
  }
}

/** Puts them on every answer. */
export function securityHeaders(): Guard {
  return async (c, next) => {
    await next();
    protect(c.res, c.req.path);
  };
}
