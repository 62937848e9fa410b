// A job as other systems say it: their documents, field by field from the texts of the requirements, for every state of a job.
import { expect, it } from "vitest";
import { STATES, task, type JobState } from "longshore";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf } from "../api.js";
import { jobProgress, projectDocument, summaryDocument } from "./document-profiles.js";
import { INPUT, jobsInEveryState, META, RESULT } from "./states.js";

const UTC = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
const ENDED: readonly JobState[] = ["completed", "partial", "failed", "cancelled", "superseded", "expired"];
const WELL: readonly JobState[] = ["completed", "partial"];

/** Has the job of this state ever started? */
const started = (state: JobState): boolean => ["active", "completed", "partial", "failed"].includes(state);

const FAILURES: Partial<Record<JobState, string>> = {
  failed: "the model is down",
  cancelled: "the job was cancelled",
};

const SUMMARY_STATES: Record<JobState, string> = {
  ...{ blocked: "queued", queued: "queued", delayed: "delayed", active: "active" },
  ...{ completed: "completed", partial: "completed" },
  ...{ failed: "failed", cancelled: "failed", superseded: "failed", expired: "failed" },
};
const SCRAPING_STATUSES: Record<JobState, string> = {
  ...{ blocked: "deferred", queued: "queued", delayed: "scheduled", active: "started" },
  ...{ completed: "finished", partial: "finished" },
  ...{ failed: "failed", cancelled: "canceled", superseded: "canceled", expired: "canceled" },
};
const PROJECT_STATUSES: Record<JobState, string> = {
  ...{ blocked: "PENDING", queued: "QUEUED", delayed: "QUEUED", active: "PROCESSING" },
  ...{ completed: "COMPLETED", partial: "COMPLETED" },
  ...{ failed: "FAILED", cancelled: "FAILED", superseded: "FAILED", expired: "FAILED" },
};

