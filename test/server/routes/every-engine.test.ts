// All resources on every engine, with a real worker: what each of them says of the same work.
import { expect, it } from "vitest";
import { flow, task, type FlowBuilder } from "longshore";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { checkedApiOf } from "../support/checked-api.js";

const scan = task("scan", { queue: "scans", attempts: 1, label: "Scan a site" }, async ({ input, step, log }) => {
  const { url } = input as { url: string };
  log(`scans ${url}`);
  const pages = await step("crawl", () => Promise.resolve(3));
  if (url === "bad") throw new Error("no such site");
  return { pages };
});
const report = task("report", { queue: "scans" }, ({ input }) => input);
const both = flow("both", { queue: "scans" }, ($: FlowBuilder<string>) => {
  const one = $(scan, { url: $.input });
  return $(report, { one });
});
const TASKS = [scan, report];

function scanOf(url: string): object {
  return { task: "scan", input: { url }, options: { tags: ["user:42"] } };
}

onEveryEngine("the API", (storage) => {
  it("tells of queues, workers, series, totals, tags and facets while a worker works", async () => {
    const longshore = await storage.connect();
    const call = checkedApiOf(longshore, { tasks: TASKS });
    await call("POST /api/queues/scans/pause");
    await call("POST /api/jobs", { jobs: ["a", "b", "bad"].map(scanOf) });
    longshore.worker(TASKS, { name: "web-1" });
    await expect.poll(async () => (await call("GET /api/workers")).body.workers).toMatchObject([{ name: "web-1" }]);

    expect((await call("GET /api/queues")).body.queues).toMatchObject([
      { queue: "scans", paused: true, counts: { queued: 3 }, oldestWaiting: { age: expect.any(Number) }, workers: 1 },
    ]);
    expect((await call("GET /api/tags/user:42")).body).toMatchObject({ total: 3, inProgress: 3 });
    await call("POST /api/queues/scans/resume");
    await expect.poll(async () => (await call("GET /api/jobs/count?states=completed,failed")).body.count).toBe(3);
    expect((await call("GET /api/jobs/facets?tag=user:42")).body).toMatchObject({
      states: [
        { value: "completed", count: 2 },
        { value: "failed", count: 1 },
      ],
      errors: [{ count: 1, message: "no such site" }],
    });
    await expect
      .poll(async () => (await call("GET /api/totals?outcomes=completed")).body.totals)
      .toMatchObject([{ queue: "scans", task: "scan", count: 2 }]);
    expect((await call("GET /api/series?by=outcome&outcomes=failed")).body.points).toMatchObject([{ count: 1 }]);
    await expect
      .poll(async () => (await call("GET /api/tasks")).body.tasks)
      .toMatchObject([
        { task: "report", checked: true, workers: 1 },
        { task: "scan", label: "Scan a site", queues: ["scans"] },
      ]);
    expect((await call("GET /api/info")).body.engine.kind).toBe(longshore.info.kind);
    expect((await call("POST /api/workers/web-1/quiet")).status).toBe(202);
    await expect
      .poll(async () => (await call("GET /api/workers/web-1")).body.workers[0].command.acknowledgedAt)
      .not.toBeNull();
    expect((await call("GET /api/workers/web-1")).body.workers[0].status.suspended).toEqual(["quiet"]);
    expect((await call("POST /api/queues/scans/obliterate", { confirm: "scans" })).status).toBe(204);
    expect((await call("GET /api/queues")).body.queues).toEqual([]);
  });

  it("runs flows, shows their trees and graphs, and retries them", async () => {
    const longshore = await storage.connect();
    const call = checkedApiOf(longshore, { tasks: TASKS });
    const { id } = await longshore.enqueue(both, "bad");
    longshore.worker(TASKS);

    const result = await call(`GET /api/jobs/${id}/result?wait=60s`);
    expect(result).toMatchObject({ status: 200, body: { state: "failed" } });
    expect((await call(`GET /api/flows/${id}`)).body).toMatchObject({
      members: { failed: 2 },
      tree: [
        { depth: 0, node: "scan", state: "failed", error: { message: "no such site" } },
        { depth: 1, node: "report", state: "failed", error: { code: "DEPENDENCY_FAILED" } },
      ],
    });
    const { nodes } = (await call(`GET /api/flows/${id}/graph`)).body;
    expect((await call("GET /api/flows?states=failed")).body.flows).toMatchObject([{ jobId: id }]);
    // Its job is mended with another input, then the flow goes on.
    const { queue, jobId } = nodes[0];
    await call(`POST /api/jobs/${jobId}/retry?queue=${queue}`, { input: { url: "good" } });
    await call(`GET /api/jobs/${jobId}/result?wait=60s`);
    expect((await call(`POST /api/jobs/${id}/retry`)).status).toBe(200);
    expect((await call(`GET /api/jobs/${id}/result?wait=60s`)).body).toMatchObject({
      state: "completed",
      result: { one: { pages: 3 } },
    });
  });

  it("puts schedules, whose ticks run", async () => {
    const longshore = await storage.connect();
    const call = checkedApiOf(longshore, { tasks: TASKS });
    longshore.worker(TASKS);
    const put = { task: "report", input: "tick", every: "1s" };

    expect((await call("PUT /api/schedules/often", put)).status).toBe(201);
    await expect.poll(async () => (await call("GET /api/jobs/count?schedule=often")).body.count).toBeGreaterThan(0);
    await expect.poll(async () => (await call("GET /api/schedules/often")).body.lastJob).not.toBeNull();
    const { links } = (await call("GET /api/schedules/often")).body;
    expect((await call(`GET ${links.lastJob}`)).body).toMatchObject({ task: "report", input: "tick" });
    expect((await call("POST /api/schedules/often/pause")).status).toBe(200);
    const run = await call("POST /api/schedules/often/run");
    expect((await call(`GET ${run.body.links.result}&wait=60s`)).body).toMatchObject({ result: "tick" });
    expect((await call("DELETE /api/schedules/often")).status).toBe(204);
    expect((await call("GET /api/schedules")).body.schedules).toEqual([]);
  });

  it("looks after what failed, and does things to many jobs", async () => {
    const longshore = await storage.connect();
    const call = checkedApiOf(longshore, { tasks: TASKS });
    await call("POST /api/jobs", { jobs: [1, 2, 3].map(() => ({ task: "scan", input: { url: "bad" } })) });
    longshore.worker(TASKS);
    await expect
      .poll(async () => (await call("GET /api/failures")).body.failures)
      .toMatchObject([{ runs: 3, filed: 3, state: "open", tasks: ["scan"] }]);

    const [{ links, fingerprint }] = (await call("GET /api/failures")).body.failures;
    expect((await call(`POST ${links.self}/acknowledge`)).body).toMatchObject({ state: "acknowledged" });
    expect((await call(`POST ${links.self}/resolve`)).body).toMatchObject({ state: "resolved" });
    const retried = await call(`POST ${links.self}/retry`);
    await expect
      .poll(async () => (await call(`GET ${retried.body.links.self}`)).body)
      .toMatchObject({
        state: "completed",
        result: { matched: 3, applied: 3 },
      });
    // They fail again, which is no success of the mend.
    await expect
      .poll(async () => (await call(`GET ${links.self}`)).body)
      .toMatchObject({ state: "regressed", runs: 6 });
    await expect.poll(async () => (await call("GET /api/jobs/count?states=failed")).body.count).toBe(3);
    const removal = { action: "remove", filter: { fingerprint, states: "failed" } };
    expect((await call("POST /api/bulk", { ...removal, preview: true })).body).toMatchObject({ matched: 3 });
    const removed = await call("POST /api/bulk", removal);
    await expect.poll(async () => (await call(`GET ${removed.body.links.self}`)).body.state).toBe("completed");
    expect((await call("GET /api/jobs/count")).body.count).toBe(0);
    const actions = (await call("GET /api/bulk")).body.bulk.map(({ action }: { action: string }) => action);
    expect(actions.toSorted()).toEqual(["remove", "retry"]);
  });
});
