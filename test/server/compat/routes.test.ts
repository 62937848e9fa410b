// The routes of other systems: starting jobs, and monitoring, as their clients call them.
import { describe, expect, it } from "vitest";
import { connect, flow, InvalidInput, task } from "longshore";
import { createServer, type CompatOptions } from "longshore/server";
import { z } from "zod";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf } from "../api.js";
import { projectDocument, summaryDocument } from "./document-profiles.js";

const summarise = task(
  "summarise",
  { queue: "video", attempts: 1, input: z.object({ videoId: z.string() }) },
  async ({ input }) => {
    if (input.videoId === "bad") throw new Error("no such video");
    return { files_created: 1, message: input.videoId };
  },
);
const wiki = flow("wiki", {}, ($) => $("page", {}, { name: "page", queue: "high" }));

const answer = (): object => ({});

const compat: CompatOptions = {
  jobs: { "/jobs/{job_id}": projectDocument },
  create: {
    "/api/summaries/generate": { task: summarise, answer: ({ id }) => ({ jobId: id }) },
    "/start_task": {
      task: summarise,
      input: (body) => ({ videoId: (body as { param: { id: string } }).param.id }),
      options: (body) => ({ meta: { user_id: (body as { user_id: string }).user_id } }),
      answer: ({ id }) => ({ job_id: id }),
      status: 200,
    },
    "/start_wiki": { task: wiki, input: () => null, answer: ({ id }) => ({ job_id: id }) },
  },
  monitoring: { profile: projectDocument },
};

onEveryEngine("the routes of other systems", (storage) => {
  it("start a job from their body, and answer its id as they do", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, { compat, profile: summaryDocument });
    const summary = await api("POST /api/summaries/generate", { videoId: "v1" });
    expect([summary.status, summary.body]).toEqual([202, { jobId: expect.any(String) }]);
    const started = await api("POST /start_task", { param: { id: "v2" }, user_id: "u1" });
    expect([started.status, started.body]).toEqual([200, { job_id: expect.any(String) }]);
    const flowed = await api("POST /start_wiki");
    expect([flowed.status, flowed.body]).toEqual([202, { job_id: expect.any(String) }]);

    await longshore.worker([summarise], { burst: true }).finished;
    expect((await api(`GET /api/jobs/${summary.body.jobId}`)).body).toMatchObject({
      state: "completed",
      data: { videoId: "v1" },
    });
    expect((await api(`GET /jobs/${started.body.job_id}`)).body).toMatchObject({
      status: "COMPLETED",
      result: { files_created: 1, message: "v2" },
    });
    expect((await (await longshore.job(started.body.job_id))?.refresh())?.meta).toEqual({ user_id: "u1" });
    expect((await api(`GET /jobs/${flowed.body.job_id}`)).body).toMatchObject({ status: "PENDING" });
  });

  it("refuse a body that they cannot use, and store nothing", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, { compat });
    const wrong = await api("POST /api/summaries/generate", { videoId: 7 });
    expect(wrong.body).toMatchObject({ status: 400, code: "INVALID_INPUT" });
    for (const body of [undefined, {}, [], null, 7, "{", { param: null }]) {
      expect((await api("POST /start_task", body)).body).toMatchObject({
        status: 400,
        code: expect.stringMatching(/^INVALID_/),
      });
    }
    expect(await longshore.queues()).toEqual([]);
  });

  it("say explicitly that jobs wait and no worker takes them", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, { compat });
    expect((await api("GET /monitoring/health")).body).toEqual({
      ...{ status: "healthy", queues: 0, workers: 0, waiting: 0, active: 0, failed: 0, problems: [] },
    });
    await longshore.enqueueMany(summarise, [{ videoId: "a" }, { videoId: "b" }]);
    const stuck = await api("GET /monitoring/health");
    expect([stuck.status, stuck.body]).toEqual([
      200,
      {
        ...{ status: "degraded", queues: 1, workers: 0, waiting: 2, active: 0, failed: 0 },
        problems: [
          {
            code: "QUEUE_WITHOUT_WORKER",
            message: "queue video has 2 waiting jobs and 0 workers: start one",
            ...{ queue: "video", waiting: 2, workers: 0 },
          },
        ],
      },
    ]);

    longshore.worker([summarise], { name: "worker-1" });
    await expect
      .poll(async () => (await api("GET /monitoring/health")).body)
      .toMatchObject({ status: "healthy", workers: 1 });
    const { body: workers } = await api("GET /monitoring/queue/workers");
    expect(workers).toMatchObject({ count: 1, workers: [{ name: "worker-1", queues: ["video"], pid: process.pid }] });
    await expect
      .poll(async () => (await api("GET /monitoring/queue/stats")).body)
      .toEqual({
        queues: [
          {
            name: "video",
            paused: false,
            workers: 1,
            counts: { PENDING: 0, QUEUED: 0, PROCESSING: 0, COMPLETED: 2, FAILED: 0 },
          },
        ],
        total: { PENDING: 0, QUEUED: 0, PROCESSING: 0, COMPLETED: 2, FAILED: 0 },
      });
  });

  it("list what failed, and queue it again by its id", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, { compat });
    await longshore.enqueue(summarise, { videoId: "bad" }, { id: "abc-123" });
    await longshore.worker([summarise], { burst: true }).finished;
    const { body: failed } = await api("GET /monitoring/queue/failed");
    expect(failed).toEqual({
      jobs: [
        {
          ...{ rq_job_id: "abc-123", queue: "video", task: "summarise", error: "no such video", attempts: 1 },
          ...{ created_at: expect.any(String), failed_at: expect.any(String) },
        },
      ],
      cursor: null,
    });
    const retried = await api("POST /monitoring/queue/failed", { rq_job_id: "abc-123" });
    expect([retried.status, retried.body]).toEqual([200, { rq_job_id: "abc-123", status: "QUEUED" }]);
    expect((await api("GET /monitoring/queue/failed")).body.jobs).toEqual([]);
    const again = await api("POST /monitoring/queue/failed", { rq_job_id: "abc-123" });
    expect(again.body).toMatchObject({ status: 409, code: "WRONG_STATE" });
    for (const rq_job_id of ["none", "no id", ""]) {
      expect((await api("POST /monitoring/queue/failed", { rq_job_id })).body).toMatchObject({
        status: 404,
        code: "JOB_NOT_FOUND",
      });
    }
    expect((await api("POST /monitoring/queue/failed", { job: 1 })).body).toMatchObject({
      status: 400,
      field: "rq_job_id",
    });
  });
});

