// The routes of queues: how they are, and the commands on the whole of one.
import { describe, expect, it } from "vitest";
import { task } from "longshore";
import { makeGate } from "../../worker/fixtures/gate.js";
import { checkedApiOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

describe("the routes of queues", () => {
  const connection = memoryForEach();

  it("list queues by name, page by page, with what waits and since when", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueue("scan", 1, { queue: "c", delay: "1h" });
    const { id } = await longshore.enqueue("scan", 1, { queue: "a" });
    await longshore.enqueue("scan", 2, { queue: "a" });
    await longshore.queue("b").pause();

    const first = await call("GET /api/queues?limit=2");
    expect(first.body.queues).toMatchObject([
      {
        queue: "a",
        paused: false,
        pausedAt: null,
        counts: { queued: 2, delayed: 0 },
        oldestWaiting: { jobId: id },
        rates: { ended: 0, failed: 0, retried: 0 },
        workers: 0,
        links: { self: "/api/queues/a", jobs: "/api/jobs?queue=a" },
      },
      { queue: "b", paused: true, pausedAt: expect.any(String), oldestWaiting: null },
    ]);
    const second = await call(`GET /api/queues?limit=2&cursor=${first.body.cursor}`);
    expect(second.body).toMatchObject({ queues: [{ queue: "c", counts: { delayed: 1 } }], cursor: null });
    expect((await call("GET /api/queues/b")).body).toEqual(first.body.queues[1]);
    expect((await call("GET /api/queues/none")).body).toMatchObject({ status: 404, code: "QUEUE_NOT_FOUND" });
  });

  it("show the queues of the platform only when asked to", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.bulk({ action: "cancel", filter: { tag: "a" } });

    expect((await call("GET /api/queues")).body.queues).toEqual([]);
    expect((await call("GET /api/queues?system=true")).body.queues).toMatchObject([{ queue: "longshore:bulk" }]);
    expect((await call("POST /api/queues/longshore:bulk/pause")).status).toBe(400);
  });

  it("pause a queue, also one that does not exist yet, and resume it", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);

    expect((await call("POST /api/queues/scans/pause")).body).toEqual({ queue: "scans", paused: true });
    expect(await longshore.queue("scans").isPaused()).toBe(true);
    expect((await call("POST /api/queues/scans/resume")).body).toEqual({ queue: "scans", paused: false });
    expect(await longshore.queue("scans").isPaused()).toBe(false);
  });

  it("remove what waits, delayed jobs only when asked to", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueueMany("scan", [1, 2, 3], { queue: "scans" });
    await longshore.enqueue("scan", 4, { queue: "scans", delay: "1h" });

    const none = { queue: "scans", skipped: 0, more: false };
    expect((await call("DELETE /api/queues/scans/jobs")).body).toEqual({ ...none, removed: 3 });
    expect((await call("DELETE /api/queues/scans/jobs?delayed=true")).body).toEqual({ ...none, removed: 1 });
    expect((await call("DELETE /api/queues/none/jobs")).status).toBe(404);
  });

  it("remove so many jobs in a request, and say that there are more", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueueMany("scan", Array.from<number>({ length: 10_100 }).fill(1), { queue: "scans" });

    expect((await call("DELETE /api/queues/scans/jobs")).body).toMatchObject({ removed: 10_000, more: true });
    expect((await call("DELETE /api/queues/scans/jobs")).body).toMatchObject({ removed: 100, more: false });
  });

  it("obliterate a queue whose name is typed again, and while jobs run only by force", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const gate = makeGate();
    const slow = task("slow", { queue: "scans" }, () => gate.opened);
    const job = await longshore.enqueue(slow);
    longshore.worker([slow]);
    await expect.poll(async () => (await job.refresh()).state).toBe("active");

    expect((await call("POST /api/queues/scans/obliterate", {})).status).toBe(400);
    expect((await call("POST /api/queues/scans/obliterate", { confirm: "scan" })).body).toMatchObject({
      code: "INVALID_INPUT",
      field: "confirm",
    });
    expect((await call("POST /api/queues/scans/obliterate", { confirm: "scans" })).body).toMatchObject({
      status: 409,
      code: "WRONG_STATE",
    });
    expect(await job.refresh()).toMatchObject({ state: "active" });
    expect((await call("POST /api/queues/scans/obliterate", { confirm: "scans", force: true })).status).toBe(204);
    expect(await longshore.job(job.id)).toBeNull();
    gate.open();
  });

  it("show a job by queue and id, whatever its id", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueue("scan", 1, { queue: "scans", id: "count" });
    await longshore.enqueue("scan", 2, { queue: "scans", id: "facets" });

    expect((await call("GET /api/jobs/count")).body).toEqual({ count: 2, atLeast: false });
    expect((await call("GET /api/queues/scans/jobs/count")).body).toMatchObject({ jobId: "count", input: 1 });
    expect((await call("GET /api/queues/scans/jobs/facets")).body).toMatchObject({ jobId: "facets", input: 2 });
    expect((await call("POST /api/jobs/count/cancel")).body).toMatchObject({ jobId: "count", state: "cancelled" });
    expect((await call("GET /api/queues/other/jobs/count")).status).toBe(404);
  });
});
