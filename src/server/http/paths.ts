/**
 * The path of a request, seen from two sides: the server's own routes, which know nothing of where it is mounted, and its clients,
 * whose links and cookies need the whole path.
 */
import type { ServerBindings } from "./env.js";
import { Problem } from "./problem.js";

const PREFIX = /^(?:\/[A-Za-z0-9._~-]+){1,20}$/;

/** A request as the routes see it, and the path under which clients reach the server. */
export interface LocatedRequest {
  readonly request: Request;
  readonly publicPath: string;
}

/** Takes the base path off a request, and says where clients reach the server. */
export function locate(request: Request, basePath: string, bindings: ServerBindings): LocatedRequest {
  // Node's adapter takes hosts that no URL can have.
  if (!URL.canParse(request.url)) throw new Problem(400, "BAD_REQUEST", "the Host header is not valid");
  const url = new URL(request.url);
  const under = basePath !== "" && (url.pathname === basePath || url.pathname.startsWith(`${basePath}/`));
  const forwarded = forwardedPrefix(request.headers.get("x-forwarded-prefix"));
  const publicPath = forwarded + (bindings.mountedAt ?? basePath);
  if (!under) return { request, publicPath };
  url.pathname = url.pathname.slice(basePath.length) || "/";
  return { request: new Request(url, request), publicPath };
}

/** The prefix that a proxy has taken off. It only goes into links of the answer, so a forged one misleads its sender alone. */
function forwardedPrefix(value: string | null): string {
  const prefix = (value ?? "").replace(/\/$/, "");
  return prefix.length <= 200 && PREFIX.test(prefix) ? prefix : "";
}
