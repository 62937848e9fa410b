/** Where one Redis server is. */
import { InvalidInput } from "../model/errors/errors.js";

/** Where one server is. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** @throws InvalidInput */
export function checkAddress(field: string, address: unknown): void {
  const { host, port } = (typeof address === "object" && address !== null ? address : {}) as Partial<RedisAddress>;
  if (typeof host !== "string" || host === "") throw new InvalidInput(`${field}.host`, host, "a host name or address");
  if (!isPort(port)) throw new InvalidInput(`${field}.port`, port, "1 to 65535");
}

export function isPort(port: unknown): port is number {
  return typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535;
}
