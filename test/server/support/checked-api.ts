// The API as tests call it, each answer held to the OpenAPI document: its status, its type, and all that it says.
import { expect } from "vitest";
import type { Longshore } from "longshore";
import { addRoutes, bareApp } from "../../../src/server/app.js";
import type { Access } from "../../../src/server/http/access.js";
import { boundBody } from "../../../src/server/http/body.js";
import { PayloadWatch } from "../../../src/server/http/payload-watch.js";
import { LiveHub } from "../../../src/server/live/hub.js";
import { parseServerOptions } from "../../../src/server/options.js";
import type { ServerOptions } from "longshore/server";
import { apiOf, sendTo, type Answer, type Api } from "../api.js";
import { mistakesOf, type Schema } from "./json-schema.js";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>>;
}

/** The OpenAPI document, as far as tests look at it. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** The API of an open server, which everybody may ask for everything. */
export function checkedApiOf(longshore: Longshore, options: ServerOptions = {}): Api {
  return checked(apiOf(longshore, options));
}

/** The API as one token sees it. */
export function apiFor(access: Access, longshore: Longshore, options: ServerOptions = {}): Api {
  const { tasks, profile, compat, sseClients } = parseServerOptions(options);
  const parts = {
    longshore,
    tasks,
    log: () => {},
    payloads: new PayloadWatch(longshore.payloadCap, () => {}),
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

function checked(call: Api): Api {
  let document: ApiDocument | null = null;
  return async (asked, body, headers) => {
    const answer = await call(asked, body, headers);
    document ??= (await call("GET /api/openapi.json")).body as ApiDocument;
    checkAnswer(document, asked, answer);
    return answer;
  };
}

function checkAnswer(document: ApiDocument, asked: string, { status, headers, body }: Answer): void {
  const [method = "", path = ""] = asked.replace(/\?.*$/, "").split(" ");
  const operation = operationOf(document, method, path);
  expect(operation, `${asked} is in the document`).not.toBeNull();
  const described = operation?.responses[status];
  expect(described, `${asked} answers ${status} ${JSON.stringify(body)}, which is in the document`).toBeDefined();
  const [content] = Object.entries(described?.content ?? {});
  if (content === undefined) {
    expect({ asked, body }).toEqual({ asked, body: "" });
    return;
  }
  const [type, { schema }] = content;
  expect({ asked, type: headers.get("content-type") }).toEqual({ asked, type: expect.stringContaining(type) });
  const mistakes = mistakesOf(document, schema, body);
  // A problem may say more than all problems do, by its code.
  const wrong = status < 400 ? mistakes : mistakes.filter((mistake) => !mistake.endsWith("is not in the document"));
  expect({ asked, body, wrong }).toEqual({ asked, body, wrong: [] });
}

/** The operation of a path: one without parameters before one with some. */
function operationOf({ paths }: ApiDocument, method: string, path: string): Operation | null {
  const parts = path.split("/");
  const fitting = Object.keys(paths).filter((pattern) => {
    const names = pattern.split("/");
    return names.length === parts.length && names.every((name, at) => name.startsWith("{") || name === parts[at]);
  });
  const [first] = fitting
    .toSorted((a, b) => a.split("{").length - b.split("{").length)
    .flatMap((pattern) => paths[pattern]?.[method.toLowerCase()] ?? []);
  return first ?? null;
}
