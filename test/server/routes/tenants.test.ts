// A token that is narrowed to a tag: it sees and touches the jobs of that tag, and nothing of others.
import { describe, expect, it } from "vitest";
import { flow, task, type FlowBuilder, type Longshore } from "longshore";
import type { Api } from "../api.js";
import { apiFor, checkedApiOf, documentOf, tokenOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const part = task("part", { queue: "io" });
const pair = flow("pair", { queue: "flows" }, ($: FlowBuilder<number>) => $(part, { n: $.input }));

/** A job and a flow of the tenant, whose member has the flow's tags, too; and the same of another. */
async function populate(longshore: Longshore): Promise<Record<"own" | "other" | "ownFlow" | "otherFlow", string>> {
  const own = await longshore.enqueue("scan", 1, { tags: ["app:7"], queue: "scans" });
  const other = await longshore.enqueue("scan", 2, { tags: ["app:8"], queue: "scans" });
  const ownFlow = await longshore.enqueue(pair, 1, { tags: ["app:7"] });
  const otherFlow = await longshore.enqueue(pair, 2, { tags: ["app:8"] });
  return { own: own.id, other: other.id, ownFlow: ownFlow.id, otherFlow: otherFlow.id };
}

describe("a token for the jobs of a tag", () => {
  const connection = memoryForEach();
  const tenant = (): Api => apiFor(tokenOf("app:7"), connection());

  it("lists, counts and finds its own jobs and flows, whatever the conditions", async () => {
    const call = tenant();
    const { own, ownFlow } = await populate(connection());

    expect((await call("GET /api/jobs?task=scan")).body.jobs).toMatchObject([{ jobId: own }]);
    expect((await call("GET /api/jobs?tag=app:8")).body.jobs).toEqual([]);
    expect((await call("GET /api/jobs/count?task=scan")).body.count).toBe(1);
    expect((await call("GET /api/jobs/facets?task=scan")).body).toMatchObject({ count: 1 });
    expect((await call("GET /api/jobs/facets?tag=app:8")).body).toMatchObject({ count: 0, tasks: [] });
    expect((await call("GET /api/flows")).body.flows).toMatchObject([{ jobId: ownFlow }]);
    expect((await call("GET /api/tags/app:7")).body).toMatchObject({ total: 3 });
    expect((await call("GET /api/tags/app:8")).body).toMatchObject({ status: 403, code: "TENANT_TOKEN" });
  });

  it("finds no job and no flow of another", async () => {
    const call = tenant();
    const { own, other, ownFlow, otherFlow } = await populate(connection());

    expect((await call(`GET /api/queues/scans/jobs/${own}`)).status).toBe(200);
    expect((await call(`GET /api/flows/${ownFlow}/graph`)).status).toBe(200);
    for (const asked of [
      `GET /api/jobs/${other}`,
      `GET /api/queues/scans/jobs/${other}`,
      `GET /api/flows/${otherFlow}`,
      `GET /api/flows/${otherFlow}/graph`,
      `POST /api/jobs/${other}/retry`,
      `POST /api/jobs/${otherFlow}/cancel`,
    ])
      expect((await call(asked)).body).toMatchObject({ status: 404, code: "JOB_NOT_FOUND" });
    expect(await (await connection().job(otherFlow))?.refresh()).toMatchObject({ state: "blocked" });
  });

  it("does things to many of its own jobs only, and still not to all by mistake", async () => {
    const longshore = connection();
    const call = tenant();
    const { own, other } = await populate(longshore);

    expect((await call("POST /api/bulk", { action: "cancel", filter: {} })).body).toMatchObject({ field: "filter" });
    const all = { action: "cancel", filter: { task: "scan" } };
    expect((await call("POST /api/bulk", { ...all, preview: true })).body).toMatchObject({ matched: 1 });
    const { body } = await call("POST /api/bulk", all);
    longshore.worker([task("idle", () => null)]);
    await expect.poll(async () => (await call(`GET ${body.links.self}`)).body.state).toBe("completed");
    expect((await call(`GET ${body.links.self}`)).body).toMatchObject({ by: "token-app:7", result: { applied: 1 } });
    expect(await (await longshore.job(own))?.refresh()).toMatchObject({ state: "cancelled" });
    expect(await (await longshore.job(other))?.refresh()).toMatchObject({ state: "queued" });
  });

  it("sees the bulk jobs that it started, and none of others", async () => {
    const longshore = connection();
    const call = tenant();
    const everyone = await checkedApiOf(longshore)("POST /api/bulk", { action: "cancel", filter: { task: "scan" } });
    const other = apiFor(tokenOf("app:8"), longshore);
    const theirs = await other("POST /api/bulk", { action: "cancel", filter: { task: "scan" } });
    const own = await call("POST /api/bulk", { action: "cancel", filter: { task: "scan" } });

    expect((await call("GET /api/bulk")).body.bulk).toMatchObject([{ jobId: own.body.jobId }]);
    for (const { body } of [everyone, theirs]) {
      expect((await call(`GET ${body.links.self}`)).status).toBe(404);
      expect((await call(`POST ${body.links.cancel}`)).status).toBe(404);
    }
    expect((await checkedApiOf(longshore)("GET /api/bulk")).body.bulk).toHaveLength(3);
  });

  it("may not use what is about all jobs", async () => {
    const call = tenant();
    const { operations } = await documentOf(call);
    const shared = operations.map(({ name }) => name);
    const ownOnly = /\/api\/(jobs|flows|bulk|tags|events|session|openapi\.json|queues\/\{queue\}\/jobs\/)/;
    const refused = shared.filter((asked) => !ownOnly.test(asked) && asked !== "GET /api/queues/{queue}/jobs/{id}");
    expect(refused.length).toBeGreaterThan(25);
    for (const asked of refused) {
      const body = asked.startsWith("P") ? {} : undefined;
      expect((await call(asked.replaceAll(/\{\w+\}/g, "x"), body)).body).toMatchObject({
        status: 403,
        code: "TENANT_TOKEN",
      });
    }
  });

  it("sees payloads only with the scope for that", async () => {
    const longshore = connection();
    const call = apiFor(tokenOf("app:7", ["read"]), longshore);
    const { own, ownFlow } = await populate(longshore);

    expect((await call(`GET /api/jobs/${own}`)).body).toMatchObject({ input: null, payloadsHidden: true });
    expect((await call(`GET /api/flows/${ownFlow}`)).body).toMatchObject({ input: null, payloadsHidden: true });
    expect((await call(`POST /api/jobs/${own}/cancel`)).body).toMatchObject({ status: 403, code: "SCOPE_MISSING" });
  });
});

const create = (options: object): [string, object] => ["POST /api/jobs", { task: "scan", options }];

describe("what a token for the jobs of a tag creates", () => {
  const connection = memoryForEach();
  const tenant = (): Api => apiFor(tokenOf("app:7"), connection());

  it.each(["join", "reject", "replace"])("takes no place of another tenant's job by a key (%s)", async (onConflict) => {
    const longshore = connection();
    const options = { tags: ["app:8"], supersedes: "site", unique: { key: "site" } } as const;
    const theirs = await longshore.enqueue("scan", { of: 8 }, options);
    const { body } = await tenant()(...create({ unique: { key: "site", onConflict }, priority: 7 }));
    expect(body).toMatchObject({ outcome: "created" });
    expect((await tenant()(...create({ supersedes: "site" }))).status).toBe(202);
    expect(await theirs.refresh()).toMatchObject({ state: "queued", priority: 0, input: { of: 8 } });
  });

  it("meets its own jobs under a key as anyone does", async () => {
    const call = tenant();
    const first = (await call(...create({ unique: { key: "site" } }))).body;
    expect((await call(...create({ unique: { key: "site" } }))).body).toMatchObject({
      jobId: first.jobId,
      outcome: "joined",
    });
    const kept = (await call(...create({ supersedes: "last" }))).body;
    expect((await call(...create({ supersedes: "last" }))).status).toBe(202);
    expect(await (await connection().job(kept.jobId))?.refresh()).toMatchObject({ state: "superseded" });
  });

  it("keeps a tag with a space apart from a key with one", async () => {
    const one = await apiFor(tokenOf("a b"), connection())(...create({ unique: { key: "c" } }));
    const two = await apiFor(tokenOf("a"), connection())(...create({ unique: { key: "b c" } }));
    expect(two.body).toMatchObject({ outcome: "created" });
    expect(two.body.jobId).not.toBe(one.body.jobId);
  });

  it("carries no tag of another tenant, now or later", async () => {
    const call = tenant();
    expect((await call(...create({ tags: ["user:42", "app:8"] }))).body).toMatchObject({
      ...{ status: 400, code: "INVALID_INPUT", field: "options.tags[1]" },
    });
    const batch = { jobs: [{ task: "scan" }, { task: "scan", options: { tags: ["app:8"] } }] };
    expect((await call("POST /api/jobs", batch)).body).toMatchObject({ field: "jobs[1].options.tags[0]" });
    const { jobId } = (await call(...create({ tags: ["user:42"], delay: "1h" }))).body;
    expect((await call(`PATCH /api/jobs/${jobId}`, { tags: ["app:8"] })).body).toMatchObject({ field: "tags[0]" });
    expect(await (await connection().job(jobId))?.refresh()).toMatchObject({ tags: ["user:42", "app:7"] });
    expect(await connection().jobs({ tag: "app:8" }).count()).toMatchObject({ count: 0 });
  });

  it("waits for its own jobs alone, those of the same request among them", async () => {
    const call = tenant();
    const { own, other } = await populate(connection());
    expect((await call(...create({ after: [{ queue: "scans", jobId: own }] }))).status).toBe(202);
    for (const id of [other, "nobody"]) {
      expect((await call(...create({ after: [{ queue: "scans", jobId: id }] }))).body).toMatchObject({
        ...{ status: 400, field: "options.after[0]", rule: "a job of tag app:7" },
      });
    }
    const after = [{ job: { queue: "scans", jobId: "first" } }];
    const jobs = [
      { task: "scan", options: { queue: "scans", id: "first" } },
      { task: "scan", options: { after } },
    ];
    expect((await call("POST /api/jobs", { jobs })).status).toBe(202);
  });

  it("is of a task of the application's: a fan-out of the package's own would make jobs without its tag", async () => {
    const longshore = connection();
    const all = {
      task: "scan",
      queue: "payments",
      items: [1],
      template: null,
      takes: [],
      options: { tags: ["app:8"] },
    };
    const each = { task: "longshore.each", input: all };
    expect((await tenant()("POST /api/jobs", each)).body).toMatchObject({ status: 400, field: "task" });
    const batch = await tenant()("POST /api/jobs", { jobs: [each] });
    expect(batch.body).toMatchObject({ status: 400, field: "jobs[0].task" });
    const schedule = await checkedApiOf(longshore)("PUT /api/schedules/s", { ...each, cron: "@daily" });
    expect(schedule.body).toMatchObject({ status: 400, field: "task" });

    const fan = flow("fan", { queue: "flows" }, ($: FlowBuilder<number>) => {
      return $.each(part, $(task("list", () => [1])), (item) => ({ item }));
    });
    await longshore.enqueue(fan, 1, { tags: ["app:7"] });
    const [member] = (await longshore.jobs({ task: "longshore.each" }).page()).jobs;
    const path = `/api/jobs/${member?.id}`;
    expect((await tenant()(`PATCH ${path}`, { input: all })).body).toMatchObject({ status: 400, field: "input" });
    expect((await tenant()(`POST ${path}/retry`, { input: all })).body).toMatchObject({ status: 400, field: "input" });
    expect(await longshore.jobs({ queue: "payments" }).count()).toMatchObject({ count: 0 });
  });

  it("has an id that no other tenant's job has", async () => {
    const longshore = connection();
    await longshore.enqueue("scan", 1, { id: "night", tags: ["app:8"] });
    expect((await tenant()(...create({ id: "night" }))).body).toMatchObject({
      ...{ status: 409, code: "ID_TAKEN", field: "options.id" },
    });
    expect((await tenant()(...create({ id: "day" }))).body).toMatchObject({ jobId: "day", outcome: "created" });
    expect((await tenant()(...create({ id: "day" }))).body).toMatchObject({ jobId: "day", outcome: "existing" });
  });

  it("is not another's that got the id at the same moment", async () => {
    const longshore = connection();
    const START = {
      "/start": { task: "scan", options: () => ({ id: "noon" }), answer: ({ id }: { id: string }) => ({ id }) },
    };
    const of = (tag: string): Api => apiFor(tokenOf(tag), longshore, { compat: { create: START } });
    const calls: [string, object][] = [create({ id: "dawn" }), ["POST /start", {}]];
    for (const call of calls) {
      const answers = await Promise.all([of("app:7")(...call), of("app:8")(...call)]);
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
      expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: "ID_TAKEN" });
    }
  });

  it("is queued again without a word of the other tenant's job that has its key", async () => {
    const longshore = connection();
    const unique = { key: "site" };
    const own = await longshore.enqueue("scan", 1, { queue: "scans", tags: ["app:7"], unique });
    await own.cancel();
    const other = await longshore.enqueue("scan", 2, { queue: "scans", tags: ["app:8"], unique });
    const retried = await tenant()(`POST /api/jobs/${own.id}/retry`, {});
    expect(retried.body).toMatchObject({ status: 409, code: "UNIQUE_CONFLICT", field: "unique.key" });
    expect(JSON.stringify(retried.body)).not.toContain(other.id);
    const operator = await apiFor(tokenOf(null), longshore)(`POST /api/jobs/${own.id}/retry`, {});
    expect(operator.body).toMatchObject({ status: 409, code: "UNIQUE_CONFLICT", owner: other.id });
  });

  it("hides no other tenant's job by an id that another queue has", async () => {
    const longshore = connection();
    await longshore.enqueue("scan", 1, { id: "night", queue: "scans", tags: ["app:8"] });
    expect((await tenant()(...create({ id: "night", queue: "reports" }))).status).toBe(202);
    const theirs = await apiFor(tokenOf("app:8"), longshore)("GET /api/jobs/night");
    expect(theirs.body).toMatchObject({ jobId: "night", queue: "scans" });
  });
});

describe("a token without the scope to read payloads", () => {
  const connection = memoryForEach();

  it("sees schedules without their inputs", async () => {
    const longshore = connection();
    await longshore.schedules.put({
      name: "s",
      task: "t",
      input: { said: 1 },
      every: "5m",
      options: { meta: { a: 1 } },
    });

    const hidden = (await apiFor(tokenOf(null, ["read"]), longshore)("GET /api/schedules/s")).body;
    expect(hidden).toMatchObject({ input: null, options: { meta: null } });
    expect((await apiFor(tokenOf(null), longshore)("GET /api/schedules/s")).body).toMatchObject({
      input: { said: 1 },
      options: { meta: { a: 1 } },
    });
  });
});
