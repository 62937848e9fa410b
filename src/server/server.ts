/**
 * The server: the HTTP API over a connection, as a handler to mount in an application of any kind, or listening by itself. It
 * answers; everything it does the client does.
 */
import { setMaxListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Longshore } from "../client/longshore.js";
import type { AnyTask } from "../define/task.js";
import { createApp } from "./app.js";
import { AccessControl } from "./access/control.js";
import { protect } from "./access/headers.js";
import type { ServerApp, ServerBindings } from "./http/env.js";
import { checkListenOptions, Listener, type Listening, type ListenOptions } from "./http/listener.js";
import { nodeHandler, type NodeHandler } from "./http/node-handler.js";
import { LiveHub } from "./live/hub.js";
import { locate } from "./http/paths.js";
import { ClientCaps } from "./http/client-caps.js";
import { PayloadWatch } from "./http/payload-watch.js";
import { problemOf, problemResponse } from "./http/problem.js";
import { InvalidInput } from "../model/errors/errors.js";
import { parseServerOptions, parseTasks, type ServerOptions } from "./options.js";

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
  readonly #access: AccessControl;
  readonly #tasks: Map<string, AnyTask>;
  readonly #listener: Listener;
  readonly #node: NodeHandler;
  readonly #hub: LiveHub;
  readonly #polls: ClientCaps;
  readonly #closing = new AbortController();

  /** @internal Servers come from `createServer`. */
  constructor(longshore: Longshore, given: ServerOptions) {
    // By shape: it may have been made with another copy of the package.
    const methods: Partial<Longshore> | null = typeof longshore === "object" ? longshore : null;
    if (typeof methods?.platformDocuments !== "function") {
      throw new InvalidInput("longshore", longshore, "a connection, made by connect()");
    }
    const options = parseServerOptions(given);
    this.#basePath = options.basePath;
    this.#tasks = new Map(options.tasks);
    const { log, ready, trustProxy, clock, compat, profile } = options;
    const tasks = this.#tasks;
    this.#access = new AccessControl({ longshore, options: options.access, tasks, trustProxy, log, clock });
    this.#hub = new LiveHub(longshore, { caps: options.sseClients });
    const payloads = new PayloadWatch(longshore.payloadCap, log);
    this.#polls = new ClientCaps(options.longPolls, { code: "TOO_MANY_POLLS", name: "requests that wait" });
    // Each request that waits listens to it, and there may be many.
    setMaxListeners(0, this.#closing.signal);
    const parts = { longshore, tasks, log, payloads, ready, polls: this.#polls, closing: this.#closing.signal };
    this.#app = createApp(parts, this.#access, { compat, profile, hub: this.#hub });
    this.#node = nodeHandler((request, bindings) => this.#answer(request, bindings));
    this.#listener = new Listener(
      nodeHandler((request, bindings) => this.#answer(request, { ...bindings, listening: true })),
    );
  }

  /**
   * Answers a `Request`: for Hono, Next.js, Bun, Deno. Needs no `this`.
   * @throws InvalidInput unless the server knows who may do what
   * @example export const { GET, POST } = { GET: server.fetch, POST: server.fetch };
   */
  get fetch(): (request: Request) => Promise<Response> {
    this.#access.requireDecided();
    return (request) => this.#answer(request, {});
  }

  /**
   * Answers a request of `node:http`, Express or Fastify. Needs no `this`. A body that was parsed before, as `express.json()` does, is
   * taken as it is.
   * @throws InvalidInput unless the server knows who may do what
   * @example app.use("/admin/jobs", server.node);
   */
  get node(): (request: IncomingMessage, response: ServerResponse) => void {
    this.#access.requireDecided();
    return this.#node;
  }

  /**
   * Listens. On an address of this machine alone it is open until there is a token, configured or stored, or `authorize`; on any other
   * it does not begin without one.
   * @param options.host default: `127.0.0.1`
   * @param options.port default: 9181; 0 takes a free one
   * @returns the address
   * @throws InvalidInput; what the system says of an address that is taken
   */
  async listen(options: ListenOptions = {}): Promise<Listening> {
    checkListenOptions(options);
    const sayWhoIsLetIn = await this.#access.listensOn(options.host ?? "127.0.0.1");
    const listening = await this.#listener.listen(options);
    sayWhoIsLetIn();
    return listening;
  }

  /**
   * Knows these tasks from now on, in place of those before: where code is loaded anew while the server goes on.
   * @throws InvalidInput
   * @example server.replaceTasks([scan, mail]);
   */
  replaceTasks(tasks: readonly AnyTask[]): void {
    const parsed = parseTasks(tasks);
    this.#tasks.clear();
    for (const [name, task] of parsed) this.#tasks.set(name, task);
  }

  /** How many connections clients hold open to where it listens. */
  get connections(): number {
    return this.#listener.connections;
  }

  /** How many event streams are open. */
  get streams(): number {
    return this.#hub.size.streams;
  }

  /** How many requests wait for a result. */
  get polls(): number {
    return this.#polls.size.open;
  }

  /** Stops listening. Requests that wait are answered as things are, event streams end; others have 5 s to end. The connection to the engine stays open. Safe to call twice. */
  close(): Promise<void> {
    this.#closing.abort();
    this.#hub.close();
    return this.#listener.close();
  }

  async #answer(request: Request, bindings: ServerBindings): Promise<Response> {
    try {
      const located = locate(request, this.#basePath, bindings);
      return await this.#app.fetch(located.request, { ...bindings, publicPath: located.publicPath });
    } catch (error) {
      const response = problemResponse(problemOf(error));
      protect(response, "/api");
      return response;
    }
  }
}
