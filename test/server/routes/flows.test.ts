// The routes of flows: their list, one as a tree and as a graph; as a job, a flow is cancelled and retried with all its jobs.
import { describe, expect, it } from "vitest";
import { flow, task, type FlowBuilder } from "longshore";
import { checkedApiOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const fetchPage = task("fetch", { queue: "io" }, () => "<p>");
const parse = task("parse", { queue: "io" }, () => ["a", "b"]);
const store = task("store", { queue: "io" }, () => 2);
const scrape = flow("scrape", { queue: "flows" }, ($: FlowBuilder<string>) => {
  const page = $(fetchPage, { url: $.input });
  const list = $(parse, { page });
  return $(store, { list, page });
});

describe("the routes of flows", () => {
  const connection = memoryForEach();

  it("list flows alone, by the conditions of jobs", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const { id } = await longshore.enqueue(scrape, "u", { tags: ["user:1"] });
    await longshore.enqueue("other", 1, { tags: ["user:1"] });

    expect((await call("GET /api/flows")).body).toMatchObject({ flows: [{ jobId: id, role: "flow" }], cursor: null });
    expect((await call("GET /api/flows?task=scrape&tag=user:1")).body.flows).toHaveLength(1);
    expect((await call("GET /api/flows?tag=user:2")).body.flows).toEqual([]);
    expect((await call("GET /api/flows?role=job")).status).toBe(400);
    expect((await call("GET /api/jobs?role=flow")).body.jobs).toMatchObject([{ jobId: id }]);
  });

  it("show one as a tree, and as a graph", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const { id } = await longshore.enqueue(scrape, "u");

    const { body } = await call(`GET /api/flows/${id}`);
    expect(body).toMatchObject({ jobId: id, task: "scrape", input: "u", members: { queued: 1, blocked: 2 } });
    const rows = body.tree.map(({ depth, node, reference }: Record<string, unknown>) => [depth, node, reference]);
    expect(rows).toEqual([
      [0, "fetch", false],
      [1, "parse", false],
      [2, "store", false],
      [1, "store", true],
    ]);
    const graph = (await call(`GET /api/flows/${id}/graph`)).body;
    expect(graph).toMatchObject({ jobId: id, flow: "scrape", state: "blocked", removed: [] });
    expect(graph.nodes.map(({ node }: { node: string }) => node)).toEqual(["fetch", "parse", "store"]);
    expect(graph.edges).toHaveLength(3);
  });

  it("know no job as a flow", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const { id } = await longshore.enqueue("scan");

    expect((await call(`GET /api/flows/${id}`)).body).toMatchObject({ status: 404, code: "FLOW_NOT_FOUND" });
    expect((await call("GET /api/flows/none/graph")).body).toMatchObject({ status: 404, code: "JOB_NOT_FOUND" });
  });

  it("a flow is cancelled and retried with all its jobs, as a job", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const { id } = await longshore.enqueue(scrape, "u");

    expect((await call(`POST /api/jobs/${id}/cancel`)).body).toMatchObject({ state: "cancelled" });
    expect((await call(`GET /api/flows/${id}`)).body.members).toMatchObject({ cancelled: 3 });
    expect((await call(`POST /api/jobs/${id}/retry`, { input: "v" })).body).toMatchObject({
      code: "INVALID_INPUT",
      field: "input",
    });
    expect((await call(`POST /api/jobs/${id}/retry`)).body).toMatchObject({ state: "blocked" });
    expect((await call(`GET /api/flows/${id}`)).body).toMatchObject({
      state: "blocked",
      members: { cancelled: 0, queued: 1, blocked: 2 },
    });
  });
});
