/**
 * The health of a process that runs jobs, for the health checks of container platforms and load balancers: `/healthz`, the process
 * answers; `/readyz`, it takes jobs. Nothing else is served, whatever the Host header says, and no more is said than yes or no. It
 * is `node:http` alone: a worker stays as small as it is without it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../model/value/clock.js";
import { refusal, urlOf, type Address } from "../flags/address.js";
import type { Log } from "../terminal/log.js";
import { sharedReadiness, type Readiness } from "./readiness.js";

/** Milliseconds: for the headers of a request, for all of it, and between two on one connection. */
const TIMES = { headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 5_000 };
const LARGEST_HEADERS = 8_192;
/** Health checks need a handful. */
const MOST_CONNECTIONS = 100;

const OK = '{"status":"ok"}';
const READY = '{"status":"ready"}';
const NOT_READY = '{"status":"not ready"}';
const NOT_FOUND = '{"status":"not found"}';

/** Serves the health of this process at an address, if there is one, while `use` lasts. Logs where. @throws AddressRefused */
export async function withHealth(
  address: Address | null,
  ready: Readiness,
  log: Log,
  use: () => Promise<void>,
): Promise<void> {
  const server = address === null ? null : await HealthServer.listen(address, ready);
  if (server !== null) log.write("info", "Health served", { url: server.url });
  try {
    await use();
  } finally {
    await server?.close();
  }
}

/** The server of the two routes. */
export class HealthServer {
  /** Where it listens. */
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** Listens. @throws AddressRefused */
  static async listen(address: Address, ready: Readiness): Promise<HealthServer> {
    const checked = sharedReadiness(ready, systemClock);
    const server = createServer({ ...TIMES, maxHeaderSize: LARGEST_HEADERS }, (request, response) => {
      void answer(request, response, checked);
    });
    server.maxConnections = MOST_CONNECTIONS;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(address.port, address.host, resolve);
      });
    } catch (error) {
      throw refusal(error, address, { host: "--health", port: "--health" });
    }
    const { port } = server.address() as AddressInfo;
    return new HealthServer(server, urlOf({ ...address, port }));
  }

  /** Stops listening. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, ready: Readiness): Promise<void> {
  const [path] = (request.url ?? "").split("?");
  const [status, text] = await answerTo(request.method ?? "", path ?? "", ready);
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(request.method === "HEAD" ? undefined : text);
}

async function answerTo(method: string, path: string, ready: Readiness): Promise<[number, string]> {
  if (method !== "GET" && method !== "HEAD") return [404, NOT_FOUND];
  if (path === "/healthz") return [200, OK];
  if (path !== "/readyz") return [404, NOT_FOUND];
  return (await ready()) ? [200, READY] : [503, NOT_READY];
}
