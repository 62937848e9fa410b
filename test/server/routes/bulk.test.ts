// The routes of bulk jobs: counted, done, looked at, cancelled.
import { describe, expect, it } from "vitest";
import { task } from "longshore";
import { checkedApiOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const scan = task("scan", { queue: "scans" }, () => "done");

describe("the routes of bulk jobs", () => {
  const connection = memoryForEach();

  it("count the jobs of a filter, and do nothing", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueueMany("scan", [1, 2, 3], { queue: "scans", tags: ["user:1"] });

    const preview = { action: "cancel", filter: { tag: "user:1", not: { queue: "mails" } }, preview: true };
    expect(await call("POST /api/bulk", preview)).toMatchObject({
      status: 200,
      body: { action: "cancel", matched: 3, exact: true },
    });
    expect((await call("GET /api/bulk")).body).toEqual({ bulk: [], cursor: null });
    expect((await call("GET /api/jobs/count?states=queued")).body.count).toBe(3);
  });

  it("say who asked for one, whatever else may be changed of a job", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const { id } = await longshore.bulk({ action: "cancel", filter: { task: "scan" }, by: "ada" });
    const tags = await call(`PATCH /api/jobs/${id}?queue=longshore:bulk`, { tags: ["by:eve"] });
    expect(tags).toMatchObject({ status: 400, body: { code: "INVALID_INPUT", field: "tags" } });
    expect((await call(`GET /api/bulk/${id}`)).body).toMatchObject({ by: "ada" });
  });

  it("do it to all of them, and tell what came of it", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueueMany("report", [1, 2, 3], { queue: "reports" });
    await longshore.enqueue("report", 4, { queue: "others" });
    const started = await call("POST /api/bulk", {
      action: "cancel",
      filter: { queue: "reports", created: { before: "2999-01-01T00:00:00Z" } },
    });
    expect(started).toMatchObject({ status: 202, body: { status: "queued" } });
    const path = started.headers.get("location");
    expect(path).toBe(`/api/bulk/${started.body.jobId}`);
    expect((await call(`GET ${path}`)).body).toMatchObject({
      state: "queued",
      action: "cancel",
      result: null,
      by: null,
    });

    longshore.worker([scan]);
    await expect.poll(async () => (await call(`GET ${path}`)).body.state).toBe("completed");
    expect((await call(`GET ${path}`)).body).toMatchObject({
      progress: { percent: 100 },
      result: { matched: 3, applied: 3, refused: {}, firstRefusals: [] },
    });
    expect((await call("GET /api/bulk?limit=1")).body.bulk).toMatchObject([{ jobId: started.body.jobId }]);
    expect((await call("GET /api/jobs/count?states=queued")).body.count).toBe(1);
  });

  it("refuse a filter without conditions unless all is true", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueue("report", 1);

    for (const filter of [{}, { not: {} }]) {
      expect((await call("POST /api/bulk", { action: "remove", filter })).body).toMatchObject({
        status: 400,
        code: "INVALID_INPUT",
        field: "filter",
      });
    }
    expect(
      (await call("POST /api/bulk", { action: "remove", filter: {}, all: true, preview: true })).body,
    ).toMatchObject({ matched: 1 });
  });

  it.each([
    [{ action: "destroy", filter: { queue: "a" } }, "action"],
    [{ action: "cancel", filter: { tga: "user:1" } }, "filter.tga"],
    [{ action: "cancel", filter: { queue: "longshore:bulk" } }, "filter.queue"],
    [{ action: "cancel", filter: { queue: "a" }, fromStart: true }, "fromStart"],
    [{ action: "promote", filter: { states: "completed" } }, "states"],
    [{ action: "cancel" }, "filter"],
    [{ action: "cancel", filter: { queue: "a" }, by: "someone else" }, "by"],
  ])("refuse %j", async (request, field) => {
    const call = checkedApiOf(connection());

    expect((await call("POST /api/bulk", request)).body).toMatchObject({ status: 400, code: "INVALID_INPUT", field });
    expect((await call("GET /api/bulk")).body.bulk).toEqual([]);
  });

  it("cancel one", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const { body } = await call("POST /api/bulk", { action: "cancel", filter: { queue: "a" } });

    expect((await call(`POST ${body.links.cancel}`)).body).toEqual({ jobId: body.jobId, state: "cancelled" });
    expect((await call(`POST ${body.links.cancel}`)).body).toMatchObject({ status: 409, code: "WRONG_STATE" });
    expect((await call(`GET ${body.links.self}`)).body).toMatchObject({ state: "cancelled", result: null });
    expect((await call("GET /api/bulk/none")).body).toMatchObject({ status: 404, code: "JOB_NOT_FOUND" });
    const { id } = await longshore.enqueue("scan");
    expect((await call(`GET /api/bulk/${id}`)).status).toBe(404);
  });
});
