/**
 * What a request says of its client: from where, by which name, over which protocol. What a proxy adds is believed only where
 * `trustProxy` says that the proxy is ours; of a list the last entry is, which our proxy has added itself.
 */
import { isIP } from "node:net";
import type { ServerContext } from "../http/env.js";

const NAME = /^(?:[a-z0-9](?:[a-z0-9_-]{0,62})\.)*[a-z0-9](?:[a-z0-9_-]{0,62})$/;
const LONGEST_NAME = 253;

/** The name of a Host header without its port, in small letters; `null` when it is none. */
export function hostOf(header: string): string | null {
  const text = header.trim().toLowerCase();
  const inBrackets = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/.exec(text);
  if (inBrackets !== null) return isIP(inBrackets[1] ?? "") === 6 ? (inBrackets[1] ?? null) : null;
  if (isIP(text) === 6) return text;
  const name = text.replace(/:\d{1,5}$/, "").replace(/\.$/, "");
  return name.length <= LONGEST_NAME && NAME.test(name) ? name : null;
}

/** Is this a name of the machine that the server runs on, which no name server can give to another? */
export function isLoopback(name: string): boolean {
  if (isIP(name) === 4) return name.startsWith("127.");
  if (isIP(name) === 6) return name === "::1" || name === "0:0:0:0:0:0:0:1" || /^::ffff:127\./.test(name);
  return name === "localhost" || name.endsWith(".localhost");
}

/** The Host header, as clients have sent it. */
export function hostHeader(c: ServerContext, trustProxy: boolean): string {
  const forwarded = trustProxy ? lastOf(c.req.header("x-forwarded-host")) : null;
  return forwarded ?? c.req.header("host") ?? new URL(c.req.url).host;
}

/** The secret of its header `Authorization: Bearer …`; `null` when it has none: another scheme is the host application's. */
export function bearerOf(c: ServerContext): string | null {
  return /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? null;
}

/** Did the client use TLS? */
export function isSecure(c: ServerContext, trustProxy: boolean): boolean {
  const forwarded = trustProxy ? lastOf(c.req.header("x-forwarded-proto")) : null;
  return (forwarded ?? new URL(c.req.url).protocol.slice(0, -1)).toLowerCase() === "https";
}

/** What proxies, tunnels and content networks add to what they pass on, beside `X-Forwarded-…`. */
const PASSED_ON: readonly string[] = [
  "forwarded",
  "via",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
  "x-envoy-external-address",
  "true-client-ip",
  "cf-connecting-ip",
  "cf-ray",
  "cdn-loop",
  "fastly-client-ip",
  "fly-client-ip",
];

/** Has a proxy passed the request on? */
export function isForwarded(c: ServerContext): boolean {
  return Object.keys(c.req.header()).some((name) => name.startsWith("x-forwarded-") || PASSED_ON.includes(name));
}

/** The address of the client, `null` when it is not known. */
export function addressOf(c: ServerContext, trustProxy: boolean): string | null {
  const forwarded = trustProxy ? lastOf(c.req.header("x-forwarded-for")) : null;
  const address = forwarded ?? c.env.remoteAddress ?? null;
  if (address === null) return null;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(plain) === 0 ? null : plain;
}

/** What of an address stands for one client: of IPv6 the network, since each has very many addresses in it. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail = ""] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  const groups = address.includes("::") ? [...front, ...zeros, ...back] : front;
  return `${groups.slice(0, 4).join(":")}::/64`;
}

function lastOf(header: string | undefined): string | null {
  const last = header?.split(",").at(-1)?.trim() ?? "";
  return last === "" ? null : last;
}
