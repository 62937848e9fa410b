// What the audit log has of commands that touch more than their path names.
import { describe, expect, it } from "vitest";
import { task } from "longshore";
import { checkedApiOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const broken = task("broken", { queue: "scans", attempts: 1 }, () => {
  throw new Error("never works");
});

describe("the audit log", () => {
  const connection = memoryForEach();

  it("has the bulk jobs and jobs that commands made, and how many jobs were removed", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueue(broken);
    const worker = longshore.worker([broken], { name: "web-1" });
    await expect.poll(async () => (await call("GET /api/failures")).body.failures).toHaveLength(1);
    const [{ fingerprint }] = (await call("GET /api/failures")).body.failures;
    const stopped = await call("POST /api/workers/web-1/stop");
    await worker.finished;
    const bulk = await call("POST /api/bulk", { action: "cancel", filter: { queue: "a" } });
    const retried = await call(`POST /api/failures/${fingerprint}/retry`);
    await call("PUT /api/schedules/nightly", { task: "report", cron: "@daily", options: { queue: "reports" } });
    const run = await call("POST /api/schedules/nightly/run");
    await call("DELETE /api/queues/reports/jobs");

    const { entries } = (await call("GET /api/audit")).body;
    const logged = Object.fromEntries(
      entries.map(({ action, ids, count, queue, id }: Record<string, unknown>) => [action, { ids, count, queue, id }]),
    );
    const one = { count: 1, queue: null };
    expect(logged).toMatchObject({
      "workers.stop": { ids: stopped.body.sessions, count: 1, id: "web-1" },
      "bulk.start": { ids: [bulk.body.jobId], count: 1, queue: "a" },
      "failures.retry": { ids: [retried.body.jobId], ...one, id: fingerprint },
      "schedules.run": { ids: [run.body.jobId], ...one, id: "nightly" },
      "queues.drain": { ids: [], count: 1, queue: "reports" },
    });
  });
});
