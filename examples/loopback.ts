// Servers of the examples: on loopback only, and at the same port each time where that is possible.

import { createHash } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that listens on loopback. */
export interface Listening {
  port: number;
  /** Closes it with all its connections. */
  close: () => Promise<void>;
}

/** Lets `server` listen on 127.0.0.1, at `port` when it is free, else at any. */
export async function listenOnLoopback(server: Server, port = 0): Promise<Listening> {
  const listen = (wanted: number): Promise<void> =>
    new Promise((fulfil, reject) => {
      server.once("error", reject).listen(wanted, "127.0.0.1", () => {
        server.off("error", reject);
        fulfil();
      });
    });
  await listen(port).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return listen(0);
    throw error;
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/**
 * Where `name` is served from `folder`, unless something else is there: always the same, so that a run that was
 * interrupted finds it again, and another for each folder. From 20,000 to 29,999, where systems give out none.
 */
export function usualPort(name: string, folder: string): number {
  return 20_000 + (createHash("sha256").update(`${name}:${folder}`).digest().readUInt32BE() % 10_000);
}
