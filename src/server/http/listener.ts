/** The server that listens by itself: an address, time limits for slow clients, and an orderly end. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { InvalidInput } from "../../model/errors/errors.js";
import type { NodeHandler } from "./node-handler.js";
import { answerRefusedBytes } from "./refused-bytes.js";

/** Where to listen. */
export interface ListenOptions {
  /** Default: `127.0.0.1`. */
  host?: string;
  /** Default: 9181; 0 takes a free one. */
  port?: number;
}

/** Where a server listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Its address for people and browsers. */
  readonly url: string;
}

/** Milliseconds: for the headers of a request, for all of it, and between two on one connection; how often the first two are looked at. */
const TIMES = {
  ...{ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 },
  connectionsCheckingInterval: 5_000,
};
const LARGEST_HEADERS = 16_384;
/** A request without a Host is answered by us: Node would say no more than a status. */
const BY_US = { requireHostHeader: false };
/** How long (milliseconds) answers may go on after the server closes. */
const GRACE = 5_000;

export class Listener {
  readonly #handler: NodeHandler;
  /** Its connections, and how many requests are under way on each. */
  readonly #connections = new Map<Socket, number>();
  #server: Server | null = null;
  #closing: Promise<void> | null = null;

  constructor(handler: NodeHandler) {
    this.#handler = handler;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  async listen({ host = "127.0.0.1", port = 9181 }: ListenOptions): Promise<Listening> {
    if (typeof host !== "string" || host === "") throw new InvalidInput("host", host, "an address or a name");
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new InvalidInput("port", port, "a whole number from 0 to 65535");
    }
    if (this.#server !== null) throw new InvalidInput("listen", port, "the server listens already, or was closed");
    const server = createServer({ ...TIMES, ...BY_US, maxHeaderSize: LARGEST_HEADERS }, (request, response) => {
      this.#count(request.socket, 1);
      response.once("close", () => this.#count(request.socket, -1));
      this.#handler(request, response);
    });
    answerRefusedBytes(server);
    server.on("connection", (socket) => {
      this.#connections.set(socket, 0);
      socket.once("close", () => this.#connections.delete(socket));
    });
    this.#server = server;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, resolve);
      });
    } catch (error) {
      this.#server = null;
      throw error;
    }
    const { port: taken } = server.address() as AddressInfo;
    return { host, port: taken, url: `http://${urlHost(host)}:${taken}` };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server === null || !server.listening) return;
    const late = setTimeout(() => server.closeAllConnections(), GRACE);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      // Node's own idle connections are not those on which no request came yet, which browsers open in advance.
      for (const [socket, requests] of this.#connections) if (requests === 0) socket.destroy();
    });
    clearTimeout(late);
  }

  #count(socket: Socket, change: 1 | -1): void {
    const requests = this.#connections.get(socket);
    if (requests === undefined) return;
    this.#connections.set(socket, requests + change);
    if (this.#closing !== null && requests + change === 0) socket.end();
  }
}

const OPTIONS: readonly string[] = ["host", "port"] satisfies (keyof ListenOptions)[];

/** Checks the names of options; a misspelt `host` would listen elsewhere. @throws InvalidInput */
export function checkListenOptions(options: unknown): void {
  const rule = `an object of ${OPTIONS.join(", ")}`;
  if (typeof options !== "object" || options === null) throw new InvalidInput("options", options, rule);
  const other = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (other !== undefined) throw new InvalidInput(other, Reflect.get(options, other), `no such option; ${rule}`);
}

/** The host of an address that leads to where the server listens. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
