/** The API of a server as tests call it: without a socket, answers read as JSON. */
import type { Longshore } from "longshore";
import { createServer, type ServerOptions } from "longshore/server";

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests say by their expectations what they take it for.
  readonly body: ReturnType<typeof JSON.parse>;
}

/** Calls the API: the method and the path in one text, then what is sent. */
export type Api = (call: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

/** The API of an open server over a connection. */
export function apiOf(longshore: Longshore, options: ServerOptions = {}): Api {
  return sendTo(createServer(longshore, { open: true, log: () => {}, ...options }).fetch);
}

/** The API behind a handler. */
export function sendTo(fetch: (request: Request) => Promise<Response>): Api {
  return (call, body, headers = {}) => send(fetch, call, body, headers);
}

async function send(
  fetch: (request: Request) => Promise<Response>,
  call: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const [method = "GET", path = "/"] = call.split(" ");
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const request = new Request(`http://localhost${path}`, { method, headers: { ...json, ...headers }, ...sent });
  const response = await fetch(request);
  const type = response.headers.get("content-type") ?? "";
  const text = type.includes("event-stream") ? await beginning(response) : await response.text();
  const isJson = type.includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** The first bytes of a stream without end. */
async function beginning({ body }: Response): Promise<string> {
  const reader = (body ?? new ReadableStream<Uint8Array>()).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}
