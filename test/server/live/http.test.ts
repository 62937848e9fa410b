// Event streams over HTTP: real sockets, who may follow what, clients that leave or take nothing, and the end of the server.
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connect, task, type Longshore } from "longshore";
import { createServer, type LongshoreServer } from "longshore/server";
import { Reading } from "./streams.js";

let longshore: Longshore;
let server: LongshoreServer;
let url: string;

beforeEach(async () => {
  longshore = await connect("memory:");
  server = createServer(longshore, { open: true, log: () => {}, sseClients: { process: 5, subject: 2 } });
  ({ url } = await server.listen({ port: 0 }));
});

afterEach(async () => {
  await server.close();
  await longshore.close();
});

async function follow(topics: string, headers: Record<string, string> = {}): Promise<Reading> {
  const response = await fetch(`${url}/api/events?topics=${topics}`, { headers });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  return new Reading(response.body as ReadableStream<Uint8Array>);
}

it("sends frames as they come, uncached and unbuffered", async () => {
  const scan = task("scan", { queue: "scans" }, async ({ emit }) => emit("found", 3));
  const job = await longshore.enqueue(scan, null);
  const response = await fetch(`${url}/api/events?topics=job:${job.id}`);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    ...{
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
    "longshore-api-version": "1",
  });
  expect(response.headers.get("content-length")).toBeNull();
  const seen = new Reading(response.body as ReadableStream<Uint8Array>);
  await expect.poll(() => seen.of("snapshot").length).toBe(1);
  longshore.worker([scan]);
  await expect.poll(() => seen.events.findLast(({ kind }) => kind === "state")?.state).toBe("completed");
  expect(seen.events.filter(({ kind }) => kind === "milestone")).toMatchObject([{ name: "found", value: 3 }]);
  await seen.leave();
  await expect.poll(() => server.streams).toBe(0);
});

it("begins no stream for who asks for the headers alone", async () => {
  const response = await fetch(`${url}/api/events?topics=overview`, { method: "HEAD" });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  expect(server.streams).toBe(0);
});

it("follows one job under its own address", async () => {
  const job = await longshore.enqueue("scan", null, { queue: "scans" });
  const response = await fetch(`${url}/api/jobs/${job.id}/events`);
  const seen = new Reading(response.body as ReadableStream<Uint8Array>);
  await expect.poll(() => seen.of("snapshot").map(({ data }) => data.topic)).toEqual([`job:scans/${job.id}`]);
  await seen.leave();
});

it("goes on where a client stood that comes back, and shows what it missed", async () => {
  const job = await longshore.enqueue("scan", null, { queue: "scans" });
  const first = await follow(`job:${job.id}`);
  await expect.poll(() => first.lastId).not.toBeNull();
  await first.leave();
  await job.cancel();
  const second = await follow(`job:${job.id}`, { "last-event-id": first.lastId ?? "" });
  await expect.poll(() => second.events.map(({ state }) => state)).toContain("cancelled");
  expect(second.of("snapshot")).toEqual([]);
  await second.leave();
});

it.each([
  ["no topics", "", 400, "INVALID_INPUT"],
  ["a topic of no kind", "topics=jobs", 400, "INVALID_INPUT"],
  ["an id that is none", "topics=job:a%20b", 400, "INVALID_INPUT"],
  ["too many topics", `topics=${Array.from({ length: 51 }, (_none, n) => `queue:q${n}`).join()}`, 400, "INVALID_INPUT"],
  ["a parameter that is misspelt", "topics=overview&topic=overview", 400, "INVALID_INPUT"],
  ["a job that is not there", "topics=job:none", 404, "JOB_NOT_FOUND"],
  ["a flow that is a job", "topics=flow:one", 400, "INVALID_INPUT"],
  ["an id that two queues have", "topics=job:two", 409, "AMBIGUOUS_JOB"],
])("answers with a problem to %s", async (_what, query, status, code) => {
  await longshore.enqueue("scan", null, { queue: "scans", id: "one" });
  for (const queue of ["a", "b"]) await longshore.enqueue("scan", null, { queue, id: "two" });
  const response = await fetch(`${url}/api/events?${query}`);
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  expect(server.streams).toBe(0);
});

it("takes topics with commas and repeated, and a tag with a comma", async () => {
  const response = await fetch(`${url}/api/events?topics=overview,queue:a&topics=tag:x,y&topics=queue:a`);
  const seen = new Reading(response.body as ReadableStream<Uint8Array>);
  await expect.poll(() => seen.of("snapshot").length).toBe(3);
  expect(seen.of("open")[0]?.data.topics.map(({ topic }: { topic: string }) => topic)).toEqual([
    ...["overview", "queue:a", "tag:x,y"],
  ]);
  await seen.leave();
});

it("refuses a stream beyond those that there may be, and says when to come again", async () => {
  const readings = await Promise.all(Array.from({ length: 5 }, () => follow("overview")));
  const response = await fetch(`${url}/api/events?topics=overview`);
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await response.json()).toMatchObject({ code: "TOO_MANY_STREAMS", most: 5 });
  await Promise.all(readings.map((reading) => reading.leave()));
  await expect.poll(() => server.streams).toBe(0);
});

it("ends all streams when the server closes, with a frame that says so", async () => {
  const seen = await follow("overview");
  await expect.poll(() => seen.of("snapshot").length).toBe(1);
  await server.close();
  await expect.poll(() => seen.isOver).toBe(true);
  expect(seen.frames.at(-1)).toMatchObject({ event: "end", data: { reason: "server-closing" } });
  expect(server.streams).toBe(0);
});

/** A client that sends a request and reads nothing of its answer. */
async function mute(topics: string): Promise<Socket> {
  const { port } = new URL(url);
  const socket = connectSocket(Number(port), "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  socket.write(`GET /api/events?topics=${topics} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return socket;
}

it("gives up a socket that takes nothing, closes it, and holds up no other", async () => {
  const queues = Array.from({ length: 20 }, (_none, n) => `work${n}`);
  const socket = await mute(queues.map((queue) => `queue:${queue}`).join(","));
  await expect.poll(() => server.streams).toBe(1);
  const seen = await follow("queue:work0");
  await expect.poll(() => seen.of("snapshot").length).toBe(1);
  const inputs = Array.from({ length: 480 }, (_none, n) => n);
  // More than the buffers of the system and a megabyte.
  for (let sent = inputs.length; server.streams === 2; sent += inputs.length) {
    await Promise.all(queues.map((queue) => longshore.enqueueMany("talk", inputs, { queue })));
    await expect.poll(() => seen.events.filter(({ kind }) => kind === "state").length).toBeGreaterThanOrEqual(sent);
  }
  expect(seen.of("end")).toEqual([]);
  await seen.leave();
  let received = "";
  socket.on("data", (data) => (received += data.toString()));
  socket.resume();
  await once(socket, "close");
  expect(received).toContain("event: snapshot");
  await expect.poll(() => server.streams).toBe(0);
});
