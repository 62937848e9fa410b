/**
 * The server: the HTTP API over a connection, as a handler to mount in an application of any kind, or listening by itself. It
 * answers; everything it does the client does.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Longshore } from "../client/longshore.js";
import { InvalidInput } from "../model/errors/errors.js";
import { createApp } from "./app.js";
import type { ServerApp, ServerBindings } from "./http/env.js";
import { Listener, type Listening, type ListenOptions } from "./http/listener.js";
import { nodeHandler, type NodeHandler } from "./http/node-handler.js";
import { LiveHub } from "./live/hub.js";
import { locate } from "./http/paths.js";
import { problemOf, problemResponse } from "./http/problem.js";
import { parseServerOptions, type ServerOptions } from "./options.js";

/**
 * Makes a server over a connection. Nothing listens yet; the connection stays yours to close.
 * @throws InvalidInput
 * @example
 * const server = createServer(longshore, { tasks: [scan] });
 * const { url } = await server.listen({ port: 9181 });
 */
export function createServer(longshore: Longshore, options: ServerOptions = {}): LongshoreServer {
  return new LongshoreServer(longshore, options);
}

/** The HTTP API over a connection. */
export class LongshoreServer {
  readonly #app: ServerApp;
  readonly #basePath: string;
  readonly #open: boolean;
  readonly #listener: Listener;
  readonly #node: NodeHandler;
  readonly #hub: LiveHub;
  readonly #closing = new AbortController();

  /** @internal Servers come from `createServer`. */
  constructor(longshore: Longshore, given: ServerOptions) {
    const options = parseServerOptions(given);
    this.#open = options.open;
    this.#basePath = options.basePath;
    const { tasks, log } = options;
    this.#hub = new LiveHub(longshore, { caps: options.sseClients });
    this.#app = createApp(
      { longshore, tasks, log, closing: this.#closing.signal },
      { compat: options.compat, profile: options.profile, hub: this.#hub },
    );
    this.#node = nodeHandler((request, bindings) => this.#answer(request, bindings));
    this.#listener = new Listener(this.#node);
  }

  /**
   * Answers a `Request`: for Hono, Next.js, Bun, Deno. Needs no `this`.
   * @throws InvalidInput unless the server knows who may do what
   * @example export const { GET, POST } = { GET: server.fetch, POST: server.fetch };
   */
  get fetch(): (request: Request) => Promise<Response> {
    this.#checkMounted();
    return (request) => this.#answer(request, {});
  }

  /**
   * Answers a request of `node:http`, Express or Fastify. Needs no `this`. A body that was parsed before, as `express.json()` does, is
   * taken as it is.
   * @throws InvalidInput unless the server knows who may do what
   * @example app.use("/admin/jobs", server.node);
   */
  get node(): (request: IncomingMessage, response: ServerResponse) => void {
    this.#checkMounted();
    return this.#node;
  }

  /**
   * Listens.
   * @param options.host default: `127.0.0.1`
   * @param options.port default: 9181; 0 takes a free one
   * @returns the address
   * @throws InvalidInput; what the system says of an address that is taken
   */
  async listen(options: ListenOptions = {}): Promise<Listening> {
    return this.#listener.listen(options);
  }

  /** How many connections clients hold open to where it listens. */
  get connections(): number {
    return this.#listener.connections;
  }

  /** How many event streams are open. */
  get streams(): number {
    return this.#hub.size.streams;
  }

  /** Stops listening. Requests that wait are answered as things are, event streams end; others have 5 s to end. The connection to the engine stays open. Safe to call twice. */
  close(): Promise<void> {
    this.#closing.abort();
    this.#hub.close();
    return this.#listener.close();
  }

  #checkMounted(): void {
    if (this.#open) return;
    const rule = "who reaches it may do everything: say so with open: true";
    throw new InvalidInput("open", undefined, rule);
  }

  async #answer(request: Request, bindings: ServerBindings): Promise<Response> {
    try {
      const located = locate(request, this.#basePath, bindings);
      return await this.#app.fetch(located.request, { ...bindings, publicPath: located.publicPath });
    } catch (error) {
      return problemResponse(problemOf(error));
    }
  }
}
