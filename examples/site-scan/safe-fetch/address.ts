// Which IP addresses may be connected to. An address is good when it is public unicast and on none of the lists below;
// everything that cannot be read, or that a list does not know, is refused.

import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

import ipaddr from "ipaddr.js";

/** Metadata and control services of cloud providers; some have addresses that look public or merely private. */
const metadataServices = new Set([
  "169.254.169.254", // AWS, Azure, Google and others
  "169.254.170.2", // AWS container credentials
  "168.63.129.16", // Azure's virtual public address
  "100.100.100.200", // Alibaba
  "192.0.0.192", // Oracle
  "fd00:ec2::254", // AWS
  "fd20:ce::254", // Google
]);

/** Ranges that a trusted origin may lie in besides public ones. Link-local, multicast and the rest stay refused. */
const trustedRanges = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);

/** All public unicast IPv6 addresses there are (RFC 4291 §2.4, IANA's registry). */
const globalUnicast = ipaddr.parseCIDR("2000::/3") as [ipaddr.IPv6, number];

/**
 * Why `address` must not be connected to; undefined when it may. With `trusted` the address belongs to an origin that
 * the caller allowed by name, and may be loopback or private, though never link-local or a metadata service. `own`
 * gives the addresses of this machine.
 */
export function addressProblem(
  address: string,
  trusted: boolean,
  own: () => ReadonlySet<string> = ownAddresses,
): string | undefined {
  if (address.includes("%")) return "an address with a zone is local to this machine";
  if (isIP(address) === 0 || !ipaddr.isValid(address)) return "the address cannot be read";
  // Mapped IPv6 addresses (::ffff:127.0.0.1) are judged as the IPv4 addresses they are.
  const parsed = ipaddr.process(address);
  const normal = parsed.toString();
  if (metadataServices.has(normal)) return `${normal} is a metadata service`;
  const range = parsed.range();
  if (trusted && trustedRanges.has(range)) return undefined;
  if (range !== "unicast") return `${normal} is not a public address (${range})`;
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(globalUnicast)) return `${normal} is not a public address`;
  if (!trusted && own().has(normal)) return `${normal} is an address of this machine`;
  return undefined;
}

/** The addresses of this machine's interfaces, read each time because interfaces come and go. */
function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(
    all
      .map(({ address }) => address)
      .filter((address) => ipaddr.isValid(address))
      .map(normalised),
  );
}

function normalised(address: string): string {
  return ipaddr.process(address).toString();
}
