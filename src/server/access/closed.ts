/** A server that does not know who may do what does not begin: it is mounted nowhere, and other machines do not reach it. */
import type { Longshore } from "../../client/longshore.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { isLoopback } from "./client.js";
import type { ParsedAccess } from "./options.js";

/** @throws InvalidInput unless the options of a mounted handler say who may do what */
export function requireDecided({ decided }: ParsedAccess): void {
  if (decided) return;
  const rule =
    "a mounted server has to know who may do what: give tokens, storedTokens: true, authorize, or open: true if all may do everything";
  throw new InvalidInput("tokens", undefined, rule);
}

/**
 * Who is let in where a server listens: `open` when everybody who reaches it is. To other machines it never is: `open: true` is for
 * host applications, and for proxies of this machine, that have signed their users in.
 * @throws InvalidInput for an address that other machines reach, unless there are tokens or `authorize`
 */
export async function checkListening(
  host: string,
  options: ParsedAccess,
  longshore: Longshore,
): Promise<"open" | "closed"> {
  const stored = options.storedTokens && (await longshore.tokens.any());
  const known = options.tokens.length > 0 || options.authorize !== null || stored;
  if (isLoopback(host.toLowerCase())) {
    return options.open || (!options.decided && !known) ? "open" : "closed";
  }
  if (known && !options.open) return "closed";
  const rule =
    "an address of this machine alone, 127.0.0.1, until a token says who may do what (longshore token create NAME --scopes admin); an open server is never reached by other machines";
  throw new InvalidInput("host", host, rule);
}
