// The OpenAPI document is a promise: each operation, sent as its example says, answers as its schema says, on every engine; and what
// is wrong with a request is answered with a documented problem. New routes are held to it by being in the document.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type Longshore } from "longshore";
import { SCOPES, type ServerOptions } from "longshore/server";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { apiOf, type Answer, type Api } from "./api.js";
import { readDocument, type Operation, type Parameter } from "./contract/document.js";
import { LAST, PARAMETERS, prepare, renew, scan, type Prepared } from "./contract/prepared.js";

const TOKEN = "a-token-of-16-characters-or-more";
const options: ServerOptions = {
  ...{ open: true, tasks: [scan], compat: { monitoring: true } },
  tokens: [{ token: TOKEN, name: "example", scopes: ["admin"] }],
};
const document = await readDocument(options);
const operations = document.operations.map((operation) => [operation.name, operation] as const);
const named = Object.entries(document.schemas);

/** Operations whose example cannot be a good one, and how it is refused. */
const REFUSED: Readonly<Record<string, number>> = {
  // No token is known that a document could show.
  "POST /api/session": 401,
};

describe("an operation of the document", () => {
  it.each(operations)("says what it is: %s", (_name, { operationId = "", summary = "", tags, security, ...rest }) => {
    expect(operationId).toMatch(/^[a-z]+(?:\.[A-Za-z]+)+$/);
    expect(summary).toMatch(/^[A-Z].*[^.]$/);
    expect(tags).toHaveLength(1);
    const scope = rest["x-scope"] ?? null;
    expect([...SCOPES, null]).toContain(scope);
    // Without a scope any token will do, or none is asked for.
    expect(scope === null ? [[], [{ token: [] }]] : [[{ token: [scope] }]]).toContainEqual(security);
    expect(Object.keys(rest.responses)).toEqual(expect.arrayContaining(["400", "401", "403", "429", "503"]));
  });

  it.each(operations)("has examples of what it needs: %s", (_name, operation) => {
    const { requestBody } = operation;
    expect(requestBody === undefined || requestBody.content["application/json"]?.example !== undefined).toBe(true);
    const needed = (operation.parameters ?? []).filter((parameter) => parameter.in !== "path" && parameter.required);
    expect(needed.filter((parameter) => exampleOf(parameter) === undefined)).toEqual([]);
  });

  it("has an id that no other has", () => {
    const ids = document.operations.map(({ operationId }) => operationId);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });
});

it.each(named)("a schema with a name is never null: that is said where it may be: %s", (_name, schema) => {
  expect(JSON.stringify(schema.type ?? "object")).not.toContain("null");
});

const reads = document.operations.filter(({ method }) => method === "GET");
const commands = document.operations
  .filter(({ method }) => method !== "GET")
  .toSorted((a, b) => LAST.indexOf(a.name) - LAST.indexOf(b.name));

onEveryEngine("the answer is what the document says", (storage) => {
  it("to the examples of all that reads", async () => {
    const longshore = await storage.connect();
    const prepared = await prepare(longshore);
    const call = apiOf(longshore, options);
    // So that the audit log has something to show.
    await call(`POST /api/jobs/${prepared.queued}/cancel`);
    for (const operation of reads) {
      const plain = await sent(call, operation, prepared, false);
      const full = await sent(call, operation, prepared, true);
      expect.soft(breaches(operation, plain)).toEqual([]);
      expect.soft(breaches(operation, full)).toEqual([]);
      const isList = operation.operationId?.endsWith(".list") === true;
      expect.soft([operation.name, ...(isList ? emptyLists(plain.body) : [])]).toEqual([operation.name]);
    }
  });

  it("to the examples of all commands", async () => {
    const longshore = await storage.connect();
    const prepared = await prepare(longshore);
    const call = apiOf(longshore, options);
    for (const operation of commands) {
      const renewed = { ...prepared, ...(await renew(longshore)) };
      const answer = await sent(call, operation, renewed, false);
      expect.soft(breaches(operation, answer)).toEqual([]);
    }
  });
});

it("an answer that says more, less or something else than the document is found out", () => {
  const [steps] = document.operations.filter(({ path }) => path === "/api/jobs/{id}/steps");
  if (steps === undefined) throw new Error("there are no steps");
  const right = { steps: [], milestones: [{ name: "a", value: 1, at: "2026-12-01T09:30:00.000Z" }] };
  const complaints = (body: object): unknown => document.complaints(steps, 200, "application/json", body);
  expect(complaints(right)).toEqual([]);
  expect(complaints({ ...right, more: 1 })).toHaveLength(1);
  expect(complaints({ steps: [] })).toHaveLength(1);
  expect(complaints({ ...right, milestones: [{ name: "a", value: 1, at: 7 }] })).toEqual([
    expect.stringMatching(/^milestones\.0\.at: /),
  ]);
  expect(document.complaints(steps, 418, "application/json", right)).toEqual(["418 is not documented"]);
  expect(document.complaints(steps, 200, "text/html", "")).toEqual(["200 is not documented as text/html"]);
});

