/** The cookie of a browser that has signed in: for our path only, out of reach of scripts, and never sent by other sites. */
import type { ServerContext } from "../http/env.js";

const NAME = "longshore_session";
/** How many of that name are looked at: a server above this path may have set another. */
const MOST = 4;
const LONGEST = 1_000;

/** The values of the cookies with our name, the one for the longest path first. */
export function sessionCookies(c: ServerContext): string[] {
  const header = c.req.header("cookie") ?? "";
  return header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${NAME}=`) && pair.length <= LONGEST)
    .slice(0, MOST)
    .map((pair) => pair.slice(NAME.length + 1));
}

/** Did a browser send one? */
export function hasSessionCookie(c: ServerContext): boolean {
  return sessionCookies(c).length > 0;
}

/** The header that sets the cookie; with an empty value and no time it removes it. */
export function setCookie(
  value: string,
  { path, seconds, secure }: { readonly path: string; readonly seconds: number; readonly secure: boolean },
): string {
  const parts = [`${NAME}=${value}`, `Path=${path === "" ? "/" : path}`, `Max-Age=${seconds}`];
  return [...parts, "HttpOnly", "SameSite=Strict", ...(secure ? ["Secure"] : [])].join("; ");
}
