// Who may follow what: scopes, tenants, and tokens that end while a stream goes on.
import { ClientCaps } from "../../../src/server/http/client-caps.js";
import { PayloadWatch } from "../../../src/server/http/payload-watch.js";
import { OpenAPIHono } from "@hono/zod-openapi";
import { afterEach, beforeEach, expect, it } from "vitest";
import { flow, task, type FlowBuilder, type Job } from "longshore";
import type { Access, Scope } from "longshore/server";
import type { ServerEnv } from "../../../src/server/http/env.js";
import { problemOf, problemResponse } from "../../../src/server/http/problem.js";
import { addEventRoutes } from "../../../src/server/routes/events.js";
import { LiveFixture, Reading } from "./streams.js";

let live: LiveFixture;
let own: Job;
let other: Job;

beforeEach(async () => {
  live = new LiveFixture();
  const { longshore } = live;
  own = await longshore.enqueue("scan", null, { queue: "scans", tags: ["app:7"] });
  other = await longshore.enqueue("scan", null, { queue: "scans", tags: ["app:8"] });
});

afterEach(() => live.close());

const WITH_TAG: Access = { subject: "seven", tag: "app:7", allows: () => true };

/** Asks for topics with an access. */
async function ask(access: Access, topics: string, headers: Record<string, string> = {}): Promise<Response> {
  const app = new OpenAPIHono<ServerEnv>();
  app.onError((error) => problemResponse(problemOf(error)));
  app.use("*", async (c, next) => {
    c.set("access", access);
    await next();
  });
  const parts = {
    longshore: live.longshore,
    tasks: new Map(),
    log: () => {},
    polls: new ClientCaps({ process: 1, subject: 1 }, { code: "TOO_MANY_POLLS", name: "requests that wait" }),
    payloads: new PayloadWatch(live.longshore.payloadCap, () => {}),
    ready: async () => true,
    closing: new AbortController().signal,
  };
  addEventRoutes(app, parts, live.hub);
  const answer = app.request(`/api/events?topics=${encodeURIComponent(topics)}`, { headers }, {});
  return (await Promise.all([answer, live.rest()]))[0];
}

async function codeOf(response: Response): Promise<unknown> {
  return [response.status, ((await response.json()) as { code: string }).code];
}

async function follow(access: Access, topics: string, headers: Record<string, string> = {}): Promise<Reading> {
  const response = await ask(access, topics, headers);
  expect(response.status).toBe(200);
  const reading = new Reading(response.body as ReadableStream<Uint8Array>);
  await live.rest();
  return reading;
}

it("needs the right to read", async () => {
  expect(await codeOf(await ask({ subject: "x", tag: null, allows: () => false }, "overview"))).toEqual([
    ...[403, "SCOPE_MISSING"],
  ]);
});

it("lets a tenant follow its jobs and its tag, and shows it no others", async () => {
  const seen = await follow(WITH_TAG, `job:${own.id},tag:app:7`);
  expect(seen.of("snapshot").map(({ data }) => data.topic)).toEqual([`job:scans/${own.id}`, "tag:app:7"]);
  await other.cancel();
  await own.cancel();
  await live.pass(1_000);
  expect(new Set(seen.events.map(({ jobId, job }) => jobId ?? job.jobId))).toEqual(new Set([own.id]));
});

it.each(["overview", "failures", "queue:scans", "tag:app:8", "tag:app:7,overview"])(
  "refuses a tenant %s",
  async (topics) => {
    expect(await codeOf(await ask(WITH_TAG, topics))).toEqual([403, "TENANT_TOKEN"]);
  },
);

it("has no job of another tenant, nor says that there is one", async () => {
  expect(await codeOf(await ask(WITH_TAG, `job:${other.id}`))).toEqual([404, "JOB_NOT_FOUND"]);
  expect(await codeOf(await ask(WITH_TAG, `job:${own.id},job:scans/${other.id}`))).toEqual([404, "JOB_NOT_FOUND"]);
  expect(live.hub.size).toMatchObject({ streams: 0, topics: 0, listeners: 0 });
});

it("shows a tenant those jobs of its flow that carry its tag", async () => {
  const mine = task("mine", { queue: "a", tags: ["app:7"] }, () => 1);
  const shared = task("shared", { queue: "b" }, () => 2);
  const both = flow("both", ($: FlowBuilder<null>) => {
    $(mine, null as never);
    return $(shared, null as never);
  });
  const job = await live.longshore.enqueue(both, null, { tags: ["app:7"] });
  const [foreign] = (await job.members()).filter(({ task: name }) => name === "shared");
  await live.longshore
    .queue("b")
    .job(foreign?.id ?? "")
    .update({ tags: ["app:8"] });
  const all = await follow({ ...WITH_TAG, tag: null }, `flow:${job.id}`);
  const some = await follow(WITH_TAG, `flow:${job.id}`);
  expect(all.of("snapshot")[0]?.data.memberCount).toBe(2);
  const carrying = (await job.members()).filter(({ tags }) => tags.includes("app:7")).map(({ id }) => id);
  expect(carrying).toHaveLength(1);
  expect(some.of("snapshot")[0]?.data.members.map(({ jobId }: { jobId: string }) => jobId)).toEqual(carrying);
});

