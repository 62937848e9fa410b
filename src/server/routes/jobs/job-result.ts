/** `/api/jobs/{id}/result`: how a job ended, at once or when it has. */
import { createRoute, z } from "@hono/zod-openapi";
import { ResultTimeout } from "../../../client/jobs/job-wait.js";
import type { Job } from "../../../client/jobs/job.js";
import { JobFailed, LongshoreError } from "../../../model/errors/errors.js";
import { isTerminal } from "../../../model/job/state.js";
import { parsePositiveDuration } from "../../../model/value/duration.js";
import { shorterThan } from "../../../model/value/shorter-signal.js";
import { countedSubject } from "../../http/access.js";
import type { ServerApp } from "../../http/env.js";
import type { ServerParts } from "../../http/parts.js";
import { Problem } from "../../http/problem.js";
import { answer, facts, problems } from "../../http/route.js";
import { partOf, viewOf, type View } from "../../http/view.js";
import {
  ErrorDocument,
  errorDocument,
  JobId,
  jobParams,
  Name,
  orNull,
  Payload,
  refQuery,
  State,
} from "../../schema/common.js";
import { findJob } from "./find-job.js";

/** The longest wait for a result (milliseconds). */
const LONGEST_WAIT = 60_000;

const ResultDocument = z
  .object({
    jobId: JobId,
    queue: Name,
    state: State,
    ended: z.boolean(),
    result: Payload,
    error: orNull(ErrorDocument),
    failures: z.array(z.object({ step: z.string(), key: z.string().nullable(), error: orNull(ErrorDocument) })),
  })
  .openapi("JobResult");

const result = createRoute({
  ...facts({
    ...{ action: "jobs.result", scope: "read", resource: "Jobs", tenants: true },
    summary: "Its result; waits for it when asked to",
    description: "200 once the job has ended, however it ended; 202 while it has not.",
  }),
  method: "get",
  path: "/api/jobs/{id}/result",
  request: {
    params: jobParams,
    query: refQuery.extend({
      wait: z
        .string()
        .max(20)
        .optional()
        .openapi({ description: "How long to wait for the end, up to 60s", example: "30s" }),
    }),
  },
  responses: {
    200: answer(ResultDocument, "How the job ended"),
    202: answer(ResultDocument, "It has not ended yet"),
    ...problems(404, 409),
  },
});

/** Adds the route. */
export function addJobResultRoute(app: ServerApp, parts: ServerParts): void {
  app.openapi(result, async (c) => {
    const { wait, ...ref } = c.req.valid("query");
    const job = await findJob(parts, c.var.access, c.req.valid("param"), ref);
    if (wait !== undefined) {
      const time = parseWait(wait);
      const release = parts.polls.reserve(countedSubject(c.var.access));
      try {
        await waitForEnd(job, time, c.req.raw.signal, parts.closing);
      } finally {
        release();
      }
    }
    const snapshot = await job.refresh();
    const view = viewOf(c.var.access);
    const ended = isTerminal(snapshot.state);
    const document = {
      jobId: job.id,
      queue: job.queue,
      state: snapshot.state,
      ended,
      result: view.payload(snapshot.task, "result", ended ? await resultOf(job, snapshot, view) : null),
      error: errorDocument(snapshot.error, view.text, view.payloads),
      failures: snapshot.failures.map(({ step, key, error }) => {
        return { step, key, error: errorDocument(error, view.text, view.payloads) };
      }),
    };
    return ended ? c.json(document, 200) : c.json(document, 202);
  });
}

/** The result of a job that has ended, a flow's with its references resolved; null when there is none. */
async function resultOf(
  job: Job,
  snapshot: { readonly role: string; readonly result: unknown },
  view: View,
): Promise<unknown> {
  if (snapshot.role !== "flow") return snapshot.result;
  try {
    return await job.result({ timeout: LONGEST_WAIT, part: partOf(view) });
  } catch (error) {
    if (error instanceof LongshoreError) return null;
    throw error;
  }
}

/** Waits until the job has ended, the time is up, the client is gone, or the server closes. */
async function waitForEnd(job: Job, timeout: number, gone: AbortSignal, closing: AbortSignal): Promise<void> {
  const { signal, end } = shorterThan(gone);
  closing.addEventListener("abort", end, { once: true });
  if (closing.aborted) end();
  try {
    await job.result({ timeout, signal });
  } catch (error) {
    if (!(error instanceof JobFailed) && !(error instanceof ResultTimeout) && !signal.aborted) throw error;
  } finally {
    closing.removeEventListener("abort", end);
    end();
  }
}

function parseWait(wait: string): number {
  const rule = "a time span of up to 60s, such as 30s";
  const ms = parsePositiveDuration("wait", /^\d+$/.test(wait) ? Number(wait) : wait);
  if (ms > LONGEST_WAIT) {
    throw new Problem(400, "INVALID_INPUT", `wait: ${rule}`, { members: { field: "wait", rule, valueType: "string" } });
  }
  return ms;
}
