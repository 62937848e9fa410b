/** `/api/jobs/{id}/…`: what a job left behind: its steps, log, attempts, dependencies; and why it does not run. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Reason } from "../../../model/why/reason.js";
import { reasonText } from "../../../model/why/reason-text.js";
import type { Access } from "../../http/access.js";
import type { ServerApp } from "../../http/env.js";
import { answer, facts, problems } from "../../http/route.js";
import { viewOf } from "../../http/view.js";
import type { ServerParts } from "../../http/parts.js";
import {
  ErrorDocument,
  errorDocument,
  iso,
  isoOrNull,
  jobParams,
  orNull,
  Payload,
  refQuery,
  Time,
  TimeOrNull,
} from "../../schema/common.js";
import { DependencyDocument, dependencyDocument } from "../../schema/job.js";
import { findJob, seenAmong } from "./find-job.js";

const RESOURCE = "Jobs";

const StepDocument = z
  .object({
    name: z.string(),
    key: z.string().nullable(),
    value: Payload,
    at: Time,
    took: z.number().openapi({ description: "Milliseconds" }),
    counters: z.record(z.string(), z.number()),
  })
  .openapi("Step");

const steps = createRoute({
  ...facts({
    ...{ action: "jobs.steps", scope: "read", resource: RESOURCE, tenants: true },
    summary: "Its steps that ended well, and its milestones",
  }),
  method: "get",
  path: "/api/jobs/{id}/steps",
  request: { params: jobParams, query: refQuery },
  responses: {
    200: answer(
      z.object({
        steps: z.array(StepDocument),
        milestones: z.array(z.object({ name: z.string(), value: Payload, at: Time })),
      }),
      "In the order in which they ended",
    ),
    ...problems(404, 409),
  },
});

const logs = createRoute({
  ...facts({ action: "jobs.logs", scope: "read", resource: RESOURCE, summary: "Its log", tenants: true }),
  method: "get",
  path: "/api/jobs/{id}/logs",
  request: { params: jobParams, query: refQuery },
  responses: {
    200: answer(
      z.object({
        lines: z.array(z.object({ at: Time, level: z.enum(["debug", "info", "warn", "error"]), message: z.string() })),
        dropped: z.number().int().openapi({ description: "How many older lines are gone" }),
        hidden: z.boolean().openapi({ description: "Are there no lines because the token may not read payloads?" }),
      }),
      "The newest lines",
    ),
    ...problems(404, 409),
  },
});

const attempts = createRoute({
  ...facts({ action: "jobs.attempts", scope: "read", resource: RESOURCE, summary: "Its runs so far", tenants: true }),
  method: "get",
  path: "/api/jobs/{id}/attempts",
  request: { params: jobParams, query: refQuery },
  responses: {
    200: answer(
      z.object({
        attempts: z.array(
          z.object({
            number: z.number().int(),
            worker: z.string(),
            startedAt: Time,
            endedAt: TimeOrNull,
            outcome: z.string().nullable(),
            error: orNull(ErrorDocument),
            appVersion: z.string().nullable(),
            environment: z.string().nullable(),
            version: z.string().nullable(),
          }),
        ),
      }),
      "The oldest first",
    ),
    ...problems(404, 409),
  },
});

const dependencies = createRoute({
  ...facts({
    action: "jobs.dependencies",
    scope: "read",
    resource: RESOURCE,
    summary: "What it waits for",
    tenants: true,
  }),
  method: "get",
  path: "/api/jobs/{id}/dependencies",
  request: { params: jobParams, query: refQuery },
  responses: {
    200: answer(z.object({ dependencies: z.array(DependencyDocument) }), "Past and present; of a flow its members"),
    ...problems(404, 409),
  },
});

const why = createRoute({
  ...facts({
    ...{ action: "jobs.why", scope: "read", resource: RESOURCE, tenants: true },
    summary: "Why it does not run, and how long it is likely to take still",
  }),
  method: "get",
  path: "/api/jobs/{id}/why",
  request: { params: jobParams, query: refQuery },
  responses: {
    200: answer(
      z.object({
        reasons: z.array(z.object({ kind: z.string(), text: z.string(), data: z.unknown() })),
        remaining: z.object({ ms: z.number(), from: z.number(), to: z.number(), runs: z.number() }).nullable(),
      }),
      "Every reason, the decisive one first",
    ),
    ...problems(404, 409),
  },
});

/** Adds the routes. */
export function addJobDetailRoutes(app: ServerApp, parts: ServerParts): void {
  app.openapi(steps, async (c) => {
    const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
    const [{ task }, ended, milestones] = await Promise.all([job.refresh(), job.steps(), job.milestones()]);
    const view = viewOf(c.var.access);
    return c.json(
      {
        steps: ended.map(({ name, key, value, at, took, counters }) => {
          return {
            name,
            key,
            value: view.payload(task, `steps.${name}`, value),
            at: iso(at),
            took,
            counters: { ...counters },
          };
        }),
        milestones: milestones.map(({ name, value, at }) => {
          return { name, value: view.payload(task, `milestones.${name}`, value), at: iso(at) };
        }),
      },
      200,
    );
  });

  app.openapi(logs, async (c) => {
    const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
    const { lines, dropped } = await job.logs();
    const view = viewOf(c.var.access);
    const shown = view.payloads ? lines : [];
    return c.json(
      {
        lines: shown.map(({ at, level, message }) => ({ at: iso(at), level, message: view.text(message) })),
        dropped,
        hidden: !view.payloads,
      },
      200,
    );
  });

  app.openapi(attempts, async (c) => {
    const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
    const view = viewOf(c.var.access);
    const { history } = await job.refresh();
    return c.json(
      {
        attempts: history.map(({ startedAt, endedAt, error, ...rest }) => ({
          ...rest,
          startedAt: iso(startedAt),
          endedAt: isoOrNull(endedAt),
          error: errorDocument(error, view.text, view.payloads),
        })),
      },
      200,
    );
  });

  app.openapi(dependencies, async (c) => {
    const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
    const seen = await seenAmong(parts.longshore, c.var.access, await job.dependencies());
    return c.json({ dependencies: seen.map(dependencyDocument) }, 200);
  });

  app.openapi(why, async (c) => {
    const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
    const [reasons, remaining] = await Promise.all([job.why(), job.remaining()]);
    const view = viewOf(c.var.access);
    const seen = await Promise.all(reasons.map((reason) => reasonWithin(parts, c.var.access, reason)));
    const documents = seen.map(({ kind, text, ...data }) => view.said({ kind, text, data }));
    return c.json({ reasons: documents, remaining }, 200);
  });
}

/** A reason that names none but jobs that the access may see. */
async function reasonWithin({ longshore }: ServerParts, access: Access, reason: Reason): Promise<Reason> {
  if (reason.kind !== "blocked" || access.tag === null) return reason;
  const seen = { ...reason, by: await seenAmong(longshore, access, reason.by) };
  return { ...seen, text: reasonText(seen, 0) };
}
