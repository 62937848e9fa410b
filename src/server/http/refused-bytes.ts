/**
 * What Node refuses before it is a request: bytes that are no HTTP, headers that are too large, a client that takes too long. It
 * would answer with a bare status, or not at all; here it is a problem as any other.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { bodyOf, Problem } from "./problem.js";

/** Has a server answer what it refuses. */
export function answerRefusedBytes(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const problem = problemOfClient(error.code);
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else end(socket, problem);
  });
  // A proxy is asked for this; we are none.
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    end(socket, new Problem(405, "METHOD_NOT_ALLOWED", "this server is no proxy", { headers: { allow: "GET" } }));
  });
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    const problem = new Problem(417, "EXPECTATION_FAILED", "the only expectation that is met is 100-continue");
    answer(response, problem);
  });
}

/** Answers a request of HTTP/1.1 that has no Host. @returns whether it was one */
export function refuseWithoutHost({ headers, httpVersion }: IncomingMessage, response: ServerResponse): boolean {
  if (headers.host !== undefined || httpVersion !== "1.1") return false;
  answer(response, new Problem(400, "BAD_REQUEST", "the request has no Host header"));
  return true;
}

function answer(response: ServerResponse, problem: Problem): void {
  response.writeHead(problem.status, { "content-type": TYPE, connection: "close" });
  response.end(JSON.stringify(bodyOf(problem)));
}

const TYPE = "application/problem+json; charset=utf-8";

function problemOfClient(code: string | undefined): Problem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new Problem(431, "HEADERS_TOO_LARGE", "the headers and the address have too many bytes");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Problem(408, "REQUEST_TIMEOUT", "the request did not come whole in time");
    default:
      return new Problem(400, "BAD_REQUEST", "this is no request of HTTP/1.1");
  }
}

function end(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(bodyOf(problem));
  const headers = {
    "content-type": TYPE,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
    ...problem.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${problem.status} ${titleOf(problem)}`, ...lines, "", body].join("\r\n"));
}

function titleOf(problem: Problem): string {
  return bodyOf(problem).title;
}
