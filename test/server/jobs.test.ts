// The routes of jobs: accepting, finding, following and commanding them, on every engine.
import { describe, expect, it } from "vitest";
import { connect, flow, task, type JobRequest, type Longshore } from "longshore";
import { z } from "zod";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { KeyedRequest } from "../../src/server/routes/jobs/idempotency-key.js";
import { apiOf } from "./api.js";

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

onEveryEngine("the routes of jobs", (storage) => {
  it("accept a job at once, and show it until its end", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore, { tasks: [scan] });
    const accepted = await call("POST /api/jobs", {
      task: "scan",
      input: { url: "x" },
      options: { tags: ["user:42"] },
    });
    expect(accepted.status).toBe(202);
    const { jobId } = accepted.body;
    expect(accepted.body).toMatchObject({ queue: "scans", status: "queued", outcome: "created" });
    expect(accepted.headers.get("location")).toBe(`/api/jobs/${jobId}?queue=scans`);
    expect((await call(`GET /api/jobs/${jobId}`)).body).toMatchObject({
      state: "queued",
      position: 1,
      tags: ["user:42"],
    });
    expect((await call(`GET /api/jobs/${jobId}/result`)).status).toBe(202);

    longshore.worker([scan]);
    const result = await call(`GET /api/jobs/${jobId}/result?wait=60s`);
    expect(result.status).toBe(200);
    expect(result.body).toMatchObject({ ended: true, state: "completed", result: { pages: 3 }, error: null });
    const { body: job } = await call(`GET /api/jobs/${jobId}`);
    expect(job).toMatchObject({
      state: "completed",
      milestones: ["teaser"],
      input: { url: "x" },
      result: { pages: 3 },
    });
    expect(new Date(job.finishedAt).toISOString()).toBe(job.finishedAt);
    const { body: steps } = await call(`GET ${job.links.steps}`);
    expect(steps).toMatchObject({
      steps: [{ name: "crawl", value: 3 }],
      milestones: [{ name: "teaser", value: { title: "T" } }],
    });
    expect((await call(`GET ${job.links.attempts}`)).body.attempts).toMatchObject([
      { number: 1, outcome: "completed" },
    ]);
    expect((await call(`GET ${job.links.logs}`)).body.lines).toMatchObject([{ level: "info", message: "crawled x" }]);
    expect((await call(`GET ${job.links.dependencies}`)).body).toEqual({ dependencies: [] });
    expect((await call(`GET /api/jobs/${jobId}/why`)).body.reasons).toMatchObject([{ kind: "ended" }]);
  });

  it("tell how a job failed, and queue it again", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore, { tasks: [scan] });
    const { jobId } = (await call("POST /api/jobs", { task: "scan", input: { url: "bad" } })).body;
    await longshore.worker([scan], { burst: true }).finished;
    const { body: result } = await call(`GET /api/jobs/${jobId}/result?wait=1s`);
    expect(result).toMatchObject({ state: "failed", result: null, error: { message: "no such site" } });
    expect((await call(`POST /api/jobs/${jobId}/cancel`)).body).toMatchObject({ status: 409, code: "WRONG_STATE" });
    expect((await call(`POST /api/jobs/${jobId}/retry`)).body).toEqual({ jobId, queue: "scans", state: "queued" });
    expect((await call(`POST /api/jobs/${jobId}/cancel`)).body).toMatchObject({ state: "cancelled" });
    expect((await call(`DELETE /api/jobs/${jobId}`)).status).toBe(204);
    expect((await call(`GET /api/jobs/${jobId}`)).body).toMatchObject({ status: 404, code: "JOB_NOT_FOUND" });
  });

  it("change, promote and release jobs that wait", async () => {
    const call = apiOf(await storage.connect());
    const { jobId: late } = (await call("POST /api/jobs", { task: "t", options: { delay: "1h" } })).body;
    expect((await call(`PATCH /api/jobs/${late}`, { priority: -5, tags: ["a"] })).body.state).toBe("delayed");
    expect((await call(`GET /api/jobs/${late}`)).body).toMatchObject({ priority: -5, tags: ["a"], state: "delayed" });
    expect((await call(`POST /api/jobs/${late}/promote`)).body.state).toBe("queued");
    const { jobId: held, status } = (await call("POST /api/jobs", { task: "t", options: { hold: true } })).body;
    expect(status).toBe("blocked");
    expect((await call(`POST /api/jobs/${held}/release`)).body.state).toBe("queued");
    expect((await call(`PATCH /api/jobs/${held}`, {})).body).toMatchObject({ code: "INVALID_INPUT", field: "body" });
  });

  it("accept several jobs or none: the error names the one that is wrong", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore, { tasks: [scan] });
    const wrong = await call("POST /api/jobs", {
      jobs: [{ task: "mail" }, { task: "scan", input: { url: 7 } }],
    });
    expect(wrong.status).toBe(400);
    expect(wrong.body).toMatchObject({ code: "INVALID_INPUT", field: "jobs[1].input.url" });
    expect(await longshore.queues()).toEqual([]);
    const right = await call("POST /api/jobs", {
      jobs: [{ task: "mail" }, { task: "scan", input: { url: "y" }, options: { delay: "1h" } }],
    });
    expect(right.body.jobs).toMatchObject([
      { queue: "default", status: "queued" },
      { queue: "scans", status: "delayed" },
    ]);
  });

  it("make the jobs of a request with a key once, and refuse the key for another request", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    const key = { "idempotency-key": "order 7" };
    const jobs = { jobs: [{ task: "a", input: 1 }, { task: "b" }] };
    const first = await call("POST /api/jobs", jobs, key);
    const again = await call("POST /api/jobs", jobs, key);
    const ids = (answer: typeof first): string[] => answer.body.jobs.map((job: { jobId: string }) => job.jobId);
    expect(ids(again)).toEqual(ids(first));
    expect(again.body).toEqual(first.body);
    expect((await longshore.jobs().page()).jobs).toHaveLength(2);
    const other = await call("POST /api/jobs", { jobs: [{ task: "a", input: 2 }] }, key);
    expect(other.body).toMatchObject({ status: 422, code: "IDEMPOTENCY_KEY_REUSED" });
  });

  it.each<[string, unknown]>([
    ["another input", { task: "a", input: 2 }],
    ["another task", { task: "b", input: 1 }],
    ["another queue", { task: "a", input: 1, options: { queue: "other" } }],
    ["another delay", { task: "a", input: 1, options: { delay: "1h" } }],
    ["another tag", { task: "a", input: 1, options: { tags: ["t"] } }],
    ["another unique key", { task: "a", input: 1, options: { unique: { key: "u" } } }],
    ["a longer list", { jobs: [{ task: "a", input: 1 }, { task: "a" }] }],
    [
      "an id before",
      {
        jobs: [
          { task: "a", options: { id: "own" } },
          { task: "a", input: 1 },
        ],
      },
    ],
  ])("refuse a key for a request with %s, and store nothing of that", async (_what, other) => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    const key = { "idempotency-key": "order 7" };
    const first = await call("POST /api/jobs", { task: "a", input: 1 }, key);
    expect((await call("POST /api/jobs", other, key)).body).toMatchObject({
      ...{ status: 422, code: "IDEMPOTENCY_KEY_REUSED", jobId: first.body.jobId, queue: "default" },
    });
    expect((await longshore.jobs().page()).jobs.map(({ id }) => id)).toEqual([first.body.jobId]);
  });

  it("make those jobs of a key that a server which died half-way did not make", async () => {
    const longshore = await storage.connect();
    const jobs = Array.from({ length: 3 }, (_, input) => ({ task: "a", input }));
    const request = (): KeyedRequest => new KeyedRequest({ subject: "s", key: "k", body: { jobs } }, jobs);
    const dying = Object.create(longshore, {
      job: { value: (id: string) => longshore.job(id) },
      enqueueAll: { value: (all: readonly JobRequest[], call: object) => longshore.enqueueAll(all.slice(0, 2), call) },
    }) as Longshore;
    expect(await request().enqueue(dying)).toHaveLength(2);
    const all = await request().enqueue(longshore);
    expect(all.map(({ outcome }) => outcome)).toEqual(["created", "created", "created"]);
    expect((await longshore.jobs().count()).count).toBe(3);
  });

  it("answer a key as before, whatever became of its jobs", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    const key = { "idempotency-key": "order 7" };
    const jobs = { jobs: [{ task: "a" }, { task: "b" }, { task: "c", options: { queue: "other" } }] };
    const [first, second, third] = (await call("POST /api/jobs", jobs, key)).body.jobs;
    await call(`PATCH /api/jobs/${first.jobId}`, { priority: 5, input: "another" });
    await call(`POST /api/jobs/${second.jobId}/cancel`);
    const again = await apiOf(longshore)("POST /api/jobs", jobs, key);
    expect(again.body.jobs).toEqual([first, { ...second, status: "cancelled" }, third]);
  });

  it("make the jobs of a key once, however many requests come at the same time", async () => {
    const longshore = await storage.connect();
    const calls = [apiOf(longshore), apiOf(await storage.connect())];
    const jobs = { jobs: Array.from({ length: 300 }, (_, n) => ({ task: "a", input: n })) };
    const answers = await Promise.all(
      [...calls, ...calls].map((call) => call("POST /api/jobs", jobs, { "idempotency-key": "k" })),
    );
    for (const { status, body } of answers) expect({ status, body }).toEqual({ status: 202, body: answers[0]?.body });
    expect((await longshore.jobs().count()).count).toBe(300);
  });

  it("know an id of the client's own by itself, whatever the key", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    const ask = (input: number, key: string): ReturnType<typeof call> =>
      call("POST /api/jobs", { task: "a", input, options: { id: "own" } }, { "idempotency-key": key });
    expect((await ask(1, "k1")).body.outcome).toBe("created");
    expect((await ask(1, "k1")).body.outcome).toBe("created");
    expect((await ask(2, "k2")).body.outcome).toBe("existing");
  });

  it("say which queues have an id that several have, until one is chosen", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    for (const queue of ["one", "two"]) await longshore.enqueue("t", queue, { id: "job_abc", queue });
    const both = await call("GET /api/jobs/job_abc");
    expect(both.body).toMatchObject({ status: 409, code: "AMBIGUOUS_JOB" });
    expect(both.body.jobs).toEqual([
      { queue: "one", jobId: "job_abc" },
      { queue: "two", jobId: "job_abc" },
    ]);
    expect((await call("GET /api/jobs/job_abc?queue=two")).body.input).toBe("two");
  });

  it("make a job that waits for others, which are named as documents name them", async () => {
    const call = apiOf(await storage.connect());
    const first = (await call("POST /api/jobs", { task: "a", options: { queue: "one" } })).body;
    const { queue, jobId } = first;
    const after = [{ job: { queue, jobId }, ifFailed: "continue" }];
    const waiting = await call("POST /api/jobs", { task: "b", options: { after } });
    expect(waiting.body).toMatchObject({ status: "blocked" });
    const { body } = await call(`GET ${waiting.body.links.self}`);
    expect(body.dependencies).toMatchObject([{ queue: "one", jobId, ifFailed: "continue", state: null }]);
    expect((await call("POST /api/jobs", { task: "b", options: { after: [{ queue, jobId }] } })).status).toBe(202);
    const wrong = await call("POST /api/jobs", { task: "b", options: { after: [{ queue, id: jobId }] } });
    expect(wrong.body).toMatchObject({ status: 400, field: expect.stringContaining("options.after") });
  });

  it("refuse a unique key that has an owner, and name the owner", async () => {
    const call = apiOf(await storage.connect());
    const unique = { key: "k", onConflict: "reject" };
    const { jobId } = (await call("POST /api/jobs", { task: "t", options: { unique } })).body;
    const second = await call("POST /api/jobs", { task: "t", options: { unique } });
    expect(second.body).toMatchObject({ status: 409, code: "UNIQUE_CONFLICT", owner: jobId });
  });

  it("find jobs page by page, with the payloads asked for", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    for (let n = 0; n < 5; n += 1) await longshore.enqueue("t", n, { tags: [n % 2 === 0 ? "even" : "odd"] });
    const first = await call("GET /api/jobs?tag=even&states=queued&limit=2&fields=input&order=oldest");
    expect(first.body.jobs.map(({ input }: { input: number }) => input)).toEqual([0, 2]);
    const cursor = encodeURIComponent(first.body.cursor);
    const second = await call(
      `GET /api/jobs?tag=even&states=queued&limit=2&fields=input&order=oldest&cursor=${cursor}`,
    );
    expect(second.body.jobs.map(({ input }: { input: number }) => input)).toEqual([4]);
    const others = await call("GET /api/jobs?not.tag=even");
    expect(others.body.jobs).toHaveLength(2);
    expect(others.body.jobs[0]).not.toHaveProperty("input");
  });

  it("show a flow with the progress of its members", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    const two = flow("two", {}, ($) => {
      $("first", {}, { name: "first" });
      $("second", {}, { name: "second" });
    });
    const job = await longshore.enqueue(two);
    const shown = await call(`GET /api/jobs/${job.id}`);
    expect(shown.body).toMatchObject({ role: "flow", progress: { percent: 0, done: 0, total: 2 } });
    expect(shown.body.dependencies).toHaveLength(2);
  });
});

