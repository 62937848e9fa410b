// A real server on loopback that counts what reaches it: connections, not only requests, so that a test can say that
// nothing was even tried. It listens on every loopback address that this machine has.

import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface CountingServer {
  port: number;
  /** `127.0.0.1:port`. */
  origin: string;
  /** `http://127.0.0.1:port`. */
  url: string;
  connections: () => number;
  /** Connections open at the same time, at most so far. */
  mostConnections: () => number;
  close: () => Promise<void>;
}

/** Starts a server with `answer`, or one that answers every request with a small page. */
export async function startCountingServer(answer: RequestListener = page("<h1>Inside</h1>")): Promise<CountingServer> {
  let connections = 0;
  let open = 0;
  let most = 0;
  const server = createServer(answer);
  server.on("connection", (socket) => {
    connections += 1;
    open += 1;
    most = Math.max(most, open);
    socket.once("close", () => (open -= 1));
  });
  const port = await listen(server);
  return {
    port,
    origin: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    mostConnections: () => most,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** On all addresses, IPv4 and IPv6, where the machine has both. */
async function listen(server: Server): Promise<number> {
  const attempt = (host: string): Promise<number> =>
    new Promise((listening, failed) => {
      server.once("error", failed);
      server.listen(0, host, () => {
        server.off("error", failed);
        listening((server.address() as AddressInfo).port);
      });
    });
  try {
    return await attempt("::");
  } catch {
    return await attempt("0.0.0.0");
  }
}

/** Answers with `html`. */
export function page(html: string): RequestListener {
  return (_request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8").end(html);
  };
}
