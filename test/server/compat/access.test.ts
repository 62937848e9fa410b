// The routes of other systems are as closed as all others: a token, its scopes, its tag, what the host application says.
import { expect, it } from "vitest";
import { task } from "longshore";
import type { ServerOptions } from "longshore/server";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf } from "../api.js";
import { jobProgress, summaryDocument } from "./document-profiles.js";

const SECRET = "internal-service-token-1";
const INTERNAL = { "x-internal-service-token": SECRET };
const work = task("work", { queue: "work", attempts: 1 }, () => Promise.reject(new Error("it failed")));
const compat: ServerOptions["compat"] = {
  jobs: { "/progress/{id}": jobProgress },
  create: { "/start_task": { task: work, answer: ({ id }) => ({ job_id: id }) } },
  monitoring: true,
  tokenHeader: "X-Internal-Service-Token",
};

const ROUTES = [
  "GET /api/jobs/job_1",
  "GET /progress/job_1",
  "POST /start_task",
  "GET /monitoring/health",
  "GET /monitoring/queue/stats",
  "GET /monitoring/queue/workers",
  "GET /monitoring/queue/failed",
  "POST /monitoring/queue/failed",
];

onEveryEngine("the routes of other systems", (storage) => {
  it("answer 401 without the token and with a wrong one, whichever header it is in", async () => {
    const longshore = await storage.connect();
    const tokens = [{ name: "internal", token: SECRET, scopes: ["admin"] as const }];
    const api = apiOf(longshore, { open: false, profile: summaryDocument, compat, tokens });
    const { id } = await longshore.enqueue("work", null, { id: "job_1", queue: "work" });
    for (const route of ROUTES) {
      const body = route.startsWith("POST") ? { rq_job_id: id } : undefined;
      expect((await api(route, body)).status).toBe(401);
      expect((await api(route, body, { "x-internal-service-token": `${SECRET}x` })).status).toBe(401);
      expect((await api(route, body, { "x-internal-service-token": "" })).status).toBe(401);
      expect((await api(route, body, INTERNAL)).status).not.toBe(401);
    }
    expect((await api(ROUTES[0] ?? "", undefined, { authorization: `Bearer ${SECRET}` })).status).toBe(200);
  });

  it("show a token its own jobs, and payloads only when it may read them", async () => {
    const longshore = await storage.connect();
    const tokens = [{ name: "shop", token: SECRET, scopes: ["read", "enqueue"] as const, tag: "shop:1" }];
    const api = apiOf(longshore, { open: false, profile: summaryDocument, compat, tokens });
    const other = await longshore.enqueue("work", null, { queue: "work", attempts: 1 });
    const { body } = await api("POST /start_task", { videoId: "v1" }, INTERNAL);
    await longshore.worker([work], { burst: true }).finished;

    const mine = await api(`GET /api/jobs/${body.job_id}`, undefined, INTERNAL);
    expect(mine.body).toMatchObject({ state: "failed", data: {}, result: null, error: "it failed" });
    expect((await api(`GET /api/jobs/${other.id}`, undefined, INTERNAL)).status).toBe(404);
    expect((await api(`GET /progress/${other.id}`, undefined, INTERNAL)).body).toEqual({
      id: other.id,
      error: expect.stringContaining("Failed to fetch job"),
    });
    const { body: failed } = await api("GET /monitoring/queue/failed", undefined, INTERNAL);
    expect(failed.jobs).toMatchObject([{ rq_job_id: body.job_id }]);
    expect((await api("GET /monitoring/health", undefined, INTERNAL)).body).toMatchObject({ code: "TENANT_TOKEN" });
    const retry = await api("POST /monitoring/queue/failed", { rq_job_id: body.job_id }, INTERNAL);
    expect(retry.body).toMatchObject({ status: 403, code: "SCOPE_MISSING" });
  });

  it("ask the host application by task and queue, and write down what they did", async () => {
    const longshore = await storage.connect();
    const asked: unknown[] = [];
    const authorize: ServerOptions["authorize"] = (_request, action, resource) => {
      asked.push([action, resource]);
      return { subject: "ada", scopes: ["enqueue:work", "read"] };
    };
    const api = apiOf(longshore, { open: false, compat, authorize });
    const started = await api("POST /start_task", {});
    expect(started.status).toBe(202);
    expect(asked).toEqual([["compat.create.start_task", { kind: "jobs", task: "work", queue: "work" }]]);
    const { entries } = await longshore.audit.list({ log: "jobs" });
    expect(entries).toMatchObject([{ subject: "ada", action: "compat.create.start_task", ids: [started.body.job_id] }]);
  });
});
