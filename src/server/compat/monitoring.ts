/** The four routes of monitoring: is everything running, how full are the queues, who works, what failed; and queueing that again. */
import { createRoute, z } from "@hono/zod-openapi";
import { InvalidInput, JobNotFound } from "../../model/errors/errors.js";
import { STATES, type JobState } from "../../model/job/state.js";
import type { ServerApp } from "../http/env.js";
import type { ServerParts } from "../http/parts.js";
import { answer, decideOn, facts, jsonBody, problems, type RouteFacts } from "../http/route.js";
import { viewOf } from "../http/view.js";
import { findJob, narrowed, retryWithin } from "../routes/jobs/find-job.js";
import { Name, pageQuery } from "../schema/common.js";
import {
  failedDocument,
  healthDocument,
  MonitoringFailed,
  MonitoringHealth,
  MonitoringStats,
  MonitoringWorkers,
  RetryAnswer,
  RetryRequest,
  statsDocument,
  workersDocument,
} from "../schema/monitoring.js";
import type { ParsedCompat } from "./options.js";

const OWN_NAMES = Object.fromEntries(STATES.map((state) => [state, state])) as Record<JobState, string>;

/** Adds the routes. */
export function addMonitoringRoutes(
  app: ServerApp,
  parts: ServerParts,
  { path, profile }: NonNullable<ParsedCompat["monitoring"]>,
): void {
  const { longshore } = parts;
  const names = profile?.profile.states ?? OWN_NAMES;
  const health = createRoute({
    ...facts({
      ...look("health", "Is everything running?"),
      description: "200 whatever is wrong: `status` says it, and `problems` what. 503 when the engine does not answer.",
    }),
    method: "get",
    path: `${path}/health`,
    responses: { 200: answer(MonitoringHealth, "What runs, and what does not"), ...problems(503) },
  });
  app.openapi(health, async (c) => {
    const [queues, workers] = await Promise.all([longshore.queues(), longshore.workers()]);
    return c.json(healthDocument(queues, workers), 200);
  });

  const stats = createRoute({
    ...facts(look("stats", "How many jobs are in each queue")),
    method: "get",
    path: `${path}/queue/stats`,
    responses: { 200: answer(MonitoringStats, "Counts by status"), ...problems(503) },
  });
  app.openapi(stats, async (c) => {
    const [queues, workers] = await Promise.all([longshore.queues(), longshore.workers()]);
    return c.json(statsDocument(queues, workers, names), 200);
  });

  const workers = createRoute({
    ...facts(look("workers", "The workers")),
    method: "get",
    path: `${path}/queue/workers`,
    responses: { 200: answer(MonitoringWorkers, "Every worker, until its jobs are recovered"), ...problems(503) },
  });
  app.openapi(workers, async (c) => c.json(workersDocument(await longshore.workers()), 200));

  const failed = createRoute({
    ...facts({ ...look("failed", "Jobs that failed, the newest first"), tenants: true }),
    method: "get",
    path: `${path}/queue/failed`,
    request: { query: z.strictObject({ ...pageQuery, queue: Name.optional() }) },
    responses: { 200: answer(MonitoringFailed, "A page of them"), ...problems(503) },
  });
  app.openapi(failed, async (c) => {
    const { cursor, limit, queue } = c.req.valid("query");
    const { access } = c.var;
    const query = narrowed(access, { states: "failed", ...(queue === undefined ? {} : { queue }) });
    const page = await longshore.jobs(query).page({ limit, ...(cursor === undefined ? {} : { cursor }) });
    return c.json(failedDocument(page, viewOf(access)), 200);
  });

  const retry = createRoute({
    ...facts({
      ...{ action: "monitoring.retry", scope: "operate", resource: "Compatibility", tenants: true, decides: true },
      summary: "Queue a job that failed again",
    }),
    method: "post",
    path: `${path}/queue/failed`,
    request: { body: jsonBody(RetryRequest, { rq_job_id: "abc-123" }) },
    responses: { 200: answer(RetryAnswer, "Its status now"), ...problems(404, 409) },
  });
  app.openapi(retry, async (c) => {
    const { rq_job_id: id, queue } = c.req.valid("json");
    c.set("resource", { ...c.var.resource, id, ...(queue === undefined ? {} : { queue }) });
    const access = await decideOn(c, c.var.resource);
    const job = await findJob(parts, access, { id }, { queue }).catch((error: unknown) => {
      throw error instanceof InvalidInput && error.field === "id" ? new JobNotFound(id) : error;
    });
    c.set("touched", { ids: [job.id], count: 1 });
    return c.json({ rq_job_id: job.id, status: names[await retryWithin(parts.longshore, access, job)] }, 200);
  });
}

/** The facts of a route that looks. */
function look(action: string, summary: string): RouteFacts {
  return { action: `monitoring.${action}`, scope: "read", resource: "Compatibility", summary };
}
