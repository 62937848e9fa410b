// What the typed client makes of answers that are none of the API's, of a proxy, another server, a broken one: it ends, with an error of its
// own that says so, and takes nothing for done that was not.
import type { RequestListener, ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectHttp, HttpError, type HttpLongshore } from "longshore/http";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { answering } from "./answering.js";

const html = (response: ServerResponse, status: number): unknown =>
  response.writeHead(status, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>");

const badGateway: RequestListener = (_request, response) => void html(response, 502);

/** One call of each kind. */
const CALLS: readonly [string, (client: HttpLongshore) => Promise<unknown>][] = [
  ["enqueue()", (client) => client.enqueue("t", 1)],
  ["enqueueAll()", (client) => client.enqueueAll([{ task: "t" }])],
  ["bulk()", (client) => client.bulk({ action: "cancel", filter: { task: "t" } })],
  ["refresh()", (client) => client.job("a").refresh()],
  ["cancel()", (client) => client.job("a").cancel()],
  ["result()", (client) => client.job("a").result()],
  ["a page", (client) => client.jobs().page()],
  ["a list", (client) => client.queues()[Symbol.asyncIterator]().next()],
  ["events()", (client) => client.job("a").events().next()],
  ["watch()", (client) => client.watch("overview").next()],
];

/** Those that wait through outages. */
const PATIENT = CALLS.filter(([name]) => ["result()", "events()", "watch()"].includes(name));

describe("an outage that does not end", () => {
  it.each(PATIENT)("ends %s with what was met last: a proxy without a server", async (_name, call) => {
    const { url, requests } = await answering(badGateway);
    const error = call(connectHttp(url, { outage: 100, retries: 0 }));
    await expect(error).rejects.toMatchObject({ name: "HttpProblem", status: 502, code: "NO_API_ANSWER" });
    expect(requests.length).toBeGreaterThan(1);
  });

  it.each(PATIENT)("ends %s with what was met last: no server at all", async (_name, call) => {
    const proxy = await startTcpProxy(1);
    onTestFinished(() => proxy.stop());
    proxy.mode = "refuse";
    const client = connectHttp(`http://127.0.0.1:${proxy.port}`, { outage: 100, retries: 0 });
    await expect(call(client)).rejects.toMatchObject({ name: "HttpUnreachable" });
    expect(proxy.connections).toBeGreaterThan(1);
  });

  it("ends result() when its own time is up, whatever the server does", async () => {
    const { url } = await answering(badGateway);
    await expect(connectHttp(url).job("a").result({ timeout: 300 })).rejects.toMatchObject({
      name: "HttpTimeout",
      cause: { status: 502 },
    });
    const silent = await answering(() => undefined);
    await expect(connectHttp(silent.url).job("a").result({ timeout: 50 })).rejects.toMatchObject({
      name: "HttpTimeout",
    });
  });

  it("is over with each answer: outages are not added up", async () => {
    let asked = 0;
    const { url } = await answering((_request, response) => {
      asked += 1;
      if (asked % 2 === 1) html(response, 502);
      else response.end(`{"ended":${asked > 5},"state":"completed","result":7,"error":null}`);
    });
    expect(await connectHttp(url, { outage: "10s" }).job("a").result()).toBe(7);
  });
});

describe("an answer that is none of the API's", () => {
  const STRANGE: readonly [string, RequestListener][] = [
    ["a page", (_request, response) => void html(response, 200)],
    ["a page that says nothing is there", (_request, response) => void html(response, 404)],
    ["nothing", (_request, response) => void response.writeHead(204).end()],
    ["an empty text", (_request, response) => void response.end()],
    ["null", (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end("null")],
    ["a list", (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end("[]")],
    ["a text", (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end('"a"')],
    [
      "half an object",
      (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end('{"a":'),
    ],
    ["a problem of another kind", (_request, response) => void response.writeHead(400).end('{"error":"no"}')],
    ["an address elsewhere that is none", (_request, response) => void response.writeHead(302).end()],
  ];

  it.each(STRANGE.flatMap(([what, listener]) => CALLS.map(([name, call]) => [what, name, listener, call] as const)))(
    "%s is told apart by %s",
    async (_what, _name, listener, call) => {
      const { url } = await answering(listener);
      const error: unknown = await call(connectHttp(url, { retries: 0, outage: 1 })).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(HttpError);
    },
  );

  it("and says something else is not taken for the job that was to be made, nor waited for", async () => {
    const { url } = await answering((_request, response) => response.end('{"ok":true}'));
    const client = connectHttp(url);
    const strange = { name: "HttpProblem", status: 200, code: "NO_API_ANSWER" };
    await expect(client.enqueue("t")).rejects.toMatchObject(strange);
    await expect(client.enqueueAll([{ task: "t" }])).rejects.toMatchObject(strange);
    await expect(client.bulk({ action: "cancel", filter: { task: "t" } })).rejects.toMatchObject(strange);
    await expect(client.job("a").result()).rejects.toMatchObject(strange);
  });

  it("does not make a job removed that was there before", async () => {
    const job = { queue: "q", jobId: "a", state: "queued", attempt: 1, progress: null };
    const { url } = await answering((request, response) => {
      if (request.headers["last-event-id"] !== undefined) html(response, 404);
      else response.end(`event: snapshot\nid: 7\nretry: soon\ndata: ${JSON.stringify({ at: "now", job })}\n\n`);
    });
    const events = connectHttp(url).job("a").events();
    expect((await events.next()).value).toMatchObject({ kind: "state", state: "queued" });
    await expect(events.next()).rejects.toMatchObject({ status: 404, code: "NO_API_ANSWER" });
  });
});

describe("a server that leads elsewhere", () => {
  it.each([301, 302, 303, 307, 308])("is followed by reads, and by no command: %i", async (status) => {
    const there = await answering((_request, response) => response.end('{"jobs":[],"cursor":null}'));
    const here = await answering((request, response) => {
      response.writeHead(status, { location: there.url + String(request.url) }).end();
    });
    const client = connectHttp(here.url);
    expect(await client.jobs().page()).toEqual({ jobs: [], cursor: null });
    const led = { name: "HttpProblem", status, code: "NO_API_ANSWER" };
    await expect(client.enqueue("t")).rejects.toMatchObject(led);
    await expect(client.job("a").cancel()).rejects.toMatchObject(led);
    await expect(client.job("a").remove()).rejects.toMatchObject(led);
    expect(there.requests.map(({ method }) => method)).toEqual(["GET"]);
  });
});
