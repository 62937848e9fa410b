// The API as tests call it, each answer held to the OpenAPI document: its status, its type, and all that it says.
import { expect } from "vitest";
import type { Longshore } from "longshore";
import { addRoutes, bareApp } from "../../../src/server/app.js";
import type { Access } from "../../../src/server/http/access.js";
import { boundBody } from "../../../src/server/http/body.js";
import { ClientCaps } from "../../../src/server/http/client-caps.js";
import { PayloadWatch } from "../../../src/server/http/payload-watch.js";
import { LiveHub } from "../../../src/server/live/hub.js";
import { parseServerOptions } from "../../../src/server/options.js";
import type { ServerOptions } from "longshore/server";
import { apiOf, sendTo, type Answer, type Api } from "../api.js";
import { ApiDocument, type Operation } from "../contract/document.js";

/** The API of an open server, which everybody may ask for everything. */
export function checkedApiOf(longshore: Longshore, options: ServerOptions = {}): Api {
  return checked(apiOf(longshore, options));
}

/** The API as one token sees it. */
export function apiFor(access: Access, longshore: Longshore, options: ServerOptions = {}): Api {
  const { tasks, profile, compat, sseClients, longPolls } = parseServerOptions(options);
  const parts = {
    longshore,
    tasks,
    log: () => {},
    payloads: new PayloadWatch(longshore.payloadCap, () => {}),
    polls: new ClientCaps(longPolls, { code: "TOO_MANY_POLLS", name: "requests that wait" }),
    ready: async () => true,
    closing: new AbortController().signal,
  };
  const app = bareApp(parts);
  app.use("*", boundBody());
  app.use("*", async (c, next) => {
    c.set("publicPath", "");
    c.set("access", access);
    await next();
  });
  addRoutes(app, parts, { profile, compat, hub: new LiveHub(longshore, { caps: sseClients }) });
  return checked(sendTo((request) => Promise.resolve(app.fetch(request))));
}

/** What is known of a token: its scopes, and the tag that it is narrowed to. */
export function tokenOf(
  tag: string | null,
  scopes: readonly string[] = ["read", "read:payload", "enqueue", "operate", "admin"],
): Access {
  return { subject: `token-${tag ?? "all"}`, tag, allows: (scope) => scopes.includes(scope) };
}

/** What the server says of itself. */
export async function documentOf(call: Api): Promise<ApiDocument> {
  return new ApiDocument((await call("GET /api/openapi.json")).body);
}

function checked(call: Api): Api {
  let document: ApiDocument | null = null;
  return async (asked, body, headers) => {
    const answer = await call(asked, body, headers);
    document ??= await documentOf(call);
    checkAnswer(document, asked, answer);
    return answer;
  };
}

function checkAnswer(document: ApiDocument, asked: string, { status, headers, body }: Answer): void {
  const operation = operationOf(document, asked.replace(/\?.*$/, ""));
  const type = (headers.get("content-type") ?? "").split(";")[0] ?? "";
  const complaints = operation === null ? ["no such route"] : document.complaints(operation, status, type, body);
  expect({ asked, status, body, complaints }).toEqual({ asked, status, body, complaints: [] });
}

/** The operation of a request: one without parameters in its path before one with some. */
function operationOf({ operations }: ApiDocument, asked: string): Operation | null {
  const parts = asked.split("/");
  const [first = null] = operations
    .filter(({ name }) => {
      const names = name.split("/");
      return names.length === parts.length && names.every((part, at) => part.startsWith("{") || part === parts[at]);
    })
    .toSorted((a, b) => a.name.split("{").length - b.name.split("{").length);
  return first;
}