describe("what is wrong with a request is said as the document says", () => {
  let longshore: Longshore;
  let prepared: Prepared;
  let call: Api;

  beforeAll(async () => {
    longshore = await connect("memory:");
    prepared = await prepare(longshore);
    call = apiOf(longshore, options);
  });

  afterAll(() => longshore.close());

  it.each(operations)("to %s", async (_name, operation) => {
    const good = requestOf(operation, prepared, false);
    const wrong: [what: string, call: string, body: unknown, headers?: Record<string, string>][] = [];
    const names = [...operation.path.matchAll(/\{(\w+)\}/g)];
    if (names.length > 0) {
      wrong.push([
        "an unknown one",
        `${operation.method} ${operation.path.replaceAll(/\{\w+\}/g, "nobody")}`,
        good.body,
      ]);
      wrong.push(["none", `${operation.method} ${operation.path.replaceAll(/\{\w+\}/g, "%20")}`, good.body]);
    }
    wrong.push(["a misspelt parameter", `${good.call}${good.call.includes("?") ? "&" : "?"}nonsense=1`, good.body]);
    if (operation.requestBody !== undefined) {
      wrong.push(["a misspelt field", good.call, { nonsense: 1 }]);
      wrong.push(["a body of another kind", good.call, "x=1", { "content-type": "text/plain" }]);
      wrong.push(["half a body", good.call, '{"a":']);
      wrong.push(["a large body", good.call, { large: "x".repeat(1_048_576) }]);
    }
    for (const [what, line, body, headers] of wrong) {
      const answer = await call(line, body, headers);
      expect.soft([what, ...complaintsOf(operation, answer)]).toEqual([what]);
      expect.soft(answer.status, `${what}: ${JSON.stringify(answer.body)}`).toBeLessThan(500);
    }
  });
});

/** In what the answer to an example is no good one, or not what the document says. */
function breaches(operation: Operation, answer: Answer): readonly unknown[] {
  const { name } = operation;
  const { status, body } = answer;
  const isGood = (status >= 200 && status < 300) || status === REFUSED[name];
  const bad = isGood ? [] : [{ name, status, body: body as unknown }];
  return [...bad, ...complaintsOf(operation, answer).map((complaint) => `${name}: ${complaint}`)];
}

/** Sends the example of an operation; with all examples of its query, or only what it needs. */
async function sent(call: Api, operation: Operation, prepared: Prepared, full: boolean): Promise<Answer> {
  const { call: line, body } = requestOf(operation, prepared, full);
  return call(line, body);
}

function requestOf(operation: Operation, prepared: Prepared, full: boolean): { call: string; body: unknown } {
  const { method, path, operationId = "", parameters = [], requestBody } = operation;
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const what = PARAMETERS[`${operationId} ${name}`] ?? PARAMETERS[name];
    if (what === undefined) throw new Error(`say in contract/prepared.ts what {${name}} of ${operationId} stands for`);
    return encodeURIComponent(prepared[what]);
  });
  const query = new URLSearchParams();
  for (const parameter of parameters) {
    const example = exampleOf(parameter);
    if (parameter.in === "query" && example !== undefined && (full || parameter.required === true)) {
      query.set(parameter.name, typeof example === "string" ? example : JSON.stringify(example));
    }
  }
  const search = query.size === 0 ? "" : `?${query.toString()}`;
  const example = requestBody?.content["application/json"]?.example;
  // An example shows no token that is one.
  const body = operationId === "session.create" ? { token: TOKEN } : example;
  return { call: `${method} ${place}${search}`, body };
}

function exampleOf({ example, schema }: Parameter): unknown {
  return example ?? schema.example;
}

function complaintsOf(operation: Operation, { status, headers, body }: Answer): readonly string[] {
  const type = (headers.get("content-type") ?? "").split(";")[0] ?? "";
  return document.complaints(operation, status, type, body);
}

/** A list that has nothing on it proves nothing. */
function emptyLists(body: unknown): string[] {
  return Object.entries(Object(body))
    .filter(([, value]) => Array.isArray(value) && value.length === 0)
    .map(([name]) => name);
}
