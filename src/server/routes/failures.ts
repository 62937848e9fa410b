/** `/api/failures`: failed runs by what caused them: looked at, acknowledged, resolved, opened again; and all jobs of one retried or removed. */
import { createRoute, z } from "@hono/zod-openapi";
import type { FailureQuery } from "../../client/failures/failure-query.js";
import { actorOf } from "../http/actor.js";
import type { ServerApp } from "../http/env.js";
import { answer, facts, jsonBody, linkTo, problems } from "../http/route.js";
import { viewOf } from "../http/view.js";
import type { ServerParts } from "../http/parts.js";
import { AcceptedBulk, acceptedBulk } from "../schema/bulk.js";
import { Commas, listOf, pageQuery } from "../schema/common.js";
import { FailureDocument, failureDocument } from "../schema/failure.js";
import { Cursor } from "../schema/page.js";

const RESOURCE = "Failures";

const params = z.object({
  fingerprint: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, "1 to 100 characters of A-Z a-z 0-9 _ -")
    .openapi({ param: { name: "fingerprint", in: "path" } }),
});

const list = createRoute({
  ...facts({
    ...{ action: "failures.list", scope: "read", resource: RESOURCE },
    summary: "Failed runs by what caused them, those seen last first",
  }),
  method: "get",
  path: "/api/failures",
  request: {
    query: z.strictObject({
      queues: Commas.optional(),
      states: Commas.optional().openapi({ example: "open,regressed" }),
      tasks: Commas.optional(),
      ...pageQuery,
    }),
  },
  responses: {
    200: answer(
      z.object({
        failures: z.array(FailureDocument),
        cursor: Cursor,
        exact: z.boolean().openapi({ description: "false: there are more than are read" }),
        dropped: z.number().int().openapi({ description: "How many groups queues have dropped, as each keeps 1,000" }),
      }),
      "A page of failure groups",
    ),
    ...problems(),
  },
});

const get = createRoute({
  ...facts({ action: "failures.get", scope: "read", resource: RESOURCE, summary: "A failure group" }),
  method: "get",
  path: "/api/failures/{fingerprint}",
  request: { params },
  responses: { 200: answer(FailureDocument, "The group as it is now, over all queues"), ...problems(404) },
});

const retry = createRoute({
  ...facts({
    ...{ action: "failures.retry", scope: "operate", resource: RESOURCE },
    summary: "Resolve it, and queue all of its failed jobs again",
  }),
  method: "post",
  path: "/api/failures/{fingerprint}/retry",
  request: {
    params,
    body: jsonBody(z.strictObject({ fromStart: z.boolean().optional() }), { fromStart: true }, false),
  },
  responses: { 202: answer(AcceptedBulk, "A bulk job does it"), ...problems(404) },
});

const discard = createRoute({
  ...facts({
    ...{ action: "failures.discard", scope: "operate", resource: RESOURCE },
    summary: "Remove all of its failed jobs with all that is stored about them",
  }),
  method: "post",
  path: "/api/failures/{fingerprint}/discard",
  request: { params },
  responses: { 202: answer(AcceptedBulk, "A bulk job does it"), ...problems(404) },
});

const CHANGES = {
  acknowledge: "Say that it is known",
  resolve: "Say that it is over: it regresses when a run fails that begins later",
  reopen: "Open it again",
} as const;

/** Adds the routes. */
export function addFailureRoutes(app: ServerApp, { longshore }: ServerParts): void {
  app.openapi(list, async (c) => {
    const { queues, states, tasks, cursor, limit } = c.req.valid("query");
    // The client says which word is no state.
    const query = {
      ...(queues === undefined ? {} : { queues: listOf(queues) }),
      ...(states === undefined ? {} : { states: listOf(states) }),
      ...(tasks === undefined ? {} : { tasks: listOf(tasks) }),
    } as FailureQuery;
    const page = await longshore.failures(query).page({ limit, ...(cursor === undefined ? {} : { cursor }) });
    const view = viewOf(c.var.access);
    return c.json(
      {
        failures: page.groups.map((group) => failureDocument(group, view, linkTo(c, ""))),
        ...{ cursor: page.cursor, exact: page.exact, dropped: page.dropped },
      },
      200,
    );
  });

  app.openapi(get, async (c) => {
    const group = await longshore.failure(c.req.valid("param").fingerprint).refresh();
    return c.json(failureDocument(group, viewOf(c.var.access), linkTo(c, "")), 200);
  });

  app.openapi(retry, async (c) => {
    const { fromStart = false } = c.req.valid("json");
    const failure = longshore.failure(c.req.valid("param").fingerprint);
    const job = acceptedBulk(await failure.retry({ ...actorOf(c.var.access), fromStart }), linkTo(c, ""));
    c.set("touched", { ids: [job.jobId], count: 1 });
    return c.json(job, 202, { location: job.links.self });
  });

  app.openapi(discard, async (c) => {
    const failure = longshore.failure(c.req.valid("param").fingerprint);
    const job = acceptedBulk(await failure.discard(actorOf(c.var.access)), linkTo(c, ""));
    c.set("touched", { ids: [job.jobId], count: 1 });
    return c.json(job, 202, { location: job.links.self });
  });

  for (const [name, summary] of Object.entries(CHANGES) as [keyof typeof CHANGES, string][]) {
    const route = createRoute({
      ...facts({ action: `failures.${name}`, scope: "operate", resource: RESOURCE, summary }),
      method: "post",
      path: `/api/failures/{fingerprint}/${name}`,
      request: { params },
      responses: { 200: answer(FailureDocument, "The group as it is then"), ...problems(404) },
    });
    app.openapi(route, async (c) => {
      const group = await longshore.failure(c.req.valid("param").fingerprint)[name](actorOf(c.var.access));
      return c.json(failureDocument(group, viewOf(c.var.access), linkTo(c, "")), 200);
    });
  }
}
