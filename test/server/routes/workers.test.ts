// The routes of workers: who works, and the commands to them.
import { describe, expect, it } from "vitest";
import { task } from "longshore";
import { checkedApiOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const scan = task("scan", { queue: "scans", version: "3" }, () => "done");

describe("the routes of workers", () => {
  const connection = memoryForEach();

  it("list workers with what they say of themselves", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    longshore.worker([scan], { name: "web-2" });
    longshore.worker([scan], { name: "web-1", concurrency: 4 });
    await expect.poll(async () => (await longshore.workers()).length).toBe(2);

    const first = await call("GET /api/workers?limit=1");
    expect(first.body.workers).toMatchObject([
      {
        name: "web-1",
        queues: ["scans"],
        tasks: [{ task: "scan", version: "3", label: null }],
        concurrency: 4,
        running: 0,
        liveness: "alive",
        command: null,
      },
    ]);
    const cursor = encodeURIComponent(first.body.cursor);
    expect((await call(`GET /api/workers?limit=1&cursor=${cursor}`)).body).toMatchObject({
      workers: [{ name: "web-2" }],
      cursor: null,
    });
    const { session, startedAt } = first.body.workers[0];
    expect((await call("GET /api/workers/web-1")).body.workers).toMatchObject([{ session, startedAt }]);
    expect((await call(`GET /api/workers/${encodeURIComponent(session)}`)).body.workers).toMatchObject([
      { name: "web-1", session },
    ]);
    expect((await call("GET /api/workers/none")).body).toMatchObject({ status: 404, code: "WORKER_NOT_FOUND" });
  });

  it("quiet a worker, let it go on, and stop it, by name or by session", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const worker = longshore.worker([scan], { name: "web-1" });
    await expect.poll(async () => (await longshore.workers()).length).toBe(1);
    const session = (await longshore.workers())[0]?.session ?? "";

    expect(await call("POST /api/workers/web-1/quiet")).toMatchObject({
      status: 202,
      body: { command: "quiet", sessions: [session] },
    });
    await expect
      .poll(async () => (await call("GET /api/workers/web-1")).body.workers[0])
      .toMatchObject({
        status: { suspended: ["quiet"] },
        command: { command: "quiet", acknowledgedAt: expect.any(String) },
      });
    expect((await call(`POST /api/workers/${encodeURIComponent(session)}/resume`)).body.sessions).toEqual([session]);
    expect((await call("POST /api/workers/web-1/stop")).status).toBe(202);
    await worker.finished;
    expect((await call("POST /api/workers/web-1/stop")).body).toMatchObject({ status: 404, code: "WORKER_NOT_FOUND" });
  });
});
