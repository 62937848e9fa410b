// Who may do what: every operation of the document with every scope, without one, with a tag, and by the hook of a host application. The
// table says what docs/security.md and docs/server.md promise; a new route is in the document, and so has to be put into the table.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type Longshore } from "longshore";
import type { ServerOptions } from "longshore/server";
import { apiOf, type Answer, type Api } from "../api.js";
import { readDocument, type ApiDocument, type Operation } from "../contract/document.js";

/** What is needed: a right, any token at all (`known`), or nothing (`anyone`). */
type Need = "anyone" | "known" | "read" | "enqueue" | "operate" | "admin";

/** By operation: the action, what it needs, and whether a token for a tag may use it. */
const OPERATIONS: Readonly<Record<string, readonly [action: string, need: Need, tenants: boolean]>> = {
  "GET /api/jobs/count": ["jobs.count", "read", true],
  "GET /api/jobs/facets": ["jobs.facets", "read", true],
  "POST /api/jobs": ["jobs.enqueue", "enqueue", true],
  "GET /api/jobs": ["jobs.list", "read", true],
  "GET /api/jobs/{id}": ["jobs.get", "read", true],
  "PATCH /api/jobs/{id}": ["jobs.update", "operate", true],
  "DELETE /api/jobs/{id}": ["jobs.remove", "operate", true],
  "GET /api/jobs/{id}/result": ["jobs.result", "read", true],
  "GET /api/jobs/{id}/steps": ["jobs.steps", "read", true],
  "GET /api/jobs/{id}/logs": ["jobs.logs", "read", true],
  "GET /api/jobs/{id}/attempts": ["jobs.attempts", "read", true],
  "GET /api/jobs/{id}/dependencies": ["jobs.dependencies", "read", true],
  "GET /api/jobs/{id}/why": ["jobs.why", "read", true],
  "POST /api/jobs/{id}/cancel": ["jobs.cancel", "operate", true],
  "POST /api/jobs/{id}/promote": ["jobs.promote", "operate", true],
  "POST /api/jobs/{id}/release": ["jobs.release", "operate", true],
  "POST /api/jobs/{id}/retry": ["jobs.retry", "operate", true],
  "GET /api/jobs/{id}/events": ["jobs.events", "read", true],
  "GET /api/queues/{queue}/jobs/{id}": ["jobs.inQueue", "read", true],
  "POST /api/bulk": ["bulk.start", "operate", true],
  "GET /api/bulk": ["bulk.list", "read", true],
  "GET /api/bulk/{id}": ["bulk.get", "read", true],
  "POST /api/bulk/{id}/cancel": ["bulk.cancel", "operate", true],
  "GET /api/flows": ["flows.list", "read", true],
  "GET /api/flows/{id}": ["flows.get", "read", true],
  "GET /api/flows/{id}/graph": ["flows.graph", "read", true],
  "GET /api/queues": ["queues.list", "read", false],
  "GET /api/queues/{queue}": ["queues.get", "read", false],
  "POST /api/queues/{queue}/pause": ["queues.pause", "operate", false],
  "POST /api/queues/{queue}/resume": ["queues.resume", "operate", false],
  "DELETE /api/queues/{queue}/jobs": ["queues.drain", "operate", false],
  "POST /api/queues/{queue}/obliterate": ["queues.obliterate", "admin", false],
  "GET /api/workers": ["workers.list", "read", false],
  "GET /api/workers/{worker}": ["workers.get", "read", false],
  "POST /api/workers/{worker}/quiet": ["workers.quiet", "operate", false],
  "POST /api/workers/{worker}/resume": ["workers.resume", "operate", false],
  "POST /api/workers/{worker}/stop": ["workers.stop", "operate", false],
  "GET /api/schedules": ["schedules.list", "read", false],
  "GET /api/schedules/{name}": ["schedules.get", "read", false],
  "PUT /api/schedules/{name}": ["schedules.put", "operate", false],
  "DELETE /api/schedules/{name}": ["schedules.remove", "operate", false],
  "POST /api/schedules/{name}/run": ["schedules.run", "operate", false],
  "GET /api/schedules/{name}/times": ["schedules.times", "read", false],
  "POST /api/schedules/{name}/pause": ["schedules.pause", "operate", false],
  "POST /api/schedules/{name}/resume": ["schedules.resume", "operate", false],
  "GET /api/failures": ["failures.list", "read", false],
  "GET /api/failures/{fingerprint}": ["failures.get", "read", false],
  "POST /api/failures/{fingerprint}/retry": ["failures.retry", "operate", false],
  "POST /api/failures/{fingerprint}/discard": ["failures.discard", "operate", false],
  "POST /api/failures/{fingerprint}/acknowledge": ["failures.acknowledge", "operate", false],
  "POST /api/failures/{fingerprint}/resolve": ["failures.resolve", "operate", false],
  "POST /api/failures/{fingerprint}/reopen": ["failures.reopen", "operate", false],
  "POST /api/session": ["session.create", "anyone", true],
  "GET /api/session": ["session.get", "known", true],
  "DELETE /api/session": ["session.end", "anyone", true],
  "GET /api/events": ["events.stream", "read", true],
  "GET /api/tags/{tag}": ["tags.get", "read", true],
  "GET /api/series": ["series.get", "read", false],
  "GET /api/totals": ["totals.get", "read", false],
  "GET /api/info": ["info.get", "read", false],
  "GET /api/tasks": ["tasks.list", "read", false],
  "GET /api/insights": ["insights.list", "read", false],
  "GET /api/capacity": ["capacity.get", "read", false],
  "GET /api/audit": ["audit.list", "admin", false],
  "GET /api/openapi.json": ["openapi.get", "read", true],
  // Those of other systems.
  "GET /monitoring/health": ["monitoring.health", "read", false],
  "GET /monitoring/queue/stats": ["monitoring.stats", "read", false],
  "GET /monitoring/queue/workers": ["monitoring.workers", "read", false],
  "GET /monitoring/queue/failed": ["monitoring.failed", "read", true],
  "POST /monitoring/queue/failed": ["monitoring.retry", "operate", true],
  "POST /start": ["compat.create.start", "enqueue", true],
};