describe("a request that is wrong", () => {
  const wrong: [what: string, call: string, body: unknown, expected: object][] = [
    ["a misspelt parameter", "GET /api/jobs?stats=failed", undefined, { field: "stats", in: "query" }],
    ["a misspelt state", "GET /api/jobs?states=faild", undefined, { field: "states[0]" }],
    ["a page that is too large", "GET /api/jobs?limit=201", undefined, { field: "limit" }],
    ["a limit that is no number", "GET /api/jobs?limit=ten", undefined, { field: "limit" }],
    ["a range that is none", "GET /api/jobs?attempt=1..2..3", undefined, { field: "attempt" }],
    ["a time without a zone", "GET /api/jobs?createdFrom=yesterday", undefined, { field: "createdFrom" }],
    ["a payload that lists do not have", "GET /api/jobs?fields=history", undefined, { field: "fields" }],
    ["an id with a slash", "GET /api/jobs/a%2Fb", undefined, { field: "id", in: "param" }],
    ["a wait that is too long", "GET /api/jobs/a/result?wait=2m", undefined, { status: 404 }],
    ["no task", "POST /api/jobs", { input: 1 }, { field: "task", in: "body" }],
    ["a task that is a path", "POST /api/jobs", { task: "../x" }, { field: "task", valueType: "string" }],
    ["a misspelt option", "POST /api/jobs", { task: "t", options: { dely: 1 } }, { field: "options.dely" }],
    [
      "an option that the client refuses",
      "POST /api/jobs",
      { task: "t", options: { delay: "soon" } },
      { field: "options.delay", valueType: "string" },
    ],
    ["no body", "POST /api/jobs", undefined, { field: "task" }],
    ["half a body", "POST /api/jobs", "{", { code: "INVALID_BODY", field: "body" }],
    [
      "a key that reaches a prototype",
      "POST /api/jobs",
      '{"task":"t","input":{"__proto__":{"a":1}}}',
      { code: "INVALID_BODY" },
    ],
    ["a number beyond all", "POST /api/jobs", '{"task":"t","input":1e400}', { code: "INVALID_BODY" }],
    ["depth", "POST /api/jobs", `{"task":"t","input":${"[".repeat(99)}${"]".repeat(99)}}`, { code: "INVALID_BODY" }],
    [
      "too many jobs",
      "POST /api/jobs",
      { jobs: Array.from({ length: 1001 }, () => ({ task: "t" })) },
      { field: "jobs" },
    ],
  ];

  it.each(wrong)("says what is wrong: %s", async (_what, call, body, expected) => {
    const longshore = await connect("memory:");
    try {
      const answer = await apiOf(longshore)(call, body);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(answer.body).toMatchObject(expected);
      expect(await longshore.queues()).toEqual([]);
    } finally {
      await longshore.close();
    }
  });

  it("with a body of a megabyte and one byte is not read to its end", async () => {
    const longshore = await connect("memory:");
    const answer = await apiOf(longshore)("POST /api/jobs", `"${"x".repeat(1_048_575)}"`);
    expect(answer.body).toMatchObject({ status: 413, code: "BODY_TOO_LARGE" });
    await longshore.close();
  });

  it("takes a constructor for a word like others", async () => {
    const longshore = await connect("memory:");
    const answer = await apiOf(longshore)("POST /api/jobs", { task: "t", input: { constructor: "Ferrari" } });
    expect(answer.status).toBe(202);
    await longshore.close();
  });
});
