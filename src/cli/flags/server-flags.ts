/** The flags of commands that serve the HTTP API: where they listen, and who may do what. */
import type { Command } from "commander";
import { listed } from "./arguments.js";
import { LOOPBACK, parsePort, type Address } from "./address.js";

/** The flags as they are written. */
export interface ServerFlags {
  port?: string;
  host?: string;
  open?: boolean;
  hosts?: string[];
}

const DEFAULT_PORT = "9181";

/** Adds the flags of the server to a command. */
export function addServerFlags(command: Command): Command {
  return command
    .option("--port <port>", "where the server listens; 0: any free port (default: 9181)")
    .option("--host <host>", "the address that it listens on (default: 127.0.0.1, which only this machine reaches)")
    .option(
      "--hosts <names>",
      "the names that clients call the server by, such as jobs.example.org, with commas",
      listed,
    )
    .option("--open", "let everybody who reaches the server do everything (default: who has a token)");
}

/** Where the server listens. @throws InvalidInput */
export function serverAddressOf({ port = DEFAULT_PORT, host = LOOPBACK }: ServerFlags): Address {
  return { host, port: parsePort("--port", port) };
}

/** Who may do what, as flags say it: stored tokens, unless it is open. */
export function serverAccessOf({ open, hosts }: ServerFlags): { open?: boolean; hosts?: readonly string[] } {
  return { ...(open === true ? { open } : {}), ...(hosts === undefined ? {} : { hosts }) };
}
