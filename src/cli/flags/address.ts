/** Where a command listens: the address as it is written, and in words why the system refuses it. */
import { isIPv6 } from "node:net";
import { InvalidInput, LongshoreError } from "../../model/errors/errors.js";

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What the flags for host and port are called, for the errors. */
export interface AddressFlags {
  readonly host: string;
  readonly port: string;
}

/** Only programs of this machine reach it. */
export const LOOPBACK = "127.0.0.1";

/** The system does not let the command listen there. */
export class AddressRefused extends LongshoreError {
  constructor(message: string, options: ErrorOptions) {
    super("ADDRESS_REFUSED", message, options);
  }
}

/** Checks a port given on the command line; 0 is any free one. @throws InvalidInput */
export function parsePort(flag: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidInput(flag, text, "a port: 0 to 65535; 0 takes a free one");
  return port;
}

/** Checks an address of the form `[host:]port`; an IPv6 address stands in brackets. @throws InvalidInput */
export function parseAddress(flag: string, text: string): Address {
  const [, brackets, name, port] = /^(?:\[([^\]]*)\]:|([^:[\]]+):)?(\d+)$/.exec(text) ?? [];
  const host = brackets ?? name ?? LOOPBACK;
  if (port === undefined || (brackets !== undefined && !isIPv6(brackets))) {
    throw new InvalidInput(flag, text, "[host:]port, such as 9182, 0.0.0.0:9182 or [::]:9182");
  }
  return { host, port: parsePort(flag, port) };
}

/** The address as part of a URL. */
export function urlOf({ host, port }: Address): string {
  const reached = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
}

/** What to say of the error with which the system refused to listen there. */
export function refusal(error: unknown, { host, port }: Address, flags: AddressFlags): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  const why = typeof code === "string" ? REASONS[code] : undefined;
  return why === undefined ? error : new AddressRefused(why({ host, port }, flags), { cause: error });
}

type Reason = (address: Address, flags: AddressFlags) => string;

const noAddress: Reason = ({ host }, flags) =>
  `${host} is no address of this machine: give ${flags.host} one that it has, such as 127.0.0.1, or 0.0.0.0 for all`;

const REASONS: Readonly<Record<string, Reason>> = {
  EADDRINUSE: ({ host, port }, flags) =>
    `port ${port} of ${host} is taken by another program, perhaps by another longshore: stop that one, or give ` +
    `${flags.port} another number (0: any free port)`,
  EACCES: ({ host, port }, flags) =>
    `port ${port} of ${host} needs rights that this user does not have: give ${flags.port} a number from 1024`,
  EADDRNOTAVAIL: noAddress,
  ENOTFOUND: noAddress,
  EAI_AGAIN: noAddress,
};
