/**
 * The list of names by which the server may be called. A page of another site can make its own name point to this machine (DNS
 * rebinding) and then read the answers of a server that trusts who reaches it; but its requests carry that name.
 */
import { isIP } from "node:net";
import { hostname } from "node:os";
import { Problem } from "../http/problem.js";
import type { Guard, ServerContext } from "../http/env.js";
import { hostHeader, hostOf, isLoopback } from "./client.js";

/** What the list depends on. */
export interface HostRules {
  /** The names of the option; `null`: any. */
  readonly hosts: readonly string[] | null;
  readonly open: boolean;
  readonly trustProxy: boolean;
  /** Where the server listens, if it does. */
  readonly boundTo: () => string | null;
}

/** Refuses requests that call the server by another name. */
export function hostGuard(rules: HostRules): Guard {
  return async (c, next) => {
    if (rules.hosts !== null) {
      const name = hostOf(hostHeader(c, rules.trustProxy));
      if (name === null || !isAllowed(c, name, rules, rules.hosts)) throw refused(name);
    }
    await next();
  };
}

function isAllowed(c: ServerContext, name: string, rules: HostRules, hosts: readonly string[]): boolean {
  if (isLoopback(name) || hosts.includes(name)) return true;
  const bound = c.env.listening === true ? rules.boundTo() : null;
  if (bound !== null) {
    if (name === bound.toLowerCase()) return true;
    // No name server can give an address away, and other machines are let in by tokens alone.
    return !isLoopback(bound) && (isIP(name) !== 0 || name === hostname().toLowerCase());
  }
  if (hosts.length > 0) return false;
  // Mounted: the application's own sign-in, a token or its cookie belongs to a name that a rebound page does not have. Where all
  // are let in there is none of these.
  return !rules.open || isIP(name) !== 0;
}

function refused(name: string | null): Problem {
  const detail =
    name === null
      ? "the Host header is no name"
      : `the server is not called ${name}; list it in the option hosts if it is`;
  return new Problem(403, "HOST_NOT_ALLOWED", detail, { members: { field: "host" } });
}