it("hides what handlers emit from a token that may not read payloads", async () => {
  const talk = task("talk", { queue: "talks" }, ({ emit }) => emit("said", { said: 1 }));
  const job = await live.longshore.enqueue(talk, null);
  const reader: Access = { subject: "reader", tag: null, allows: (scope: Scope) => scope === "read" };
  const [hidden, shown] = [
    await follow(reader, `job:${job.id}`),
    await follow({ ...WITH_TAG, tag: null }, `job:${job.id}`),
  ];
  live.longshore.worker([talk]);
  await live.pass(2_000);
  expect(hidden.events.find(({ kind }) => kind === "milestone")).toMatchObject({ name: "said", value: null });
  expect(shown.events.find(({ kind }) => kind === "milestone")).toMatchObject({ name: "said", value: { said: 1 } });
});

it("ends within a heartbeat when the token ends", async () => {
  let holds = true;
  const seen = await follow({ ...WITH_TAG, tag: null, holds: () => Promise.resolve(holds) }, "overview");
  await live.pass(15_000, 1_000);
  expect(seen.isOver).toBe(false);
  holds = false;
  await live.pass(15_000, 1_000);
  expect(seen.frames.at(-1)).toMatchObject({ event: "end", data: { reason: "access-ended" } });
});

it("ends within a heartbeat when a job loses the tag of the tenant that follows it", async () => {
  const seen = await follow(WITH_TAG, `job:${own.id}`);
  await own.update({ tags: ["app:8"] });
  await live.pass(15_000, 1_000);
  expect(seen.frames.at(-1)).toMatchObject({ event: "end", data: { reason: "access-ended" } });
});

/** All that a stream has said, as text. */
const textOf = (seen: Reading): string => JSON.stringify(seen.frames);

it("shows a tenant nothing of another's job that gets the id of its own", async () => {
  const mine = await live.longshore.enqueue("scan", null, {
    queue: "scans",
    id: "night",
    tags: ["app:7"],
    delay: "1h",
  });
  const seen = await follow(WITH_TAG, "job:scans/night");
  const all = await follow({ ...WITH_TAG, tag: null }, "job:scans/night");
  await mine.remove();
  const talk = task("foreign-talk", { queue: "scans" }, ({ emit, progress }) => {
    progress(50, "foreign progress");
    return emit("foreign", 1);
  });
  await live.longshore.enqueue(talk, null, { id: "night", tags: ["app:8"] });
  live.longshore.worker([talk], { queues: ["scans"] });
  await live.pass(5_000, 250);
  expect(textOf(all)).toContain("foreign");
  expect(textOf(seen)).not.toContain("foreign");
  expect(seen.events.at(-1)).toMatchObject({ kind: "removed", jobId: "night" });
});

it("shows a tenant that comes back nothing of what others were shown of a job before it got the tag", async () => {
  const job = await live.longshore.enqueue("scan", null, { queue: "scans", tags: ["app:8"] });
  const before = await follow({ ...WITH_TAG, tag: "app:8" }, `job:${job.id}`);
  const id = before.frames.at(-1)?.id ?? "";
  await job.update({ tags: ["app:7"], priority: 5 });
  const seen = await follow(WITH_TAG, `job:${job.id}`, { "last-event-id": id });
  expect(seen.of("snapshot").map(({ data }) => data.reason)).toEqual(["resume-failed"]);
});

it.each(["flow", "tag"])(
  "shows a tenant no more of a job that lost its tag, however long it follows the %s",
  async (kind) => {
    const talk = task("talk", { queue: "talks" }, ({ emit }) => emit("foreign", 1));
    const one = flow("one", ($: FlowBuilder<null>) => $(talk, null as never));
    const job = await live.longshore.enqueue(one, null, { tags: ["app:7"] });
    const [member] = await job.members();
    const seen = await follow(WITH_TAG, kind === "flow" ? `flow:${job.id}` : "tag:app:7");
    await live.longshore
      .queue("talks")
      .job(member?.id ?? "")
      .update({ tags: ["app:8"] });
    await live.pass(20_000, 1_000);
    const frames = seen.frames.length;
    live.longshore.worker([talk]);
    await live.pass(5_000, 250);
    expect(JSON.stringify(seen.frames.slice(frames))).not.toContain("foreign");
    expect(
      seen.frames
        .slice(frames)
        .flatMap(({ data }) => data.events ?? [])
        .filter((event: { jobId?: string }) => event.jobId === member?.id),
    ).toEqual([]);
  },
);
