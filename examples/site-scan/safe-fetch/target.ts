// A URL that may be fetched, checked before anything touches the network. The checks look at what the URL parser made
// of the text, never at the text: `0x7f000001`, `127.1`, `①②⑦.⓪.⓪.①` and the like are all 127.0.0.1 by then.

import { isIP } from "node:net";

import { addressProblem } from "./address.js";
import { UrlRefused } from "./errors.js";
import { portOf } from "./fetch-policy.js";
import type { FetchPolicy } from "./fetch-policy.js";

const longestUrl = 2_048;

/** Names that stand for this machine or its network whatever a resolver says (RFC 6761, RFC 6762, ICANN's .internal). */
const localNames = new Set(["localhost", "metadata", "instance-data"]);
const localZones = [".localhost", ".local", ".internal"];

/**
 * `text` as a URL that may be fetched under `policy`, without its fragment.
 *
 * @throws {UrlRefused} when it cannot be parsed, is longer than 2,048 characters, is neither http nor https, carries
 * credentials, names a port that is not allowed, or a host that is local or not a public address.
 */
export function parseTarget(text: string, policy: FetchPolicy): URL {
  const refuse = (rule: string, options?: ErrorOptions): UrlRefused => new UrlRefused(text, rule, options);
  if (text.length > longestUrl) throw refuse(`at most ${longestUrl} characters`);
  const url = parse(text, refuse);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw refuse("http or https only");
  if (url.username !== "" || url.password !== "") throw refuse("no user name or password");
  // A parsed URL can be longer than its text: every character outside ASCII becomes several.
  if (url.href.length > longestUrl) throw refuse(`at most ${longestUrl} characters`);

  const port = portOf(url);
  const trusted = policy.trusts(url.hostname, port);
  if (!trusted && !policy.allowsPort(port)) throw refuse(`port ${policy.ports.join(" or ")}`);
  const problem = hostProblem(url.hostname, trusted);
  if (problem !== undefined) throw refuse(`a public host; ${problem}`);
  url.hash = "";
  return url;
}

function parse(text: string, refuse: (rule: string, options?: ErrorOptions) => UrlRefused): URL {
  try {
    return new URL(text);
  } catch (error) {
    throw refuse("a complete URL, such as https://example.org/", { cause: error });
  }
}

function hostProblem(hostname: string, trusted: boolean): string | undefined {
  const address = literalAddress(hostname);
  if (address !== undefined) return addressProblem(address, trusted);
  const name = hostname.replace(/\.+$/, "");
  if (name === "") return "the host has no name";
  if (trusted) return undefined;
  const isLocal = localNames.has(name) || localZones.some((zone) => name.endsWith(zone));
  return isLocal ? `${name} is local` : undefined;
}

/** The IP address that `hostname` is, without brackets; undefined when it is a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith("[") && hostname.endsWith("]") ? hostname.slice(1, -1) : hostname;
  // A colon is in no host name: what has one and is no address fails the check of addresses.
  return isIP(bare) !== 0 || bare.includes(":") ? bare : undefined;
}
