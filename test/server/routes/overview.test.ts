// The routes that look at many jobs at once: counts, facets, tags, series, totals; and what there is: tasks, engine, versions.
import { describe, expect, it } from "vitest";
import { task } from "longshore";
import { checkedApiOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const scan = task(
  "scan",
  { queue: "scans", attempts: 1, version: "7", label: "Scan a site" },
  ({ input }: { input: string }) => {
    if (input === "bad") throw new Error("no such site");
    return "done";
  },
);

describe("the routes of overviews", () => {
  const connection = memoryForEach();

  it("count jobs and say what they have in common, by the conditions of the list", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueueMany("scan", [1, 2], { queue: "scans", tags: ["user:1", "app:7"] });
    await longshore.enqueue("mail", 3, { queue: "mails", delay: "1h" });

    expect((await call("GET /api/jobs/count?states=queued,delayed&not.task=mail")).body).toEqual({
      count: 2,
      atLeast: false,
    });
    expect((await call("GET /api/jobs/facets")).body).toMatchObject({
      count: 3,
      states: [
        { value: "queued", count: 2 },
        { value: "delayed", count: 1 },
      ],
      tasks: [
        { value: "scan", count: 2 },
        { value: "mail", count: 1 },
      ],
      tagKeys: [
        { value: "app", count: 2 },
        { value: "user", count: 2 },
      ],
      errors: [],
    });
    expect((await call("GET /api/jobs/count?limit=1")).body).toMatchObject({ status: 400, field: "limit" });
    expect((await call("GET /api/jobs/facets?state=queued")).body).toMatchObject({ status: 400, field: "state" });
  });

  it("say how many jobs of a tag there are, also of one that no job has", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueueMany("scan", [1, 2], { tags: ["user:1/a"] });

    expect((await call("GET /api/tags/user:1%2Fa")).body).toMatchObject({
      tag: "user:1/a",
      total: 2,
      inProgress: 2,
      states: { queued: 2 },
      links: { jobs: "/api/jobs?tag=user%3A1%2Fa" },
    });
    expect((await call("GET /api/tags/none")).body).toMatchObject({ total: 0 });
  });

  it("tell how jobs ended, over time and altogether", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueueMany(scan, ["a", "b", "bad"]);
    await longshore.worker([scan], { burst: true }).finished;

    const { points } = (await call("GET /api/series?queues=scans&by=outcome,queue&step=1m")).body;
    const ended = points.map(({ queue, outcome, count }: Record<string, unknown>) => [queue, outcome, count]);
    expect(ended).toEqual(
      expect.arrayContaining([
        ["scans", "completed", 2],
        ["scans", "failed", 1],
      ]),
    );
    expect((await call("GET /api/series?outcomes=failed")).body.points).toMatchObject([{ count: 1, queue: null }]);
    const first = (await call("GET /api/totals?limit=1")).body;
    expect(first.totals).toMatchObject([{ queue: "scans", task: "scan", outcome: "completed", count: 2 }]);
    const next = await call(`GET /api/totals?limit=1&cursor=${encodeURIComponent(first.cursor)}`);
    expect(next.body).toMatchObject({ totals: [{ outcome: "failed", count: 1 }], cursor: null });
    expect((await call("GET /api/queues/scans")).body.rates).toMatchObject({
      ended: expect.toSatisfy((rate: number) => rate >= 0.6 && rate <= 0.75),
      failed: expect.toSatisfy((rate: number) => rate >= 0.2 && rate <= 0.25),
    });
  });

  it.each([
    ["by=colour", "by[0]"],
    ["step=90s", "step"],
    ["outcomes=fine", "outcomes[0]"],
    ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"],
    ["from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&step=1m", "step"],
    ["form=2020-01-01T00:00:00Z", "form"],
  ])("refuse a series with %s", async (query, field) => {
    const call = checkedApiOf(connection());
    expect((await call(`GET /api/series?${query}`)).body).toMatchObject({ status: 400, code: "INVALID_INPUT", field });
  });

  it("list the tasks that workers know, and those that this server knows", async () => {
    const longshore = connection();
    const known = task("report", { queue: "reports" });
    const call = checkedApiOf(longshore, { tasks: [known] });
    const worker = longshore.worker([scan]);
    await expect
      .poll(async () => (await call("GET /api/tasks")).body.tasks)
      .toEqual([
        { task: "report", label: null, resultUrl: null, checked: true, workers: 0, queues: [], versions: [] },
        {
          task: "scan",
          label: "Scan a site",
          resultUrl: null,
          checked: false,
          workers: 1,
          queues: ["scans"],
          versions: ["7"],
        },
      ]);
    await worker.stop();
  });

  it("say what needs attention, in words with codes", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueue("scan", 1, { queue: "scans" });

    const { insights } = (await call("GET /api/insights")).body;
    expect(insights).toEqual(
      expect.arrayContaining([
        {
          code: "no-worker",
          severity: "error",
          text: expect.stringContaining("scans"),
          advice: expect.any(String),
          since: expect.any(String),
          subjects: { queues: ["scans"] },
        },
      ]),
    );
  });

  it("say how many workers a queue needs, or that too little was measured", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await longshore.enqueue("scan", 1, { queue: "scans" });

    expect((await call("GET /api/capacity?queues=scans&targetWait=10s&window=2h")).body).toMatchObject({
      targetWait: 10_000,
      window: 7_200_000,
      queues: [{ queue: "scans", workers: 0, slots: 0, slotsNeeded: null, text: expect.any(String) }],
    });
    expect((await call("GET /api/capacity?window=1m")).body).toMatchObject({ status: 400, field: "window" });
    expect((await call("GET /api/capacity?targetWait=soon")).body).toMatchObject({ status: 400, field: "targetWait" });
  });

  it("say which engine and which version answers", async () => {
    const call = checkedApiOf(connection());
    expect((await call("GET /api/info")).body).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      api: "1",
      engine: { kind: "memory", url: "memory:", shared: false, persistence: "none" },
    });
  });
});
