/** A route that answers a job as another system's document of it: exactly that, for every job and for ids that none has. */
import { createRoute, z } from "@hono/zod-openapi";
import type { DocumentJob } from "../../client/profile/document-job.js";
import type { DocumentProfile } from "../../client/profile/document-profile.js";
import { InvalidInput, JobNotFound } from "../../model/errors/errors.js";
import type { Access } from "../http/access.js";
import type { ServerApp } from "../http/env.js";
import type { ServerParts } from "../http/parts.js";
import { Problem } from "../http/problem.js";
import { answer, facts, problems } from "../http/route.js";
import { partOf, viewOf } from "../http/view.js";
import { findJob, viewWithin } from "../routes/jobs/find-job.js";
import { givenObject } from "./given-schema.js";
import { refQuery } from "../schema/common.js";

const MISSING = givenObject(null);
const PARAMETER = /\{(\w+)\}/;

/** What a route that answers jobs is. */
export interface JobDocumentRoute {
  readonly path: string;
  readonly profile: DocumentProfile;
  /** Its name in the document. */
  readonly action: string;
  readonly resource: string;
}

/** Adds the route. */
export function addJobDocumentRoute(app: ServerApp, parts: ServerParts, given: JobDocumentRoute): void {
  const { path, profile, action, resource } = given;
  const name = PARAMETER.exec(path)?.[1] ?? "id";
  const missing =
    profile.missing === null ? {} : { 404: answer(MISSING, "None has this id"), 409: answer(MISSING, "Several have") };
  const route = createRoute({
    ...facts({ action, scope: "read", resource, summary: "A job, as its profile says it", tenants: true }),
    method: "get",
    path,
    // What is no id of ours is one that no job has: the other system's clients know nothing of our rules.
    request: { params: z.object({ [name]: z.string() }), query: refQuery },
    responses: {
      ...problems(404, 409),
      ...missing,
      200: answer(givenObject(profile.schema), "The job as it is now"),
    },
  });
  app.openapi(route, async (c) => {
    const id = c.req.param(name) ?? "";
    const { access } = c.var;
    const query = c.req.valid("query");
    try {
      const job = await findJob(parts, access, { id }, query);
      const of = { ...viewWithin(access), part: partOf(viewOf(access)) };
      return c.json((await profile.of(parts.longshore, job, (all) => seenBy(access, all), of)) as object, 200);
    } catch (error) {
      const status = statusOf(error);
      if (status === null) throw error;
      const reason = error instanceof Error ? error.message : "";
      if (profile.missing !== null) return c.json(profile.missing(id, reason) as object, status);
      throw status === 409 ? error : new JobNotFound(id);
    }
  });
}

/** 404 for an id that no job has, 409 for one that several have; `null` for what is wrong otherwise. */
function statusOf(error: unknown): 404 | 409 | null {
  if (error instanceof JobNotFound || (error instanceof InvalidInput && error.field === "id")) return 404;
  return error instanceof Problem && error.code === "AMBIGUOUS_JOB" ? 409 : null;
}

/** The job as this access may see it. */
function seenBy(access: Access, job: DocumentJob): DocumentJob {
  const view = viewOf(access);
  const text = (given: string | null): string | null => (given === null ? null : view.text(given));
  const { error, task } = job;
  return {
    ...job,
    input: view.payload(task, "input", job.input),
    result: view.payload(task, "result", job.result),
    meta: (view.payload(task, "meta", job.meta) ?? {}) as DocumentJob["meta"],
    message: text(job.message),
    step: text(job.step),
    error: view.said(error),
    failure: text(job.failure),
  };
}
