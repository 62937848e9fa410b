/** The flags of commands that serve the HTTP API: where they listen, and who may do what. */
import { isIPv6 } from "node:net";
import type { Command } from "commander";
import { InvalidInput } from "../../model/errors/errors.js";
import type { AccessOptions } from "../../server/access/options.js";
import { UsageError } from "../terminal/exit.js";
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
const TOKEN = /^[\x21-\x7e]{16,512}$/;
const HOST_NAME = /^[\w.-]+$/;

/** The variables that give a server a token that may do everything. */
export const TOKEN_VARIABLES = ["LONGSHORE_TOKEN", "INTERNAL_SERVICE_TOKEN"] as const;

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
    .option("--open", "let every program of this machine do everything (default: who has a token)");
}

/** Where the server listens. @throws InvalidInput */
export function serverAddressOf({ port = DEFAULT_PORT, host = LOOPBACK }: ServerFlags): Address {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (!HOST_NAME.test(bare) && !isIPv6(bare)) {
    throw new InvalidInput("--host", host, "an address or a name without a port, such as 127.0.0.1, ::1 or 0.0.0.0");
  }
  return { host: bare, port: parsePort("--port", port) };
}

/** Who may do what. */
export type ServerAccess = Pick<AccessOptions, "open" | "hosts" | "tokens">;

/**
 * Who may do what, as flags and environment say it: those with a stored token or with that of a variable, unless it is open. No flag
 * takes a token: everybody on a machine sees the flags of its processes.
 * @throws UsageError
 */
export function serverAccessOf({ open, hosts }: ServerFlags, environment: NodeJS.ProcessEnv): ServerAccess {
  const tokens = TOKEN_VARIABLES.flatMap((name) => {
    const token = environment[name] ?? "";
    return token === "" ? [] : [{ name, token, scopes: ["admin"] as const }];
  });
  for (const { name, token } of tokens) {
    if (open === true) throw new UsageError(`--open lets everybody in, ${name} only who has it: give one of them`);
    if (!TOKEN.test(token)) {
      throw new UsageError(`${name} has 16 to 512 characters, none of them blank: openssl rand -base64 32 makes one`);
    }
  }
  return {
    ...(open === true ? { open } : {}),
    ...(hosts === undefined ? {} : { hosts }),
    ...(tokens.length === 0 ? {} : { tokens }),
  };
}
