// The routes of schedules: what docs/schedules.md says of them, over HTTP.
import { describe, expect, it } from "vitest";
import { task } from "longshore";
import { z } from "zod";
import { checkedApiOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

const cleanUp = task("clean-up", { queue: "chores", input: z.object({ olderThan: z.string() }) });

describe("the routes of schedules", () => {
  const connection = memoryForEach();

  it("create a schedule with all its options, and change it", async () => {
    const call = checkedApiOf(connection());
    const put = await call("PUT /api/schedules/nightly", {
      task: "report",
      input: { month: 1 },
      options: { queue: "reports", priority: -5, tags: ["customer:42"], attempts: 3, timeout: "1h", meta: { by: "x" } },
      cron: "30 7 * * MON-FRI",
      timeZone: "Europe/Berlin",
      start: "2030-01-01T00:00:00Z",
      end: "2031-01-01T00:00:00+01:00",
      jitter: "1m",
      catchUp: "all",
      overlap: "skip",
    });
    expect(put.status).toBe(201);
    expect(put.headers.get("location")).toBe("/api/schedules/nightly");
    expect(put.body).toMatchObject({
      outcome: "created",
      queue: "reports",
      input: { month: 1 },
      options: { priority: -5, tags: ["customer:42"], attempts: 3, timeout: 3_600_000, meta: { by: "x" } },
      times: { cron: "30 7 * * MON-FRI", timeZone: "Europe/Berlin" },
      start: "2030-01-01T00:00:00.000Z",
      end: "2030-12-31T23:00:00.000Z",
      jitter: 60_000,
      catchUp: "all",
      overlap: "skip",
      paused: false,
      next: ["2030-01-01T06:30:00.000Z", ...Array<unknown>(4).fill(expect.any(String))],
      lastJob: null,
    });
    const every = { task: "report", every: "5m", anchor: "2026-01-01T00:02:00Z", options: { queue: "reports" } };
    expect(await call("PUT /api/schedules/nightly", every)).toMatchObject({
      status: 200,
      body: { outcome: "changed", times: { every: 300_000, anchor: "2026-01-01T00:02:00.000Z" }, start: null },
    });
    expect((await call("PUT /api/schedules/nightly", every)).body.outcome).toBe("unchanged");
  });

  it("hold the input to the schema of a task that the server knows", async () => {
    const call = checkedApiOf(connection(), { tasks: [cleanUp] });
    const put = { task: "clean-up", input: { olderThan: 7 }, cron: "@daily" };

    expect((await call("PUT /api/schedules/nightly", put)).body).toMatchObject({
      code: "INVALID_INPUT",
      field: "schedule.input.olderThan",
    });
    expect((await call("PUT /api/schedules/nightly", { ...put, input: { olderThan: "7d" } })).body).toMatchObject({
      queue: "chores",
    });
  });

  it.each([
    [{ cron: "@daily", every: "5m" }, "schedule.every"],
    [{}, "schedule.cron"],
    [{ cron: "61 * * * *" }, "schedule.cron"],
    [{ cron: "0 0 30 2 *" }, "schedule.cron"],
    [{ cron: "@daily", timeZone: "Mars/Base" }, "schedule.timeZone"],
    [{ every: "1ms" }, "schedule.every"],
    [{ every: "5m", jitter: "6m" }, "schedule.jitter"],
    [{ every: "5m", overlap: "maybe" }, "overlap"],
    [{ every: "5m", evry: "5m" }, "evry"],
    [{ every: "5m", options: { id: "x" } }, "options.id"],
    [{ every: "5m", start: "yesterday" }, "start"],
  ])("refuse %j, and store nothing", async (times, field) => {
    const call = checkedApiOf(connection());

    expect((await call("PUT /api/schedules/x", { task: "poll", ...times })).body).toMatchObject({
      status: 400,
      code: "INVALID_INPUT",
      field,
    });
    expect((await call("GET /api/schedules")).body.schedules).toEqual([]);
  });

  it("list them by queue and name, page by page", async () => {
    const call = checkedApiOf(connection());
    for (const [name, queue] of [
      ["b", "q1"],
      ["a", "q2"],
      ["c", "q1"],
    ] as const)
      await call(`PUT /api/schedules/${name}`, { task: "poll", every: "5m", options: { queue } });

    const first = await call("GET /api/schedules?limit=2");
    expect(first.body.schedules.map(({ name }: { name: string }) => name)).toEqual(["b", "c"]);
    const cursor = encodeURIComponent(first.body.cursor);
    expect((await call(`GET /api/schedules?limit=2&cursor=${cursor}`)).body).toMatchObject({
      schedules: [{ name: "a" }],
      cursor: null,
    });
    expect((await call("GET /api/schedules?queue=q2")).body.schedules).toHaveLength(1);
  });

  it("pause one, resume it, run it now, say when it is due, and remove it", async () => {
    const longshore = connection();
    const call = checkedApiOf(longshore);
    await call("PUT /api/schedules/feed", { task: "poll", every: "1h", options: { queue: "feeds" } });

    expect((await call("POST /api/schedules/feed/pause")).body).toEqual({ name: "feed", paused: true });
    expect((await call("GET /api/schedules/feed")).body).toMatchObject({ paused: true, next: [] });
    const { times } = (await call("GET /api/schedules/feed/times?count=3&after=2030-01-01T00:30:00Z")).body;
    expect(times).toEqual(["2030-01-01T01:00:00.000Z", "2030-01-01T02:00:00.000Z", "2030-01-01T03:00:00.000Z"]);
    expect((await call("POST /api/schedules/feed/resume")).body).toEqual({ name: "feed", paused: false });
    const run = await call("POST /api/schedules/feed/run");
    expect(run).toMatchObject({ status: 202, body: { queue: "feeds", status: "queued", outcome: "created" } });
    expect((await call(`GET ${run.headers.get("location")}`)).body).toMatchObject({ tags: ["schedule:feed"] });
    expect((await call("GET /api/jobs?schedule=feed")).body.jobs).toHaveLength(1);
    expect((await call("DELETE /api/schedules/feed")).status).toBe(204);
    for (const asked of ["GET ", "DELETE ", "POST /pause", "POST /resume", "POST /run", "GET /times"]) {
      const [method, part] = asked.split(" ");
      expect((await call(`${method} /api/schedules/feed${part}`)).body).toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
    }
  });
});