onEveryEngine("the documents of other systems", (storage) => {
  it("say every state of a job, with exactly their fields", async () => {
    const longshore = await storage.connect();
    const { jobs, release } = await jobsInEveryState(longshore);
    const api = apiOf(longshore, {
      profile: summaryDocument,
      compat: { jobs: { "/jobs/{job_id}": projectDocument, "/progress/{id}": jobProgress } },
    });
    for (const state of STATES) {
      const { id } = jobs[state];
      const ended = ENDED.includes(state);
      const well = WELL.includes(state);
      const percent = well ? 100 : state === "active" ? 50 : 0;
      const failure = ended && !well ? (FAILURES[state] ?? `the job was ${state}`) : null;

      const summary = await api(`GET /api/jobs/${id}`);
      expect([summary.status, summary.body]).toEqual([
        200,
        {
          jobId: id,
          state: SUMMARY_STATES[state],
          progress: percent,
          data: INPUT,
          result: well ? RESULT : null,
          error: failure,
          createdAt: UTC,
          startedAt: started(state) ? UTC : null,
          completedAt: ended ? UTC : null,
        },
      ]);

      const project = await api(`GET /jobs/${id}`);
      expect([project.status, project.body]).toEqual([
        200,
        {
          job_id: id,
          status: PROJECT_STATUSES[state],
          created_at: UTC,
          completed_at: ended ? UTC : null,
          result: well ? RESULT : { files_created: null, message: failure },
        },
      ]);

      const progress = await api(`GET /progress/${id}`);
      expect(progress.body).toEqual({
        id,
        status: SCRAPING_STATUSES[state],
        progress: percent / 100,
        chain_progress: percent / 100,
        step: null,
        company_url: META.company_url,
        user_id: META.user_id,
        created_at: UTC,
        started_at: started(state) ? UTC : null,
        ended_at: ended ? UTC : null,
        ...(SCRAPING_STATUSES[state] === "finished" ? { result: RESULT } : {}),
        ...(SCRAPING_STATUSES[state] === "failed" ? { error: failure } : {}),
      });
      expect(await jobProgress.read(longshore, id)).toEqual(progress.body);
    }
    const { body: active } = await api("GET /api/jobs/active");
    expect(active.progress).toBe(50);
    release();
  });

  it("are what clients poll until a job has ended, and what it left", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, { profile: summaryDocument });
    const work = task("work", {}, () => Promise.resolve({ summary: "short" }));
    const { id } = await longshore.enqueue(work);
    const poll = async (): Promise<unknown> => {
      const { body: job } = await api(`GET /api/jobs/${id}`);
      if (job.state === "completed") return job.result;
      return job.state === "failed" ? job.error : job.progress || 0;
    };
    expect(await poll()).toBe(0);
    longshore.worker([work]);
    await expect.poll(poll).toEqual({ summary: "short" });
  });

  it("say no secrets, neither of payloads nor of failures", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, { profile: summaryDocument });
    const sign = task("sign", {}, () => Promise.reject(new Error("refused: token=abcdef123456")));
    const { id } = await longshore.enqueue("sign", { videoId: "v1", password: "hunter2" }, { attempts: 1 });
    await longshore.worker([sign], { burst: true }).finished;
    const { body } = await api(`GET /api/jobs/${id}`);
    expect(body).toMatchObject({ state: "failed", data: { videoId: "v1", password: "[redacted]" } });
    expect(body.error).toMatch(/^refused: /);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|abcdef123456/);
  });

  it("say of an unknown id what the other system says, in code and over HTTP", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, {
      compat: { jobs: { "/progress/{id}": jobProgress, "/jobs/{id}": projectDocument } },
    });
    for (const id of ["job_abc123", "no id of ours", "..", "x".repeat(4_096), "__proto__"]) {
      const error = expect.stringMatching(/^Failed to fetch job: ./) as unknown;
      expect(await jobProgress.read(longshore, id)).toEqual({ id, error });
      if (id === "..") continue; // A URL cannot say it.
      const answer = await api(`GET /progress/${encodeURIComponent(id)}`);
      expect([answer.status, answer.body]).toEqual([404, { id, error }]);
      expect((await api(`GET /jobs/${encodeURIComponent(id)}`)).body).toMatchObject({
        status: 404,
        code: "JOB_NOT_FOUND",
      });
    }
    await expect(projectDocument.read(longshore, "job_abc123")).rejects.toThrow(/does not exist/);
  });

  it("say which queue is meant where two have the id", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, {
      compat: { jobs: { "/progress/{id}": jobProgress, "/jobs/{id}": projectDocument } },
    });
    for (const queue of ["one", "two"]) await longshore.enqueue("t", { queue }, { id: "job_abc123", queue });
    const both = await api("GET /progress/job_abc123");
    expect([both.status, both.body]).toEqual([
      409,
      { id: "job_abc123", error: expect.stringContaining("2 queues have a job with the id job_abc123") },
    ]);
    expect(await jobProgress.read(longshore, "job_abc123")).toMatchObject({
      error: expect.stringContaining("2 queues"),
    });
    expect((await api("GET /jobs/job_abc123")).body).toMatchObject({ status: 409, code: "AMBIGUOUS_JOB" });
    expect((await api("GET /progress/job_abc123?queue=two")).body).toMatchObject({
      id: "job_abc123",
      status: "queued",
    });
  });

  it("say how far a chain is: nothing while nothing ran, all of it only at its end", async () => {
    const longshore = await storage.connect();
    const [fetch, parse, persist] = ["fetch", "parse", "persist"].map((name) =>
      task(name, { queue: name }, () => null),
    );
    if (fetch === undefined || parse === undefined || persist === undefined) throw new Error("three tasks");
    const first = await longshore.enqueue(fetch);
    const second = await longshore.enqueue(parse, undefined, { after: [first] });
    const last = await longshore.enqueue(persist, undefined, { after: [second], meta: { step: "persist" } });
    const chain = async (): Promise<unknown> => {
      const { chain_progress, progress } = (await jobProgress.read(longshore, last.id)) as Record<string, unknown>;
      return [progress, chain_progress];
    };
    expect(await chain()).toEqual([0, 0]);
    await longshore.worker([fetch], { burst: true }).finished;
    expect(await chain()).toEqual([0, 0.33]);
    await longshore.worker([parse], { burst: true }).finished;
    expect(await chain()).toEqual([0, 0.66]);
    await longshore.worker([persist], { burst: true }).finished;
    expect(await chain()).toEqual([1, 1]);
  });
});
