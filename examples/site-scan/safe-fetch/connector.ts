// Opens the connections of a safe fetch. This is where the guard holds: whatever the URL said, a socket is handed out
// only when the address it goes to was checked, and is still the one at the other end. Names are looked up once, here,
// so that a name that answers differently the second time (DNS rebinding) gains nothing.

import { lookup as lookupAddresses } from "node:dns/promises";
import type { Socket } from "node:net";
import { callbackify } from "node:util";

import { buildConnector } from "undici";

import { addressProblem } from "./address.js";
import { CrawlFailed, UrlRefused } from "./errors.js";
import { portOf } from "./fetch-policy.js";
import type { FetchPolicy } from "./fetch-policy.js";
import { literalAddress } from "./target.js";

/** All addresses of a host name, in the order in which to try them. Rejects when there are none. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/** Opens a connection to `options.hostname`, which is an IP address. */
export type Dial = (options: buildConnector.Options) => Promise<Socket>;

/** A connector for undici's `Agent` that refuses every address `policy` does not allow. */
export function guardedConnector(
  policy: FetchPolicy,
  lookup: Lookup = systemLookup,
  dial: Dial = dialDirectly(),
): buildConnector.connector {
  const connect = async (options: buildConnector.Options): Promise<Socket> => {
    const { hostname } = options;
    const trusted = policy.trusts(urlHostname(hostname), portOf(options));
    const literal = literalAddress(hostname);
    const addresses = literal === undefined ? await resolve(hostname, lookup) : [literal];
    for (const address of addresses) refuseBadAddress(options, address, trusted);

    // The certificate is checked against the name, though the connection goes to an address.
    const servername = options.servername ?? (literal === undefined ? hostname : undefined);
    let failure: unknown;
    for (const address of addresses) {
      try {
        const socket = await dial({ ...options, hostname: address, ...(servername && { servername }) });
        return withCheckedPeer(socket, options, trusted);
      } catch (error) {
        if (error instanceof UrlRefused) throw error;
        failure = error;
      }
    }
    throw failure;
  };
  const connectWithCallback = callbackify(connect);
  return (options, callback) => {
    connectWithCallback(options, (error, socket) => (error === null ? callback(null, socket) : callback(error, null)));
  };
}

async function resolve(hostname: string, lookup: Lookup): Promise<readonly string[]> {
  let addresses: readonly string[];
  try {
    addresses = await lookup(hostname);
  } catch (error) {
    throw new CrawlFailed("lookup", hostname, "the host name cannot be resolved", { cause: error });
  }
  if (addresses.length === 0) throw new CrawlFailed("lookup", hostname, "the host name has no address");
  return addresses;
}

function refuseBadAddress(options: buildConnector.Options, address: string, trusted: boolean): void {
  const problem = addressProblem(address, trusted);
  if (problem !== undefined) throw new UrlRefused(originOf(options), `a public host; ${problem}`);
}

/** The last check: a socket that ended elsewhere (a proxy, a redirecting firewall) is closed before a byte is sent. */
function withCheckedPeer(socket: Socket, options: buildConnector.Options, trusted: boolean): Socket {
  const problem = addressProblem(socket.remoteAddress ?? "", trusted);
  if (problem === undefined) return socket;
  socket.destroy();
  throw new UrlRefused(originOf(options), `a public host; the connection leads elsewhere: ${problem}`);
}

function originOf({ protocol, hostname, port }: buildConnector.Options): string {
  return `${protocol}//${urlHostname(hostname)}${port === "" ? "" : `:${port}`}`;
}

/** The host as a parsed URL spells it: IPv6 addresses in brackets, which undici takes off. */
function urlHostname(hostname: string): string {
  return hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
}

async function systemLookup(hostname: string): Promise<string[]> {
  const found = await lookupAddresses(hostname, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}

/** How long one address may take to answer, in milliseconds. */
const connectTimeout = 5_000;

function dialDirectly(): Dial {
  const connector = buildConnector({ timeout: connectTimeout });
  return (options) =>
    new Promise((fulfil, reject) => {
      connector(options, (error, socket) => (error === null ? fulfil(socket) : reject(error)));
    });
}
