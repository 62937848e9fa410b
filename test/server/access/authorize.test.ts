// What the hook of a host application hears, and what becomes of its answers: those that come late, change, or differ from job to job.
import { Hono } from "hono";
import { expect, it } from "vitest";
import { attach, task, type Longshore } from "longshore";
import type { ServerOptions } from "longshore/server";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { AccessControl } from "../../../src/server/access/control.js";
import { parseAccess } from "../../../src/server/access/options.js";
import type { Access, Resource } from "../../../src/server/http/access.js";
import type { ServerEnv } from "../../../src/server/http/env.js";
import { apiOf, type Api } from "../api.js";

type Authorize = NonNullable<ServerOptions["authorize"]>;

const ADA = { subject: "ada", scopes: ["admin"] as const };

async function withHook(
  authorize: Authorize,
  use: (api: Api, longshore: Longshore, clock: ManualClock) => Promise<void>,
  options: ServerOptions = {},
): Promise<void> {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  await use(apiOf(longshore, { open: false, clock, authorize, ...options }), longshore, clock);
  await longshore.close();
}

it.each<[string, string, unknown, string, object]>([
  [
    "the filter of a bulk job",
    "POST /api/bulk",
    { action: "cancel", filter: { queue: "mail", not: { tag: "a" } } },
    "bulk.start",
    { kind: "bulk", command: "cancel", queue: "mail", filter: { queue: "mail", not: { tag: "a" } } },
  ],
  [
    "what a preview counts",
    "POST /api/bulk",
    { action: "remove", filter: { states: "failed" }, preview: true },
    "bulk.preview",
    { kind: "bulk", command: "remove", filter: { states: "failed" } },
  ],
  [
    "the topics of a stream",
    "GET /api/events?topics=queue:mail,tag:app:8&topics=overview",
    undefined,
    "events.stream",
    { kind: "events", topics: ["queue:mail", "tag:app:8", "overview"] },
  ],
  [
    "the task and queue of a schedule's jobs",
    "PUT /api/schedules/s",
    { task: "scan", cron: "@daily" },
    "schedules.put",
    { kind: "schedules", id: "s", task: "scan", queue: "scans" },
  ],
  [
    "the queue that a schedule says",
    "PUT /api/schedules/s",
    { task: "scan", cron: "@daily", options: { queue: "other" } },
    "schedules.put",
    { kind: "schedules", id: "s", task: "scan", queue: "other" },
  ],
  [
    "the job that another system's client names",
    "POST /monitoring/queue/failed",
    { rq_job_id: "abc", queue: "scans" },
    "monitoring.retry",
    { kind: "monitoring", id: "abc", queue: "scans" },
  ],
])("the hook hears %s, before anything is done", async (_what, call, body, action, resource) => {
  const asked: [string, Resource][] = [];
  const refuse = (_request: Request, ...of: [string, Resource]): boolean => {
    asked.push(of);
    return false;
  };
  const options = { tasks: [task("scan", { queue: "scans" })], compat: { monitoring: true } };
  await withHook(
    refuse,
    async (api, longshore) => {
      expect((await api(call, body)).status).toBe(401);
      expect(asked).toEqual([[action, resource]]);
      expect(await longshore.schedules.list()).toEqual([]);
      expect((await longshore.jobs({ queue: "longshore:bulk" }).page()).jobs).toEqual([]);
    },
    options,
  );
});

const cancel = (filter: object): object => ({ action: "cancel", filter });
const put = (queue: string): object => ({ task: "t", cron: "@daily", options: { queue } });

it("a hook that knows queues alone lets a bulk job and a schedule be for that queue, and for no other", async () => {
  await withHook(
    (_request, _action, { queue }) => (queue === "mail" ? ADA : false),
    async (api) => {
      expect((await api("POST /api/bulk", cancel({ queue: "mail" }))).status).toBe(202);
      expect((await api("POST /api/bulk", cancel({ queues: ["mail", "pay"] }))).status).toBe(401);
      expect((await api("POST /api/bulk", cancel({ not: { queue: "mail" } }))).status).toBe(401);
      expect((await api("PUT /api/schedules/s", put("mail"))).status).toBe(201);
      expect((await api("PUT /api/schedules/s", put("pay"))).status).toBe(401);
    },
  );
});

it("a tenant of the host application may use no route that is for all jobs, although the hook decides late", async () => {
  await withHook(
    () => ({ ...ADA, tag: "app:7" }),
    async (api, longshore) => {
      expect(await api("PUT /api/schedules/s", put("mail"))).toMatchObject({
        status: 403,
        body: { code: "TENANT_TOKEN" },
      });
      expect(await longshore.schedules.list()).toEqual([]);
    },
  );
});

it("a preview changes nothing and is no entry of the audit log, unless it was refused to someone known", async () => {
  const preview = { action: "remove", filter: { states: "failed" }, preview: true };
  await withHook(
    () => ADA,
    async (api, longshore) => {
      expect((await api("POST /api/bulk", preview)).status).toBe(200);
      expect((await longshore.audit.list({ log: "commands" })).entries).toEqual([]);
      expect((await api("POST /api/bulk", { ...preview, preview: false })).status).toBe(202);
      expect((await longshore.audit.list({ log: "commands" })).entries).toMatchObject([{ action: "bulk.start" }]);
    },
  );
  await withHook(
    () => ({ subject: "bob", scopes: ["read"] }),
    async (api, longshore) => {
      expect((await api("POST /api/bulk", preview)).status).toBe(403);
      const { entries } = await longshore.audit.list({ log: "commands" });
      expect(entries).toMatchObject([{ subject: "bob", action: "bulk.preview", status: 403, code: "SCOPE_MISSING" }]);
    },
  );
});