describe("routes of another system", () => {
  it("are there only when they are asked for, and are in the document then", async () => {
    const longshore = await connect("memory:");
    const paths = async (options: { compat?: CompatOptions }): Promise<string[]> => {
      return Object.keys((await apiOf(longshore, options)("GET /api/openapi.json")).body.paths).filter((path) => {
        return !path.startsWith("/api/") || path.startsWith("/api/summaries");
      });
    };
    expect(await paths({})).toEqual([]);
    expect((await apiOf(longshore)("GET /monitoring/health")).status).toBe(404);
    expect((await paths({ compat })).toSorted()).toEqual([
      "/api/summaries/generate",
      "/jobs/{job_id}",
      "/monitoring/health",
      "/monitoring/queue/failed",
      "/monitoring/queue/stats",
      "/monitoring/queue/workers",
      "/start_task",
      "/start_wiki",
    ]);
    await longshore.close();
  });

  const wrong: [what: string, compat: unknown, field: string][] = [
    ["a misspelt option", { job: {} }, "compat.job"],
    ["a path without a parameter", { jobs: { "/jobs": projectDocument } }, "compat.jobs./jobs"],
    ["a path that is none", { create: { start: { task: "t", answer } } }, "compat.create.start"],
    ["a profile that is none", { jobs: { "/jobs/{id}": {} } }, "compat.jobs./jobs/{id}"],
    ["no answer", { create: { "/start": { task: "t" } } }, "compat.create./start.answer"],
    [
      "a status of its own",
      { create: { "/start": { task: "t", answer, status: 500 } } },
      "compat.create./start.status",
    ],
    ["a header that means something else", { tokenHeader: "Cookie" }, "compat.tokenHeader"],
    ["a path of the server's own", { create: { "/api/jobs": { task: "t", answer } } }, "compat.create./api/jobs"],
    ["the path of a job", { jobs: { "/api/jobs/{x}": projectDocument } }, "compat.jobs./api/jobs/{x}"],
    ["a path twice", { jobs: { "/a/{x}": projectDocument, "/a/{y}": projectDocument } }, "compat.jobs./a/{y}"],
    [
      "monitoring in the way",
      { create: { "/monitoring/queue/failed": { task: "t", answer } }, monitoring: true },
      "compat.monitoring.path",
    ],
  ];

  it.each(wrong)("are refused when the server is made: %s", async (_what, given, field) => {
    const longshore = await connect("memory:");
    const make = (): unknown => createServer(longshore, { open: true, compat: given as CompatOptions });
    expect(make).toThrow(InvalidInput);
    expect(make).toThrow(expect.objectContaining({ field }));
    await longshore.close();
  });
});
