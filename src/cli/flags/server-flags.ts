/** The flags of commands that serve the HTTP API: where they listen, and who may do what. */
import type { Command } from "commander";
import { UsageError } from "../terminal/exit.js";
import { isLoopback, LOOPBACK, parsePort, type Address } from "./address.js";

/** The flags as they are written. */
export interface ServerFlags {
  port?: string;
  host?: string;
  open?: boolean;
}

const DEFAULT_PORT = "9181";

/** Adds the flags of the server to a command. */
export function addServerFlags(command: Command): Command {
  return command
    .option("--port <port>", "where the server listens; 0: any free port (default: 9181)")
    .option("--host <host>", "the address that it listens on (default: 127.0.0.1, which only this machine reaches)")
    .option("--open", "let everybody who reaches the server do everything");
}

/** Where the server listens. @throws InvalidInput; UsageError when others reach it and nothing says who may */
export function serverAddressOf({ port = DEFAULT_PORT, host = LOOPBACK, open = false }: ServerFlags): Address {
  const address = { host, port: parsePort("--port", port) };
  if (!open && !isLoopback(host)) {
    throw new UsageError(
      `other machines reach ${host}, and nothing says who may do what: with --open everybody who reaches it may do everything`,
    );
  }
  return address;
}