/** Says of a scan that it is a tenant's, and of others in which queue they may be. */
const byTask: Authorize = (_request, _action, { task: name }) =>
  name === "scan" ? { ...ADA, tag: "app:7" } : { subject: "ada", scopes: ["enqueue:default"] };

it("what it says of one job of a request holds for that job alone", async () => {
  await withHook(byTask, async (api, longshore) => {
    const { status, body } = await api("POST /api/jobs", {
      jobs: [{ task: "scan", options: { queue: "scans" } }, { task: "mail" }],
    });
    expect(status).toBe(202);
    const [scan, mail] = (body as { jobs: { jobId: string }[] }).jobs;
    expect(await (await longshore.job(scan?.jobId ?? ""))?.refresh()).toMatchObject({ tags: ["app:7"] });
    expect(await (await longshore.job(mail?.jobId ?? ""))?.refresh()).toMatchObject({ tags: [] });
    const elsewhere = { jobs: [{ task: "mail", options: { queue: "pay" } }, { task: "scan" }] };
    expect(await api("POST /api/jobs", elsewhere)).toMatchObject({ status: 403, body: { code: "SCOPE_MISSING" } });
  });
});

const onlyAda: Authorize = (request) => (request.headers.get("x-user") === "ada" ? ADA : false);

it("whom it refuses uses up no one's jobs of a minute", async () => {
  const options: ServerOptions = { createLimit: { rate: 3, per: "1m" }, compat: { create: START } };
  await withHook(
    onlyAda,
    async (api) => {
      for (let times = 0; times < 10; times += 1) {
        expect((await api("POST /api/jobs", { task: "t" })).status).toBe(401);
        expect((await api("POST /start", {})).status).toBe(401);
      }
      const ada = { "x-user": "ada" };
      expect((await api("POST /api/jobs", { jobs: [{ task: "t" }, { task: "t" }] }, ada)).status).toBe(202);
      expect((await api("POST /start", {}, ada)).status).toBe(202);
      expect((await api("POST /api/jobs", { task: "t" }, ada)).status).toBe(429);
      expect((await api("POST /start", {}, ada)).status).toBe(429);
    },
    options,
  );
});

const START = { "/start": { task: "t", answer: ({ id }: { id: string }) => ({ id }) } };

it("one that does not answer lets no one in after ten seconds", async () => {
  let calls = 0;
  const never: Authorize = () => {
    calls += 1;
    return new Promise(() => {});
  };
  await withHook(never, async (api, _longshore, clock) => {
    const answer = api("GET /api/jobs");
    await expect.poll(() => calls).toBe(1);
    clock.advance(10_000);
    expect(await answer).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
  });
});

/** Lets all in, and changes what it was asked about. */
const vandal: Authorize = (_request, _action, resource) => {
  const given = resource as { queue?: string; id?: string; kind: string; filter?: Record<string, unknown> };
  Object.assign(given, { kind: "x", queue: "x", id: "x" });
  if (given.filter !== undefined) given.filter["states"] = "queued";
  return ADA;
};

it("what it does to what it is given changes nothing", async () => {
  await withHook(vandal, async (api, longshore) => {
    const { id } = await longshore.enqueue("scan", null, { queue: "scans" });
    expect((await api("POST /api/bulk", { action: "retry", filter: { states: "failed" } })).status).toBe(202);
    expect((await api(`POST /api/jobs/${id}/cancel?queue=scans`)).status).toBe(200);
    const { jobs } = await longshore.jobs({ queue: "longshore:bulk" }, { fields: ["input"] }).page();
    expect(jobs).toMatchObject([{ input: { filter: { states: ["failed"] } } }]);
    const { entries } = await longshore.audit.list({ log: "commands" });
    expect(entries).toMatchObject([{ action: "jobs.cancel", id, queue: "scans" }, { action: "bulk.start" }]);
  });
});

it.each<[string, unknown, unknown, boolean]>([
  ["the same as before", ADA, { scopes: ["admin"], subject: "ada" }, true],
  ["no", ADA, false, false],
  ["another tag", { ...ADA, tag: "app:7" }, { ...ADA, tag: "app:8" }, false],
  ["fewer rights", { subject: "ada", scopes: ["read", "read:payload"] }, { subject: "ada", scopes: ["read"] }, false],
  ["yes still", true, true, true],
  ["no instead of yes", true, false, false],
])("who is let in stays so for as long as it says %s", async (_what, first, then, expected) => {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  let answer = first;
  const control = new AccessControl({
    ...{ longshore, tasks: new Map(), trustProxy: false, log: () => {}, clock },
    options: parseAccess({ authorize: (() => answer) as Authorize }),
  });
  const app = new Hono<ServerEnv>();
  let access: Access | undefined;
  for (const guard of control.guards) app.use("*", guard);
  app.get("*", async (c) => {
    access = await c.var.decide?.("events.stream", { kind: "events" });
    return c.text("");
  });
  await app.request("/api/events", {}, {});
  answer = then;
  expect(await access?.holds?.()).toBe(expected);
  await longshore.close();
});
