// What a caller allows beyond the public web on its usual ports: origins it trusts by exact host and port, such as the
// example's own site on loopback, and further ports.

import { InvalidInput } from "longshore";

export interface FetchPolicyOptions {
  /**
   * Origins as `host:port` that may be on loopback or a private network, on any port: `"127.0.0.1:8080"`,
   * `"[::1]:8080"`. Link-local addresses and metadata services stay refused. Default none.
   */
  trustedOrigins?: readonly string[];
  /** Ports that URLs may name. Default 80 and 443. */
  ports?: readonly number[];
}

export class FetchPolicy {
  readonly #trustedOrigins: ReadonlySet<string>;
  readonly #ports: ReadonlySet<number>;

  /** @throws {InvalidInput} when an origin is not `host:port` as a URL would write it, or a port is not a port. */
  constructor({ trustedOrigins = [], ports = [80, 443] }: FetchPolicyOptions = {}) {
    for (const [index, origin] of trustedOrigins.entries()) {
      if (isOrigin(origin)) continue;
      throw new InvalidInput(`trustedOrigins[${index}]`, origin, 'a host and a port, such as "127.0.0.1:8080"');
    }
    for (const [index, port] of ports.entries()) {
      if (Number.isInteger(port) && port >= 1 && port <= 65_535) continue;
      throw new InvalidInput(`ports[${index}]`, port, "a whole number from 1 to 65535");
    }
    this.#trustedOrigins = new Set(trustedOrigins);
    this.#ports = new Set(ports);
  }

  /** Whether the caller vouches for this host and port, in the spelling of a parsed URL. */
  trusts(hostname: string, port: number): boolean {
    return this.#trustedOrigins.has(`${hostname}:${port}`);
  }

  allowsPort(port: number): boolean {
    return this.#ports.has(port);
  }

  get ports(): number[] {
    return [...this.#ports];
  }
}

/** The port a URL means, also when it leaves it out. */
export function portOf({ protocol, port }: { protocol: string; port: string }): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

function isOrigin(text: string): boolean {
  const match = /^(?<host>.+):(?<port>\d+)$/.exec(text);
  const { host = "", port = "" } = match?.groups ?? {};
  if (!URL.canParse(`http://${text}/`)) return false;
  const url = new URL(`http://${text}/`);
  return url.hostname === host && portOf(url) === Number(port);
}