/** Which tokens hold what is needed: `enqueue:scans` only for jobs of queue scans, which all here are. */
const HOLDERS: Readonly<Record<Need, readonly string[]>> = {
  anyone: ["none", "read", "read:payload", "enqueue", "enqueue:scans", "enqueue:other", "operate", "admin"],
  known: ["read", "read:payload", "enqueue", "enqueue:scans", "enqueue:other", "operate", "admin"],
  read: ["read", "read:payload", "operate", "admin"],
  enqueue: ["enqueue", "enqueue:scans", "admin"],
  operate: ["operate", "admin"],
  admin: ["admin"],
};

const SCOPES = ["read", "read:payload", "enqueue", "enqueue:scans", "enqueue:other", "operate", "admin"] as const;
const secretOf = (scope: string): string => `a-secret-of-the-configuration-${scope.replace(":", "-")}`;
const TAGGED = "a-secret-of-the-configuration-tagged";

const COMPAT: ServerOptions = {
  compat: {
    monitoring: true,
    create: {
      "/start": { task: "scan", options: () => ({ queue: "scans" }), answer: ({ id }) => ({ id }) },
    },
  },
};

/** The body of an operation: that of its example, for jobs of queue scans. */
function bodyOf({ name, requestBody }: Operation): unknown {
  if (name === "POST /api/jobs") return { task: "scan", options: { queue: "scans" } };
  if (name === "POST /api/session") return { token: secretOf("admin") };
  return requestBody === undefined ? undefined : (requestBody.content["application/json"]?.example ?? {});
}

/** The request of an operation, about things that are not there; the tag of a path is that of the tenant. */
function callOf({ name }: Operation): string {
  const path = name.replace("{tag}", "app:7").replaceAll(/\{\w+\}/g, "x");
  return name === "GET /api/events" ? `${path}?topics=tag:app:7` : path;
}

const withToken = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** What an answer says of who asked: `allowed`, or why not. */
function verdictOf({ status, body }: Answer): string {
  return status === 401 || status === 403 ? `${status} ${body.code}` : "allowed";
}

/** What a hook hears at least of an operation: its kind, and what its path names. */
function resourceOf(name: string, action: string): object {
  const kind = name === "POST /start" ? "jobs" : action.split(".")[0];
  const named = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => {
    return parameter === "queue" ? { queue: "x" } : { id: parameter === "tag" ? "app:7" : "x" };
  });
  return Object.assign({ kind }, ...named) as object;
}

describe("who may do what", () => {
  let longshore: Longshore;
  let document: ApiDocument;
  let api: Api;

  beforeAll(async () => {
    longshore = await connect("memory:");
    document = await readDocument({ ...COMPAT, open: true });
    const tokens = SCOPES.map((scope) => ({ name: scope.replace(":", "-"), token: secretOf(scope), scopes: [scope] }));
    const tagged = { name: "tagged", token: TAGGED, scopes: ["admin" as const], tag: "app:7" };
    api = apiOf(longshore, { ...COMPAT, open: false, storedTokens: false, tokens: [...tokens, tagged] });
  });
  afterAll(async () => longshore.close());

  it("is said of every operation, and of no other", () => {
    expect(document.operations.map(({ name }) => name).toSorted()).toEqual(Object.keys(OPERATIONS).toSorted());
  });

  it.each(Object.entries(OPERATIONS))("%s is for those alone who hold the right", async (name, [, need]) => {
    const operation = document.operations.find((one) => one.name === name) as Operation;
    const verdicts: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const scope of ["none", ...SCOPES]) {
      const headers = scope === "none" ? {} : withToken(secretOf(scope));
      verdicts[scope] = verdictOf(await api(callOf(operation), bodyOf(operation), headers));
      const refusal = scope === "none" ? "401 UNAUTHORIZED" : "403 SCOPE_MISSING";
      expected[scope] = HOLDERS[need].includes(scope) ? "allowed" : refusal;
    }
    expect(verdicts).toEqual(expected);
  });

  it.each(Object.entries(OPERATIONS))("%s and a token for a tag", async (name, [, , tenants]) => {
    const operation = document.operations.find((one) => one.name === name) as Operation;
    const answer = await api(callOf(operation), bodyOf(operation), withToken(TAGGED));
    expect(verdictOf(answer)).toBe(tenants ? "allowed" : "403 TENANT_TOKEN");
  });

  it.each(Object.entries(OPERATIONS).filter(([, [, need]]) => need !== "anyone"))(
    "%s is asked about by its action, with what it names, before it is done",
    async (name, [action]) => {
      const operation = document.operations.find((one) => one.name === name) as Operation;
      const asked: unknown[] = [];
      const hooked = apiOf(longshore, {
        ...COMPAT,
        open: false,
        authorize: (_request, ...of) => {
          asked.push(of);
          return false;
        },
      });
      expect((await hooked(callOf(operation), bodyOf(operation))).status).toBe(401);
      expect(asked).toMatchObject([[name === "POST /api/bulk" ? "bulk.preview" : action, resourceOf(name, action)]]);
    },
  );
});
