/** `/api/jobs/{id}/cancel|retry|promote|release`, and changing and removing a job. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Job, JobChange } from "../../../client/jobs/job.js";
import { checkInput } from "../../../define/check-input.js";
import { InvalidInput } from "../../../model/errors/errors.js";
import { BUILT_IN } from "../../../model/flow/each.js";
import { isReserved } from "../../../model/value/name.js";
import type { ServerApp } from "../../http/env.js";
import { Problem } from "../../http/problem.js";
import { answer, facts, jsonBody, problems } from "../../http/route.js";
import type { ServerParts } from "../../http/parts.js";
import {
  GivenDuration,
  GivenTime,
  JobId,
  jobParams,
  Name,
  Payload,
  refQuery,
  State,
  Text,
} from "../../schema/common.js";
import { findJob, retryWithin } from "./find-job.js";
import { ownTags } from "./tenant-jobs.js";

const RESOURCE = "Jobs";

const StateDocument = z.object({ jobId: JobId, queue: Name, state: State }).openapi("JobStateAnswer");

const COMMANDS = {
  cancel: "End it; if it runs, its signal aborts within a second",
  promote: "Make a delayed job ready now",
  release: "Release a job that was created with hold",
} as const;

const retry = createRoute({
  ...facts({
    ...{ action: "jobs.retry", scope: "operate", resource: RESOURCE, tenants: true },
    summary: "Queue it again, with all its attempts before it",
    description:
      "Steps that ended well are not run again, unless `fromStart` says so. With `input` it gets another input in the same step, and begins from the start with it.",
  }),
  method: "post",
  path: "/api/jobs/{id}/retry",
  request: {
    params: jobParams,
    query: refQuery,
    body: jsonBody(
      z.strictObject({ fromStart: z.boolean().optional(), input: Payload.optional() }),
      { input: { url: "https://example.org/" } },
      false,
    ),
  },
  responses: { 200: answer(StateDocument, "Its state now"), ...problems(404, 409, 413) },
});

const update = createRoute({
  ...facts({
    ...{ action: "jobs.update", scope: "operate", resource: RESOURCE, tenants: true },
    summary: "Change it while it waits",
  }),
  method: "patch",
  path: "/api/jobs/{id}",
  request: {
    params: jobParams,
    query: refQuery,
    body: jsonBody(
      z
        .strictObject({
          input: Payload.optional(),
          delay: GivenDuration.optional(),
          runAt: GivenTime.optional(),
          priority: z.number().optional(),
          tags: z.array(Text).max(16).optional(),
        })
        .openapi("JobChange"),
      { priority: -10, delay: "5m" },
    ),
  },
  responses: { 200: answer(StateDocument, "Its state now"), ...problems(404, 409, 413) },
});

const remove = createRoute({
  ...facts({
    ...{ action: "jobs.remove", scope: "operate", resource: RESOURCE, tenants: true },
    summary: "Remove it with all that was stored about it",
  }),
  method: "delete",
  path: "/api/jobs/{id}",
  request: { params: jobParams, query: refQuery },
  responses: { 204: { description: "It is gone" }, ...problems(404, 409) },
});

/** Adds the routes. */
export function addJobCommandRoutes(app: ServerApp, parts: ServerParts): void {
  for (const [name, summary] of Object.entries(COMMANDS) as [keyof typeof COMMANDS, string][]) {
    const route = createRoute({
      ...facts({ action: `jobs.${name}`, scope: "operate", resource: RESOURCE, summary, tenants: true }),
      method: "post",
      path: `/api/jobs/{id}/${name}`,
      request: { params: jobParams, query: refQuery },
      responses: { 200: answer(StateDocument, "Its state now"), ...problems(404, 409) },
    });
    app.openapi(route, async (c) => {
      const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
      return c.json(stateDocument(job, await job[name]()), 200);
    });
  }

  app.openapi(retry, async (c) => {
    const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
    const { fromStart = false, input } = c.req.valid("json");
    await checkNewInput(parts, job, input);
    const change = input === undefined ? {} : { input };
    return c.json(
      stateDocument(job, await retryWithin(parts.longshore, c.var.access, job, { fromStart, ...change })),
      200,
    );
  });

  app.openapi(update, async (c) => {
    const { access } = c.var;
    const job = await findJob(parts, access, c.req.valid("param"), c.req.valid("query"));
    const { runAt, ...given } = c.req.valid("json");
    if (Object.keys(given).length === 0 && runAt === undefined) {
      throw new Problem(400, "INVALID_INPUT", "body: a change of input, delay, runAt, priority or tags", {
        members: { field: "body", rule: "at least one change", valueType: "object" },
      });
    }
    await checkNewInput(parts, job, given.input);
    if (given.tags !== undefined && isReserved(job.queue)) {
      throw new InvalidInput("tags", given.tags, "no other ones for a job of the platform: they say who asked for it");
    }
    const tags =
      given.tags === undefined || access.tag === null ? {} : { tags: ownTags(access.tag, given.tags, "tags") };
    const change = { ...given, ...tags, ...(runAt === undefined ? {} : { runAt: new Date(runAt) }) } as JobChange;
    return c.json(stateDocument(job, await job.update(change)), 200);
  });

  app.openapi(remove, async (c) => {
    const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
    await job.remove();
    return c.body(null, 204);
  });
}

/**
 * Holds a new input to the schema of the job's task, where this process knows that. What jobs of the package's own do is in their
 * input: which jobs of which queues a fan-out makes.
 * @throws InvalidInput
 */
async function checkNewInput({ tasks }: ServerParts, job: Job, input: unknown): Promise<void> {
  if (input === undefined) return;
  const { task } = await job.refresh();
  if (task.startsWith(BUILT_IN)) throw new InvalidInput("input", input, `no other one for a job of ${task}`);
  const schema = tasks.get(task)?.schema ?? null;
  if (schema !== null) await checkInput(schema, input);
}

function stateDocument(job: Job, state: z.infer<typeof State>): z.infer<typeof StateDocument> {
  return { jobId: job.id, queue: job.queue, state };
}
