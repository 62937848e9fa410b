/** The server as a handler of `node:http`, and so of Express and Fastify. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { ServerBindings } from "./env.js";
import { Problem, problemResponse } from "./problem.js";
import { refuseWithoutHost } from "./refused-bytes.js";

/** A handler of `node:http`. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** What Express adds to a request. */
interface ParsedRequest extends IncomingMessage {
  readonly body?: unknown;
  readonly baseUrl?: unknown;
}

const HEALTH = /\/(?:healthz|readyz)\/?(?:\?|$)/;

/** Makes the handler. */
export function nodeHandler(answer: (request: Request, bindings: ServerBindings) => Promise<Response>): NodeHandler {
  const listener = getRequestListener(
    (request, { incoming, outgoing }) => {
      const hangUp = (): void => void outgoing.destroy();
      return answer(withBody(request, incoming as ParsedRequest), { ...bindingsOf(incoming as ParsedRequest), hangUp });
    },
    {
      overrideGlobalObjects: false,
      hostname: "localhost",
      errorHandler: (error) => {
        const problem = new Problem(
          400,
          "BAD_REQUEST",
          "the request cannot be read: its address or Host header is not valid",
        );
        if (error instanceof Error && error.name === "RequestError") return problemResponse(problem);
        throw error;
      },
    },
  );
  return (request, response) => {
    // A probe is answered whatever name it calls the server by, even one that makes no address.
    if (HEALTH.test(request.url ?? "")) request.headers.host = "localhost";
    if (!refuseWithoutHost(request, response)) void listener(request, response);
  };
}

function bindingsOf({ socket, baseUrl }: ParsedRequest): ServerBindings {
  const { remoteAddress } = socket;
  return {
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    ...(typeof baseUrl === "string" ? { mountedAt: baseUrl } : {}),
  };
}

/** The request with the body that a parser of the host application has read from it already. */
function withBody(request: Request, incoming: ParsedRequest): Request {
  const { body } = incoming;
  if (body === undefined || !incoming.readableEnded || request.method === "GET" || request.method === "HEAD")
    return request;
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  headers.delete("transfer-encoding");
  headers.delete("content-encoding");
  return new Request(request.url, { method: request.method, headers, body: textOf(body), signal: request.signal });
}

function textOf(body: unknown): string {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  return JSON.stringify(body) ?? "";
}
