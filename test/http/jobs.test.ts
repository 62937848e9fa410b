// Jobs over HTTP, through sockets: accepted, followed to their end, found and commanded, on every engine.
import { expect, it } from "vitest";
import { task } from "longshore";
import { HttpJobFailed } from "longshore/http";
import { z } from "zod";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { served } from "./served.js";

const scan = task(
  "scan",
  { queue: "scans", attempts: 1, input: z.object({ url: z.string() }) },
  async ({ input, step, emit, log }) => {
    const pages = await step("crawl", () => Promise.resolve(3));
    await emit("teaser", { title: "T" });
    log(`crawled ${input.url}`);
    if (input.url === "bad") throw new Error("no such site");
    return { pages };
  },
);

onEveryEngine("the typed client", (storage) => {
  it("has a job accepted, and gets its result and what it left behind", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore, { tasks: [scan] });
    const job = await client.enqueue(scan, { url: "x" }, { tags: ["user:42"] });
    expect(job).toMatchObject({ queue: "scans", outcome: "created", status: "queued" });
    expect(await job.refresh()).toMatchObject({ state: "queued", position: 1, input: { url: "x" } });
    expect((await job.why()).reasons.length).toBeGreaterThan(0);

    longshore.worker([scan]);
    const { pages } = await job.result();
    expect(pages).toBe(3);
    const seen = client.job<typeof scan>(job.id, { queue: "scans" });
    expect(await seen.refresh()).toMatchObject({ state: "completed", result: { pages: 3 }, tags: ["user:42"] });
    expect(await seen.progress()).toMatchObject({ percent: 100 });
    expect(await seen.steps()).toMatchObject([{ name: "crawl", value: 3 }]);
    expect(await seen.milestones()).toMatchObject([{ name: "teaser", value: { title: "T" } }]);
    expect(await seen.logs()).toMatchObject({ lines: [{ level: "info", message: "crawled x" }], dropped: 0 });
    expect(await seen.attempts()).toMatchObject([{ number: 1, outcome: "completed" }]);
    expect(await seen.dependencies()).toEqual([]);
  });

  it("says how a job failed, and queues it again", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore, { tasks: [scan] });
    const job = await client.enqueue<typeof scan>("scan", { url: "bad" });
    await longshore.worker([scan], { burst: true }).finished;
    const error = await job.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HttpJobFailed);
    expect(error).toMatchObject({
      code: "JOB_FAILED",
      jobId: job.id,
      state: "failed",
      error: { message: "no such site" },
    });
    await expect(job.cancel()).rejects.toMatchObject({ name: "HttpProblem", status: 409, code: "WRONG_STATE" });
    expect(await job.retry({ fromStart: true })).toBe("queued");
    expect(await job.cancel()).toBe("cancelled");
    await job.remove();
    await expect(job.refresh()).rejects.toMatchObject({ status: 404, code: "JOB_NOT_FOUND" });
  });

  it("changes, promotes and releases jobs that wait", async () => {
    const { client } = await served(await storage.connect());
    const late = await client.enqueue("t", null, { runAt: new Date(Date.now() + 3_600_000) });
    expect(late.status).toBe("delayed");
    expect(await late.update({ priority: -5, tags: ["a"] })).toBe("delayed");
    expect(await late.refresh()).toMatchObject({ priority: -5, tags: ["a"] });
    expect(await late.promote()).toBe("queued");
    const held = await client.enqueue("t", null, { hold: true });
    expect(await held.release()).toBe("queued");
  });

  it("accepts several jobs in their order, or none", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore, { tasks: [scan] });
    const wrong = client.enqueueAll([{ task: "mail" }, { task: scan, input: { url: 7 } }]);
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_INPUT", field: "jobs[1].input.url" });
    expect(await longshore.queues()).toEqual([]);
    const jobs = await client.enqueueAll([
      { task: "mail" },
      { task: scan, input: { url: "y" }, options: { delay: "1h" } },
    ]);
    expect(jobs).toMatchObject([
      { queue: "default", status: "queued" },
      { queue: "scans", status: "delayed" },
    ]);
  });

  it("finds jobs by every condition that lists have, page by page", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore);
    for (let n = 0; n < 5; n += 1) {
      await longshore.enqueue("t", n, { priority: n, tags: ["a,b", n % 2 === 0 ? "even" : "odd"] });
    }
    const even = { tags: ["even"], states: ["queued" as const] };
    const first = await client.jobs(even, { fields: ["input"], order: "oldest" }).page({ limit: 2 });
    expect(first.jobs.map(({ input }) => input)).toEqual([0, 2]);
    const second = await client
      .jobs(even, { fields: ["input"], order: "oldest" })
      .page({ limit: 2, cursor: first.cursor });
    expect(second.jobs.map(({ input }) => input)).toEqual([4]);
    const inputs = async (filter: Parameters<typeof client.jobs>[0]): Promise<number[]> => {
      const found: number[] = [];
      for await (const { input } of client.jobs(filter, { fields: ["input"] })) found.push(Number(input));
      return found.toSorted((a, b) => a - b);
    };
    expect(await inputs({ tags: ["a,b"], not: { tag: "even" } })).toEqual([1, 3]);
    expect(await inputs({ priority: { min: 3 } })).toEqual([3, 4]);
    expect(await inputs({ priority: 2, attempt: { max: 0 } })).toEqual([2]);
    expect(await inputs({ created: { from: new Date(0), before: "1999-01-01T00:00:00Z" } })).toEqual([]);
    expect(await inputs({ not: { created: { from: new Date(0) } } })).toEqual([]);
    expect(await inputs({ not: { priority: { min: 1, max: 3 } } })).toEqual([0, 4]);
  });
});
