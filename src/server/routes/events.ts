/** `/api/events`: what happens, as server-sent events; and the same of one job. */
import { createRoute, z } from "@hono/zod-openapi";
import { FlowJob } from "../../client/jobs/flow-job.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { countedSubject, type Access } from "../http/access.js";
import type { ServerApp, ServerContext } from "../http/env.js";
import type { ServerParts } from "../http/parts.js";
import { Problem } from "../http/problem.js";
import { decideOn, facts, problems } from "../http/route.js";
import { viewOf } from "../http/view.js";
import type { LiveHub, LiveRequest } from "../live/hub.js";
import { MOST_TOPICS, parseTopics, type AskedTopic, type Topic } from "../live/sources/topic.js";
import { jobParams, refQuery } from "../schema/common.js";
import { findJob } from "./jobs/find-job.js";

const RESOURCE = "Events";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  // A proxy or a middleware that compresses would hold frames back.
  "cache-control": "no-store, no-transform",
  // Proxies such as nginx hand each frame on at once.
  "x-accel-buffering": "no",
};

/** The longest text of topics. */
const LONGEST = 20_000;

const STREAM = {
  description: "Frames `open`, `snapshot`, `delta` and `end`, each with JSON as its data",
  content: { "text/event-stream": { schema: z.string() } },
};

const events = createRoute({
  ...facts({
    ...{ action: "events.stream", scope: "read", resource: RESOURCE, tenants: true, decides: true },
    summary: "What happens to jobs, flows, queues and tags, as it happens",
    description:
      "A snapshot of each topic, then what changes, in at most four frames a second and topic. With `Last-Event-ID` it goes on " +
      "where the client stood, if that is known still; else it begins with snapshots.",
  }),
  method: "get",
  path: "/api/events",
  request: {
    query: z.strictObject({
      topics: z.union([z.string().max(LONGEST), z.array(z.string().max(LONGEST)).max(MOST_TOPICS)]).openapi({
        description: `1 to ${MOST_TOPICS} of job:ID, job:QUEUE/ID, flow:ID, queue:NAME, tag:TAG, overview, failures; with commas, or repeated`,
        example: "overview",
      }),
    }),
  },
  responses: { 200: STREAM, ...problems(404, 409, 503) },
});

const jobEvents = createRoute({
  ...facts({
    ...{ action: "jobs.events", scope: "read", resource: RESOURCE, tenants: true },
    summary: "What happens to a job, or to a flow with all its jobs, as it happens",
  }),
  method: "get",
  path: "/api/jobs/{id}/events",
  request: { params: jobParams, query: refQuery },
  responses: { 200: STREAM, ...problems(404, 409, 503) },
});

/** Adds the routes. */
export function addEventRoutes(app: ServerApp, parts: ServerParts, hub: LiveHub): void {
  app.openapi(events, async (c) => {
    const { topics } = c.req.valid("query");
    const asked = parseTopics(typeof topics === "string" ? [topics] : topics);
    const access = await decideOn(c, { ...c.var.resource, topics: asked.map(({ text }) => text) });
    const found = asked.map(async (topic) => ({ asked: topic.text, topic: await topicOf(parts, access, topic) }));
    return stream(c, parts, hub, await Promise.all(found));
  });

  app.openapi(jobEvents, async (c) => {
    const { access } = c.var;
    const job = await findJob(parts, access, c.req.valid("param"), c.req.valid("query"));
    const ref = { queue: job.queue, id: job.id };
    const topic: Topic = { kind: job instanceof FlowJob ? "flow" : "job", ref, tag: access.tag };
    return stream(c, parts, hub, [{ asked: `${topic.kind}:${job.id}`, topic }]);
  });
}

async function stream(
  c: ServerContext,
  parts: ServerParts,
  hub: LiveHub,
  topics: LiveRequest["topics"],
): Promise<Response> {
  const { access } = c.var;
  // A client that asks for the headers alone takes no frames.
  if (c.req.method === "HEAD") return new Response(null, { headers: HEADERS });
  const { hangUp } = c.env;
  const body = await hub.open({
    ...{ topics, view: viewOf(access), subject: countedSubject(access) },
    lastEventId: c.req.header("last-event-id") ?? null,
    recheck: () => stillAllowed(parts, access, topics),
    ...(hangUp === undefined ? {} : { hangUp }),
  });
  return new Response(body, { headers: HEADERS });
}

/** From what a request names to what is followed, within what its access may see. */
async function topicOf(parts: ServerParts, access: Access, asked: AskedTopic): Promise<Topic> {
  if (asked.kind === "job" || asked.kind === "flow") {
    const { id, queue } = asked;
    const job = await findJob(parts, access, { id }, queue === null ? {} : { queue });
    const ref = { queue: job.queue, id: job.id };
    if (asked.kind === "job" || job instanceof FlowJob) return { kind: asked.kind, ref, tag: access.tag };
    throw new InvalidInput("topics", asked.text, "the id of a flow; this is a job's");
  }
  const { tag } = access;
  if (tag !== null && (asked.kind !== "tag" || asked.tag !== tag)) {
    throw new Problem(403, "TENANT_TOKEN", `this token is for the jobs of tag ${tag}: it may not follow ${asked.text}`);
  }
  if (asked.kind === "queue") return { kind: "queue", queue: asked.queue };
  return asked.kind === "tag" ? { kind: "tag", tag: asked.tag } : { kind: asked.kind };
}

/** Is the access as it was, and do the jobs that a tenant follows carry its tag still? */
async function stillAllowed(
  { longshore }: ServerParts,
  access: Access,
  topics: LiveRequest["topics"],
): Promise<boolean> {
  if ((await access.holds?.()) === false) return false;
  const { tag } = access;
  if (tag === null) return true;
  const refs = topics.flatMap(({ topic }) => ("ref" in topic ? [topic.ref] : []));
  const jobs = await longshore.snapshots(refs);
  return jobs.every((job) => job === null || job.tags.includes(tag));
}
