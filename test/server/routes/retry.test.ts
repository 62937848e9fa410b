// Retrying a job with another input, over HTTP.
import { describe, expect, it } from "vitest";
import { task } from "longshore";
import { z } from "zod";
import { checkedApiOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const scan = task(
  "scan",
  { queue: "scans", attempts: 1, input: z.object({ url: z.url() }) },
  async ({ input, step }) => {
    const host = await step("host", () => Promise.resolve(new URL(input.url).host));
    if (host === "bad.example") throw new Error("no such host");
    return host;
  },
);

describe("a retry with another input", () => {
  const connection = memoryForEach();

  it("runs the job from the start with it, and keeps its history", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore, { tasks: [scan] });
    const { id } = await longshore.enqueue(scan, { url: "https://bad.example/" });
    await longshore.worker([scan], { burst: true }).finished;

    const retried = await call(`POST /api/jobs/${id}/retry`, { input: { url: "https://good.example/" } });
    expect(retried.body).toEqual({ jobId: id, queue: "scans", state: "queued" });
    expect((await call(`GET /api/jobs/${id}/steps`)).body.steps).toEqual([]);
    await longshore.worker([scan], { burst: true }).finished;
    expect((await call(`GET /api/jobs/${id}`)).body).toMatchObject({
      state: "completed",
      input: { url: "https://good.example/" },
      result: "good.example",
    });
    expect((await call(`GET /api/jobs/${id}/attempts`)).body.attempts).toMatchObject([
      { outcome: "failed", error: { message: "no such host" } },
      { outcome: "completed" },
    ]);
  });

  it("is held to the schema of a task that the server knows, and to the cap; so is a change of a waiting job", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore, { tasks: [scan] });
    const job = await longshore.enqueue(scan, { url: "https://good.example/" });
    const wrong = { code: "INVALID_INPUT", field: "input.url" };

    expect((await call(`PATCH /api/jobs/${job.id}`, { input: { url: "nowhere" } })).body).toMatchObject(wrong);
    await job.cancel();
    expect((await call(`POST /api/jobs/${job.id}/retry`, { input: { url: "nowhere" } })).body).toMatchObject(wrong);
    const other = await longshore.enqueue("other", 1);
    await other.cancel();
    const long = { input: "x".repeat(200_000) };
    expect((await call(`POST /api/jobs/${other.id}/retry`, long)).body).toMatchObject({
      status: 413,
      code: "PAYLOAD_TOO_LARGE",
    });
    expect((await call(`POST /api/jobs/${other.id}/retry`, { inptu: 1 })).body).toMatchObject({ field: "inptu" });
    expect(await other.refresh()).toMatchObject({ state: "cancelled", input: 1 });
  });

  it("is refused while the job has not ended, and changes nothing then", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    const { id } = await longshore.enqueue("scan", 1);

    expect((await call(`POST /api/jobs/${id}/retry`, { input: 2 })).body).toMatchObject({
      status: 409,
      code: "WRONG_STATE",
    });
    expect((await call(`GET /api/jobs/${id}`)).body.input).toBe(1);
  });
});
