/** `/api/schedules`: what is enqueued at which times: put, looked at, paused, resumed, run now, removed. */
import { createRoute, z } from "@hono/zod-openapi";
import { ScheduleNotFound } from "../../model/errors/errors.js";
import type { ServerApp } from "../http/env.js";
import { answer, decideOn, facts, jsonBody, linkTo, problems } from "../http/route.js";
import { viewOf } from "../http/view.js";
import type { ServerParts } from "../http/parts.js";
import { GivenTime, iso, Name, pageQuery, Time } from "../schema/common.js";
import { AcceptedJob, acceptedJob } from "../schema/enqueue.js";
import { Cursor, pageOf } from "../schema/page.js";
import { GivenSchedule, ScheduleDocument, scheduleDocument, scheduleOf } from "../schema/schedule.js";

const RESOURCE = "Schedules";
const MOST_TIMES = 100;

const params = z.object({ name: Name.openapi({ param: { name: "name", in: "path" } }) });

const list = createRoute({
  ...facts({
    action: "schedules.list",
    scope: "read",
    resource: RESOURCE,
    summary: "The schedules, by queue and name",
  }),
  method: "get",
  path: "/api/schedules",
  request: { query: z.strictObject({ queue: Name.optional(), ...pageQuery }) },
  responses: {
    200: answer(z.object({ schedules: z.array(ScheduleDocument), cursor: Cursor }), "A page of schedules"),
    ...problems(),
  },
});

const get = createRoute({
  ...facts({ action: "schedules.get", scope: "read", resource: RESOURCE, summary: "A schedule" }),
  method: "get",
  path: "/api/schedules/{name}",
  request: { params },
  responses: { 200: answer(ScheduleDocument, "The schedule as it is now"), ...problems(404) },
});

const PutDocument = ScheduleDocument.extend({ outcome: z.enum(["created", "changed", "unchanged"]) }).openapi(
  "PutSchedule",
);

const put = createRoute({
  ...facts({
    ...{ action: "schedules.put", scope: "operate", resource: RESOURCE, decides: true },
    summary: "Create a schedule, or change the one of this name",
    description:
      "What is left out is as by default, not as it was. Other times begin anew from now, any other change goes on from the last one; a paused one stays paused.",
  }),
  method: "put",
  path: "/api/schedules/{name}",
  request: {
    params,
    body: jsonBody(GivenSchedule, { task: "clean-up", input: { olderThan: "7d" }, cron: "0 * * * *", timeZone: "UTC" }),
  },
  responses: {
    200: answer(PutDocument, "It was there"),
    201: answer(PutDocument, "It was created"),
    ...problems(409, 413),
  },
});

const remove = createRoute({
  ...facts({ action: "schedules.remove", scope: "operate", resource: RESOURCE, summary: "Remove it; its jobs stay" }),
  method: "delete",
  path: "/api/schedules/{name}",
  request: { params },
  responses: { 204: { description: "It is gone" }, ...problems(404) },
});

const run = createRoute({
  ...facts({
    ...{ action: "schedules.run", scope: "operate", resource: RESOURCE },
    summary: "Enqueue a job of it now; its times stay as they are",
  }),
  method: "post",
  path: "/api/schedules/{name}/run",
  request: { params },
  responses: { 202: answer(AcceptedJob, "Accepted"), ...problems(404, 409) },
});

const times = createRoute({
  ...facts({
    ...{ action: "schedules.times", scope: "read", resource: RESOURCE },
    summary: "When it is due next, also while it is paused",
  }),
  method: "get",
  path: "/api/schedules/{name}/times",
  request: {
    params,
    query: z.strictObject({
      count: z.coerce
        .number({ error: `a whole number from 1 to ${MOST_TIMES}` })
        .int()
        .min(1)
        .max(MOST_TIMES)
        .default(10),
      after: GivenTime.optional().openapi({ description: "Default: after its last time" }),
    }),
  },
  responses: { 200: answer(z.object({ times: z.array(Time) }), "Fewer when it ends before"), ...problems(404) },
});

const SWITCHES = {
  pause: "Stop it from firing, until it is resumed",
  resume: "Let it fire again; what was due meanwhile is not made up for",
} as const;

/** Adds the routes. */
export function addScheduleRoutes(app: ServerApp, { longshore, tasks }: ServerParts): void {
  const { schedules } = longshore;

  app.openapi(list, async (c) => {
    const { queue, ...place } = c.req.valid("query");
    const all = await schedules.list(queue === undefined ? {} : { queue });
    const page = pageOf(all, (schedule) => `${schedule.queue} ${schedule.name}`, place);
    const view = viewOf(c.var.access);
    const documents = page.items.map((schedule) => scheduleDocument(schedule, view, linkTo(c, "")));
    return c.json({ schedules: documents, cursor: page.cursor }, 200);
  });

  app.openapi(get, async (c) => {
    const { name } = c.req.valid("param");
    const schedule = await schedules.get(name);
    if (schedule === null) throw new ScheduleNotFound(name);
    return c.json(scheduleDocument(schedule, viewOf(c.var.access), linkTo(c, "")), 200);
  });

  app.openapi(put, async (c) => {
    const { name } = c.req.valid("param");
    const given = c.req.valid("json");
    const queue = given.options?.queue ?? tasks.get(given.task)?.queue ?? "default";
    await decideOn(c, { ...c.var.resource, task: given.task, queue });
    const { outcome, ...schedule } = await schedules.put(
      scheduleOf(name, given, tasks.get(given.task) ?? given.task) as Parameters<typeof schedules.put>[0],
    );
    const document = { ...scheduleDocument(schedule, viewOf(c.var.access), linkTo(c, "")), outcome };
    return outcome === "created" ? c.json(document, 201, { location: document.links.self }) : c.json(document, 200);
  });

  app.openapi(remove, async (c) => {
    const { name } = c.req.valid("param");
    if (!(await schedules.remove(name))) throw new ScheduleNotFound(name);
    return c.body(null, 204);
  });

  app.openapi(run, async (c) => {
    const job = acceptedJob(await schedules.run(c.req.valid("param").name), linkTo(c, ""));
    c.set("touched", { ids: [job.jobId], count: 1 });
    return c.json(job, 202, { location: job.links.self });
  });

  app.openapi(times, async (c) => {
    const { count, after } = c.req.valid("query");
    const options = { count, ...(after === undefined ? {} : { after: new Date(after) }) };
    return c.json({ times: (await schedules.times(c.req.valid("param").name, options)).map(iso) }, 200);
  });

  for (const [name, summary] of Object.entries(SWITCHES) as [keyof typeof SWITCHES, string][]) {
    const route = createRoute({
      ...facts({ action: `schedules.${name}`, scope: "operate", resource: RESOURCE, summary }),
      method: "post",
      path: `/api/schedules/{name}/${name}`,
      request: { params },
      responses: {
        200: answer(z.object({ name: Name, paused: z.boolean() }), "How it is now"),
        ...problems(404, 409),
      },
    });
    app.openapi(route, async (c) => {
      const { name: schedule } = c.req.valid("param");
      await schedules[name](schedule);
      return c.json({ name: schedule, paused: name === "pause" }, 200);
    });
  }
}
